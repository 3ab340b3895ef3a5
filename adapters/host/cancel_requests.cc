#include "adapters/host/cancel_requests.h"

#include <unistd.h>

#include <filesystem>
#include <vector>

#include "adapters/core/local_tag.h"
#include "base/file_sync.h"
#include "base/log.h"

namespace turnpike {
namespace {

constexpr unsigned kPrivateFolder = 0700;
constexpr unsigned kPrivateFile = 0600;

}  // namespace

Status CancelRequests::Ask(const std::string& folder, const std::string& tag) {
  RETURN_IF_ERROR(MakeFolders(folder, kPrivateFolder));
  return WriteFileAtomically(folder + "/" + tag, "", kPrivateFile);
}

void CancelRequests::Serve(const JournalState& journal) {
  std::error_code error;
  std::vector<std::string> tags;
  for (std::filesystem::directory_iterator entry(folder_, error), end; entry != end; entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (AttemptOfTag(name)) {  // Else a request that is being written.
      tags.push_back(std::move(name));
    }
  }
  for (const std::string& tag : tags) {
    if (ServeOne(tag, journal)) {
      ::unlink((folder_ + "/" + tag).c_str());
    }
  }
}

bool CancelRequests::ServeOne(const std::string& tag, const JournalState& journal) {
  const auto found = journal.attempts.find(*AttemptOfTag(tag));
  if (found != journal.attempts.end() && found->second.identity) {
    const Status ended = scheduler_.Cancel(*found->second.identity);
    LogInfo("local job ended because this site's operator asked for it",
            {{"tag", tag}, {"answer", ended.ok() ? "ended" : std::string(MessageOf(ended))}});
    return true;
  }
  if (found != journal.attempts.end() && !IsFinal(found->second.phase)) {
    return false;
  }
  LogWarn("this site's operator asked for the end of a job that is not here", {{"tag", tag}});
  return true;
}

}  // namespace turnpike
