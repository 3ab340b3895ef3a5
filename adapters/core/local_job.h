#pragma once
// A job as one site's scheduler sees it: what we hand over (LocalJob), and what we see there (LocalJobView).
// Local ids are opaque and are reused by schedulers that forget: identity is cluster + id + submit time + tag.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/end_cause.h"
#include "base/ids.h"
#include "base/resources.h"
#include "base/time.h"

namespace turnpike {

// How the job's environment begins: as at a login (so that `module load` works), empty, or from the site's own file.
enum class EnvironmentMode { kLogin, kClean, kInitFile };

// What the site's own map says for (project, user, share); without a row a job is not eligible here.
struct LocalAccount {
  std::string local_user;  // empty: the user the agent runs as
  std::string account;     // the scheduler's account; empty: its default
  std::string qos;
  std::string partition;  // or queue
  std::string reservation;
  std::string wckey;
};

struct LocalSignal {
  std::string name;  // "USR1"
  std::chrono::seconds before_end{0};
  bool batch_shell_only = false;
};

struct LocalFlag {
  std::string flag;  // long name with dashes, "--constraint"
  std::string value;
};

// Everything a scheduler needs in order to run one attempt.  The wrapper is the batch script; the user's script is
// inert data in the attempt's directory, which the wrapper knows.
struct LocalJob {
  AttemptId attempt_id;
  std::string tag;           // the local job name, all of it: "b" + base32 of the attempt id
  std::string comment;       // tag + ":" + HMAC under the site's own key
  std::string display_name;  // what the user called it; given back inside as SLURM_JOB_NAME and the like
  LocalAccount account;
  int nodes = 1;
  int tasks = 1;
  int tasks_per_node = 0;  // 0: no limit
  int cpus_per_task = 1;
  int64_t memory_per_node_mib = 0;  // 0: not asked
  int64_t memory_per_cpu_mib = 0;
  std::string accelerator_resource;  // as the scheduler names it: "gpu:a100"; empty: none
  int accelerators_per_node = 0;
  bool exclusive = false;
  std::chrono::seconds time_limit{0};
  std::optional<LocalSignal> signal;
  std::vector<LocalFlag> flags;  // those that the site's map lets through
  std::string wrapper;           // text of the batch script, starts with #!/bin/sh
  std::string directory;         // the attempt's directory, absolute
  std::string output_path;       // in it
  std::string error_path;
};

enum class LocalState {
  kPending,     // in the queue, also held
  kRunning,     // also suspended and configuring
  kCompleting,  // the program is over, the scheduler is cleaning up
  kEnded,
  kUnknown,  // a word that we do not know: never taken for an answer
};

// One local job as one source (queue or accounting) showed it.
struct LocalJobView {
  std::string cluster;
  std::string local_job_id;
  std::string tag;  // the local job name
  std::string comment;
  std::string local_user;
  Timestamp submit_time{};
  LocalState state = LocalState::kUnknown;
  std::string raw_state;  // byte for byte
  std::string raw_reason;
  std::optional<Timestamp> start_time;
  std::optional<Timestamp> end_time;
  EndCause cause = EndCause::kNone;  // with kEnded
  FaultClass fault = FaultClass::kNone;
  std::optional<int> exit_code;  // only where the program ended by itself
  int exit_signal = 0;
  std::optional<ResourceAmounts> allocated;
  std::optional<std::chrono::seconds> elapsed;
  int restarts = 0;
};

// Names a local job for certain.
struct LocalJobIdentity {
  std::string cluster;
  std::string local_job_id;
  Timestamp submit_time{};
  std::string tag;
  friend bool operator==(const LocalJobIdentity&, const LocalJobIdentity&) = default;
};

}  // namespace turnpike
