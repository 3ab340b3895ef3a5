#pragma once
// One job of the process adapter, as its state folder keeps it, and how it is written down.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/core/local_job.h"
#include "base/child_process.h"
#include "base/status.h"
#include "base/time.h"

namespace turnpike {

enum class ProcessJobState {
  kWaiting,   // in the queue
  kStarting,  // about to be started: after a crash, look whether it was
  kRunning,
  kEnded,
};

struct ProcessJob {
  int64_t id = 0;
  std::string tag;
  std::string comment;
  std::string display_name;
  std::string user;
  std::string directory;
  std::string output_path;
  std::string error_path;
  int64_t cores = 1;
  int64_t memory_mib = 0;  // 0: not limited
  std::chrono::seconds time_limit{0};
  std::optional<LocalSignal> signal;  // before the end
  Timestamp submit_time{};

  ProcessJobState state = ProcessJobState::kWaiting;
  ProcessIdentity runner;  // the process that waits for the wrapper; no number: it was over before that was noted
  std::string boot_id;     // of the host, when it was started: numbers of processes mean nothing under another
  Timestamp start_time{};
  MonotonicTime start_monotonic{};          // good as long as `runner` lives
  bool warned = false;                      // `signal` was sent
  EndCause stop_cause = EndCause::kNone;    // why it is being ended by us
  std::optional<MonotonicTime> stop_since;  // since when
  Timestamp end_time{};
  EndCause cause = EndCause::kNone;  // with kEnded, as the exit
  std::optional<int> exit_code;
  int exit_signal = 0;
};

std::string EncodeProcessJob(const ProcessJob& job);
Result<ProcessJob> DecodeProcessJob(std::string_view bytes);

// As the scheduler port shows it.
LocalJobView ViewOf(const ProcessJob& job, const std::string& cluster, Timestamp now);

}  // namespace turnpike
