#include "adapters/host/read_journal.h"

#include <optional>
#include <string_view>
#include <vector>

#include "adapters/host/journal_frame.h"
#include "base/file_sync.h"

namespace turnpike {
namespace {

constexpr size_t kJournalBytesMax = size_t{4} << 30U;
constexpr size_t kEndingsMax = 1;  // not shown

Status ApplyFrame(std::string_view body, JournalState& state) {
  ASSIGN_OR_RETURN(const std::vector<JournalEntry> entries, DecodeJournalEntries(body));
  for (const JournalEntry& entry : entries) {
    RETURN_IF_ERROR(ApplyJournalEntry(entry, kEndingsMax, state));
  }
  return OkStatus();
}

}  // namespace

Result<JournalState> ReadJournalState(const std::string& journal_folder) {
  JournalState state;
  const Result<std::string> bytes = ReadFile(journal_folder + "/journal", kJournalBytesMax);
  if (bytes.status().code() == StatusCode::kNotFound) {
    return state;
  }
  RETURN_IF_ERROR(bytes.status());
  ASSIGN_OR_RETURN(const JournalHeader header, DecodeJournalHeader(*bytes));
  state.id = header.id;
  std::string_view rest = std::string_view(*bytes).substr(kJournalHeaderBytes);
  std::string previous_hash = header.previous_hash;
  // The end may be a frame that is being written just now.
  for (uint64_t number = header.first_frame;; ++number) {
    const std::optional<JournalFrame> frame = ReadJournalFrame(rest, number, previous_hash);
    if (!frame) {
      return state;
    }
    RETURN_IF_ERROR(ApplyFrame(frame->body, state));
    previous_hash = HashOfFrame(frame->whole);
    rest.remove_prefix(frame->whole.size());
  }
}

}  // namespace turnpike
