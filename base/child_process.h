#pragma once
// Runs other programs: an argument list, never a shell; an environment and directory of its own; a deadline; bounded
// output. Every call to a scheduler's command line goes through here.  Thread-safe.

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace turnpike {

struct ChildCommand {
  std::vector<std::string> argv;  // argv[0] is looked up in `environment`'s PATH unless it holds a slash
  std::map<std::string, std::string> environment;  // the whole environment, nothing is inherited
  std::string directory = "/";
  std::string standard_input;
  std::chrono::milliseconds timeout{30'000};  // then the child's process group is killed
  size_t output_bytes_max = 64U << 20U;       // of each stream; more is an error
};

struct ChildResult {
  int exit_code = 0;  // 0..255 when it exited
  int signal = 0;     // not 0 when a signal ended it
  bool timed_out = false;
  std::string output;
  std::string error_output;

  bool succeeded() const { return exit_code == 0 && signal == 0 && !timed_out; }
};

// Starts the program, in a session of its own, and waits for its end; what it left running in the background is not
// waited for. An error Status where nothing ran: NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED (also when it printed
// too much); with a timed-out or failing child the result tells.  Kills the whole process group at the deadline, and
// never leaves a zombie.
Result<ChildResult> RunChild(const ChildCommand& command);

// A daemon started by us (PostgreSQL, an agent, a job) that outlives the call.
struct DetachedCommand {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;
  std::string directory = "/";
  std::string output_path;  // standard output is appended here; "/dev/null" to drop it
  std::string error_path;   // standard error; may equal output_path
  std::string standard_input_path = "/dev/null";
  bool new_session = true;  // setsid: survives the caller and its terminal
};

// pid and start time (field 22 of /proc/PID/stat) name a process for certain; a pid alone may be somebody else's by
// now.
struct ProcessIdentity {
  int pid = 0;
  unsigned long long start_ticks = 0;
  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

Result<ProcessIdentity> StartDetached(const DetachedCommand& command);
std::optional<ProcessIdentity> IdentityOf(int pid);  // nullopt: no such process, or a zombie
bool IsAlive(const ProcessIdentity& process);
// Sends a signal to the process only if it still is the one named; NOT_FOUND otherwise.
Status SignalProcess(const ProcessIdentity& process, int signal);
// To all of its group, also while the leader is a zombie: only WaitUntilGone gives the group's number free.
Status SignalProcessGroup(const ProcessIdentity& leader, int signal);
// Waits until it is gone or the time has passed; true when gone.  Reaps it if it is our child.
bool WaitUntilGone(const ProcessIdentity& process, std::chrono::milliseconds time);

}  // namespace turnpike
