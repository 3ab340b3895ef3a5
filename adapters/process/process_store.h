#pragma once
// The process adapter's state folder: jobs/ID/{record,wrapper,pid,status}, and the last id given.  One owner at a time,
// by a file lock; not shared by threads.

#include <map>
#include <string>

#include "adapters/process/process_job.h"
#include "base/file_descriptor.h"
#include "base/status.h"

namespace turnpike {

// What the runner wrote after the wrapper's end.
struct RunnerStatus {
  int shell_status = 0;
  Timestamp end_time{};
};

class ProcessStore {
 public:
  // FAILED_PRECONDITION: another agent has it.  A record that cannot be read is an error: its job may be running.
  static Result<ProcessStore> Open(const std::string& folder, std::map<int64_t, ProcessJob>& jobs);

  // A new id, never given before, also after a crash.
  Result<int64_t> NextId();
  // The job is there as a whole, or not at all.
  Status Add(const ProcessJob& job, std::string_view wrapper);
  Status Save(const ProcessJob& job) const;
  Status Remove(int64_t id) const;

  std::string FolderOf(int64_t id) const { return folder_ + "/jobs/" + std::to_string(id); }
  // nullopt: the runner has not said yet.
  std::optional<RunnerStatus> ReadStatus(int64_t id) const;
  // The process that the runner says it is, if that one lives and still works on this job.
  std::optional<ProcessIdentity> FindRunner(int64_t id) const;

 private:
  explicit ProcessStore(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
  FileDescriptor lock_;
  int64_t last_id_ = 0;
};

}  // namespace turnpike
