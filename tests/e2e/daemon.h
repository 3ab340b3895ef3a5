#pragma once
// A program under test that goes on running: started, killed and started again by a test, always by its identity and
// never by its name.  Not shared by threads.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "tests/e2e/program.h"

namespace turnpike {

// Lies in a program's environment: base/failpoint.h.
struct Failpoints {
  std::string armed = {};     // "submit.mid=kill"; empty: none
  std::string log_path = {};  // which of them were reached
};

class Daemon {
 public:
  struct Settings {
    std::string name;
    std::vector<std::string> argv;
    std::string log_path;
  };
  explicit Daemon(Settings settings) : settings_(std::move(settings)) {}

  Status Start(const Failpoints& failpoints);
  // Another process started it.
  void Adopt(const ProcessIdentity& process) { process_ = process; }

  bool alive() const { return process_ && IsAlive(*process_); }
  // Frozen by SIGSTOP.
  bool stopped() const;
  const std::optional<ProcessIdentity>& process() const { return process_; }
  const std::string& name() const { return settings_.name; }

  // SIGKILL; returns once it is gone.  OK when it was gone already.
  Status Kill();
  // SIGTERM, which it obeys within `time`.
  Status Terminate(std::chrono::milliseconds time = std::chrono::seconds(60));
  // SIGSTOP; returns once it is frozen.
  Status Pause();
  // SIGCONT.
  Status Resume();
  // It ends by itself, for example at a failpoint.
  Status WaitUntilDead(std::chrono::milliseconds time = std::chrono::seconds(90));
  Status WaitUntilStopped(std::chrono::milliseconds time = std::chrono::seconds(90));
  // The end of what it logged, for the message of a failed test.
  std::string LogTail() const;

 private:
  Settings settings_;
  std::optional<ProcessIdentity> process_;
};

// Ends every process whose command line names something below `folder`, a folder that only one test has.
void EndProcessesOf(const std::string& folder);
// How many of them there are that hold `word` in their command line too.
int CountProcessesOf(const std::string& folder, const std::string& word);

}  // namespace turnpike
