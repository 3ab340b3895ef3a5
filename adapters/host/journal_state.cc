#include "adapters/host/journal_state.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "adapters/host/record_codec.h"
#include "base/byte_codec.h"

namespace turnpike {
namespace {

Status ApplyAttempt(std::string_view body, JournalState& state) {
  ASSIGN_OR_RETURN(AttemptRecord record, DecodeAttempt(body));
  AttemptRecord& stored = state.attempts[record.attempt_id];
  record.order = std::move(stored.order);
  stored = std::move(record);
  return OkStatus();
}

Status ApplyOrder(std::string_view body, JournalState& state) {
  ByteReader in(body);
  const AttemptId attempt_id = in.IdOf<AttemptId>();
  std::string order = in.Text();
  if (!in.finished()) {
    return DataLoss("an order in the journal cannot be read");
  }
  AttemptRecord& stored = state.attempts[attempt_id];
  stored.attempt_id = attempt_id;
  stored.order = std::move(order);
  return OkStatus();
}

Status ApplyReport(std::string_view body, JournalState& state) {
  ASSIGN_OR_RETURN(JobReport report, DecodeReport(body));
  state.report_seq = report.seq;
  state.reports.push_back(std::move(report));
  return OkStatus();
}

void ApplyAcknowledge(int64_t seq, JournalState& state) {
  state.acked_seq = std::max(state.acked_seq, seq);
  while (!state.reports.empty() && state.reports.front().seq <= state.acked_seq) {
    state.reports.pop_front();
  }
}

Status ApplyEnding(std::string_view body, size_t endings_max, JournalState& state) {
  ASSIGN_OR_RETURN(JobReport report, DecodeReport(body));
  const AttemptId attempt_id = report.attempt_id;
  state.endings.insert_or_assign(attempt_id, std::move(report));
  if (state.endings.size() > endings_max) {
    state.endings.erase(
        std::ranges::min_element(state.endings, {}, [](const auto& ending) { return ending.second.seq; }));
  }
  return OkStatus();
}

Status ApplyCounters(ByteReader in, JournalState& state) {
  state.report_seq = in.Int();
  state.acked_seq = in.Int();
  state.epoch_seen = in.Int();
  return in.finished() ? OkStatus() : DataLoss("the journal's counters cannot be read");
}

template <class Apply>
Status ApplyNumber(std::string_view body, const Apply& apply) {
  ByteReader in(body);
  const int64_t number = in.Int();
  if (!in.finished()) {
    return DataLoss("a number in the journal cannot be read");
  }
  apply(number);
  return OkStatus();
}

}  // namespace

Status ApplyJournalEntry(const JournalEntry& entry, size_t endings_max, JournalState& state) {
  switch (entry.kind) {
    case JournalEntryKind::kAttempt:
      return ApplyAttempt(entry.body, state);
    case JournalEntryKind::kOrder:
      return ApplyOrder(entry.body, state);
    case JournalEntryKind::kReport:
      return ApplyReport(entry.body, state);
    case JournalEntryKind::kAcknowledge:
      return ApplyNumber(entry.body, [&state](int64_t seq) { ApplyAcknowledge(seq, state); });
    case JournalEntryKind::kEpoch:
      return ApplyNumber(entry.body, [&state](int64_t epoch) { state.epoch_seen = std::max(state.epoch_seen, epoch); });
    case JournalEntryKind::kForget:
      state.attempts.erase(ByteReader(entry.body).IdOf<AttemptId>());
      return OkStatus();
    case JournalEntryKind::kEnding:
      return ApplyEnding(entry.body, endings_max, state);
    case JournalEntryKind::kCounters:
      return ApplyCounters(ByteReader(entry.body), state);
    case JournalEntryKind::kBoot:
      state.boot_id = entry.body;
      return OkStatus();
  }
  return FailedPrecondition("the journal has an entry of kind {}, which a newer version wrote",
                            static_cast<int>(entry.kind));
}

std::vector<JournalEntry> EntriesOf(const JournalState& state) {
  std::vector<JournalEntry> entries;
  entries.push_back({JournalEntryKind::kCounters,
                     ByteWriter().Int(state.report_seq).Int(state.acked_seq).Int(state.epoch_seen).Take()});
  entries.push_back({JournalEntryKind::kBoot, state.boot_id});
  for (const auto& [attempt_id, record] : state.attempts) {
    if (!record.order.empty()) {
      entries.push_back({JournalEntryKind::kOrder, ByteWriter().AnyId(attempt_id).Text(record.order).Take()});
    }
    entries.push_back({JournalEntryKind::kAttempt, EncodeAttempt(record)});
  }
  for (const auto& [attempt_id, ending] : state.endings) {
    entries.push_back({JournalEntryKind::kEnding, EncodeReport(ending)});
  }
  for (const JobReport& report : state.reports) {
    entries.push_back({JournalEntryKind::kReport, EncodeReport(report)});
  }
  return entries;
}

std::string EncodeJournalEntries(const std::vector<JournalEntry>& entries) {
  ByteWriter out;
  out.Int(static_cast<int64_t>(entries.size()));
  for (const JournalEntry& entry : entries) {
    out.Int(static_cast<int64_t>(entry.kind)).Text(entry.body);
  }
  return out.Take();
}

Result<std::vector<JournalEntry>> DecodeJournalEntries(std::string_view body) {
  ByteReader in(body);
  std::vector<JournalEntry> entries;
  for (int64_t left = in.Int(); left > 0 && in.ok(); --left) {
    JournalEntry entry;
    entry.kind = static_cast<JournalEntryKind>(in.Int());
    entry.body = in.Text();
    entries.push_back(std::move(entry));
  }
  if (!in.finished()) {
    return DataLoss("a frame of the journal cannot be read");
  }
  return entries;
}

}  // namespace turnpike
