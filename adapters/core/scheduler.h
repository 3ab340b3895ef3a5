#pragma once
// The port to a site's scheduler: what every adapter (process, slurm, …) must be able to do, and nothing that only one
// can. All calls block, each with time limits of its own; one thread of the agent makes them.  contract:
// tests/contracts/scheduler_contract.h

#include <set>
#include <string>
#include <vector>

#include "adapters/core/local_job.h"
#include "base/status.h"

namespace turnpike {

// What became of a submission.
struct SubmitOutcome {
  enum class Kind {
    kAccepted,      // `identity` is set
    kRefused,       // one of the messages that provably leave no job behind; `detail` is the scheduler's
    kBackPressure,  // refused for now by a limit of the site (association, QOS, array, queue size): the job is not at
                    // fault
    kAmbiguous,     // anything else, time-outs included: the scheduler may have it
  };
  Kind kind = Kind::kAmbiguous;
  LocalJobIdentity identity;
  std::string detail;
};

enum class SourceKind { kQueue, kAccounting };

// What one source showed in one round.  Absence counts only where the source answered completely and, in the same
// round, showed a job of the same local user (decisions: absence); a source that did not is no evidence at all.
struct SourceReading {
  SourceKind kind = SourceKind::kQueue;
  bool complete = false;                 // answered, parsed whole, nothing cut off
  std::string error;                     // why not
  std::set<std::string> users_in_sight;  // local users of whom a job of ours was seen in this very round
  std::vector<LocalJobView> jobs;        // ours only: name has the form of a tag
};

// One bulk look at everything of ours.
struct PollRequest {
  std::vector<std::string> tags;  // of attempts whose end is not known yet
  Timestamp oldest_submit{};      // accounting need not be asked about earlier times
};
struct PollResult {
  std::vector<SourceReading> sources;  // queue first, then accounting where the site has it
};

// A time that the scheduler keeps free of jobs on the whole share.
struct ShareMaintenance {
  Timestamp start{};
  Timestamp end{};
  std::string reason;
  friend bool operator==(const ShareMaintenance&, const ShareMaintenance&) = default;
};

// One share with its pool's load, as the site has it now.
struct ShareCapacity {
  std::string name;
  std::string pool;
  std::string cpu_architecture;
  int cores_per_node = 0;
  int64_t memory_per_node_mib = 0;
  std::string accelerator_model;
  int accelerators_per_node = 0;
  std::chrono::seconds time_limit_max{0};      // 0: none
  std::chrono::seconds time_limit_default{0};  // 0: none
  int nodes_max = 0;                           // 0: no limit
  int cores_max = 0;
  bool whole_nodes = false;
  int64_t memory_per_core_mib = 0;
  std::chrono::seconds overrun{0};
  int nodes_total = 0;
  int nodes_idle = 0;
  int64_t cores_total = 0;
  int64_t cores_idle = 0;
  int64_t accelerators_total = 0;
  int64_t accelerators_idle = 0;
  int jobs_waiting = 0;
  int64_t core_seconds_waiting = 0;
  int64_t core_seconds_running = 0;
  bool open = true;
  std::string closed_reason;  // the scheduler's words
  EnvironmentMode environment = EnvironmentMode::kLogin;
  std::vector<ShareMaintenance> maintenance;  // what is to come or goes on
};

// One line of `turnpike-agent check`.
struct CheckLine {
  enum class Verdict { kPass, kWarn, kFail };
  Verdict verdict = Verdict::kPass;
  std::string what;   // "squeue shows our own probe job"
  std::string found;  // what was seen
  std::string cure;   // what to do about it, when not kPass
};

class Scheduler {
 public:
  virtual ~Scheduler() = default;

  // "slurm 22.05.8".
  virtual Result<std::string> Describe() = 0;
  // Hands over one job.  Never retries by itself.
  virtual SubmitOutcome Submit(const LocalJob& job) = 0;
  // The exact local command for `job`, for --dry-run: an argument per element.
  virtual std::vector<std::string> CommandFor(const LocalJob& job) = 0;
  // One bulk look; never fails as a whole: each source says for itself whether it answered.
  virtual PollResult Poll(const PollRequest& request) = 0;
  // Asks for the end of a local job after making sure that it still is the one named.  OK when it is gone already.
  virtual Status Cancel(const LocalJobIdentity& job) = 0;
  virtual Result<std::vector<ShareCapacity>> ReadCapacity() = 0;
  // Looks at everything this adapter relies on; `probe` is a one-second job to send through.
  virtual std::vector<CheckLine> Check(const LocalJob& probe) = 0;
};

}  // namespace turnpike
