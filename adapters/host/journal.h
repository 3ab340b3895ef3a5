#pragma once
// The agent's memory on disk: attempts, reports not yet acknowledged, and the newest session epoch.  Append-only; a
// batch is one checked frame (journal_frame.h), synced before Commit returns.  Owned by the agent's round; not shared
// by threads. One agent per folder: a second one is refused.
//
// Errors: RESOURCE_EXHAUSTED: the disk is full, nothing was written, the journal goes on.  DATA_LOSS: the disk failed,
// or the file is damaged before its end: nothing may be done any more, the caller must exit.  FAILED_PRECONDITION:
// another agent holds it, or a newer version wrote it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/core/attempt_record.h"
#include "adapters/core/job_report.h"
#include "adapters/host/journal_state.h"
#include "base/file_descriptor.h"
#include "base/ids.h"
#include "base/status.h"

namespace turnpike {

// Changes that become durable together.
class JournalBatch {
 public:
  void PutAttempt(const AttemptRecord& record);
  // Once, when the attempt is claimed.
  void PutOrder(const AttemptId& attempt_id, std::string_view order);
  // Its seq is given by Commit.
  void AddReport(JobReport report);
  void Acknowledge(int64_t seq);
  void SetEpoch(int64_t epoch);
  void SetBoot(const std::string& boot_id);
  // The attempt is done with; `ending` is the last word on it, for an offer that comes again.
  void Forget(const AttemptId& attempt_id, const std::optional<JobReport>& ending);
  bool empty() const { return entries_.empty() && reports_.empty(); }

 private:
  friend class Journal;
  std::vector<JournalEntry> entries_;
  std::vector<JobReport> reports_;
};

struct JournalOptions {
  std::string folder;
  int64_t compact_bytes = 8 << 20;  // rewrite when larger than this and mostly dead
  int64_t reserve_bytes = 1 << 20;  // disk space kept ahead, so that a full disk stops claims and not reports
  size_t endings_max = 20'000;
  // After each entry: its bytes, and how long writing and syncing took.  May be empty.
  std::function<void(int64_t, std::chrono::steady_clock::duration)> on_sync = {};
};

class Journal {
 public:
  static Result<std::unique_ptr<Journal>> Open(const JournalOptions& options, IdSource& ids);

  const JournalState& state() const { return state_; }
  // All of it or nothing; durable when it returns OK.
  Status Commit(const JournalBatch& batch);
  // False: the reserve could not be kept, no new work should be taken.
  bool has_room() const { return has_room_; }
  // Tries again to keep the reserve.
  void CheckRoom();
  int64_t file_bytes() const { return file_bytes_; }

 private:
  explicit Journal(JournalOptions options) : options_(std::move(options)) {}
  std::string FilePath() const { return options_.folder + "/journal"; }
  Status TakeLock();
  Status StartNew(IdSource& ids);
  Status Load(std::string_view bytes);
  Status ApplyBody(std::string_view body);
  Status OpenForAppend();
  Status Append(const std::string& frame);
  bool IsAtItsPath() const;
  Status Compact();

  const JournalOptions options_;
  FileDescriptor lock_;
  FileDescriptor file_;
  JournalState state_;
  uint64_t next_frame_ = 1;
  std::string previous_hash_;
  int64_t file_bytes_ = 0;       // where the next frame goes
  int64_t compacted_bytes_ = 0;  // size after the last rewrite
  int64_t reserved_until_ = 0;
  bool has_room_ = true;
  bool broken_ = false;
};

}  // namespace turnpike
