#pragma once
// What the journal holds, and how one entry changes it: replaying a journal and committing to it do the same.

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/core/attempt_record.h"
#include "adapters/core/job_report.h"
#include "base/ids.h"
#include "base/status.h"

namespace turnpike {

struct JournalState {
  JournalId id;
  int64_t report_seq = 0;  // of the newest report
  int64_t acked_seq = 0;   // reports up to it are applied by the broker
  int64_t epoch_seen = 0;
  std::string boot_id;  // under which the leases were given: they are worth nothing under another
  std::map<AttemptId, AttemptRecord> attempts;  // until forgotten
  std::deque<JobReport> reports;                // not acknowledged, by seq
  std::map<AttemptId, JobReport> endings;       // last word on attempts that were forgotten: an old offer gets it again
};

// The kinds of entries; stored, so they keep their numbers.
enum class JournalEntryKind {
  kAttempt = 1,      // an attempt as it is now, without its order
  kOrder = 2,        // attempt id, order
  kReport = 3,       // a report, its seq inside
  kAcknowledge = 4,  // seq
  kEpoch = 5,        // epoch
  kForget = 6,       // attempt id
  kEnding = 7,       // the last report on an attempt that is forgotten
  kCounters = 8,     // after a rewrite: report_seq, acked_seq, epoch
  kBoot = 9,         // the host's boot id
};

struct JournalEntry {
  JournalEntryKind kind = JournalEntryKind::kAttempt;
  std::string body;
};

// DATA_LOSS: the body cannot be read.  An unknown kind is one of a newer version: FAILED_PRECONDITION.
Status ApplyJournalEntry(const JournalEntry& entry, size_t endings_max, JournalState& state);

// Entries that give this state again.
std::vector<JournalEntry> EntriesOf(const JournalState& state);

std::string EncodeJournalEntries(const std::vector<JournalEntry>& entries);
Result<std::vector<JournalEntry>> DecodeJournalEntries(std::string_view body);

}  // namespace turnpike
