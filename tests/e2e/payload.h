#pragma once
// What the jobs of these tests do: each writes a line into one file when it starts and one when it ends, so that the
// file is a witness of its own of how often a job ran, whatever broker, agent and scheduler say.

#include <turnpike/v1/job_spec.pb.h>

#include <map>
#include <string>

#include "base/status.h"

namespace turnpike {

struct PayloadRuns {
  int starts = 0;
  int ends = 0;
};

class Payload {
 public:
  // The file is made; a user that is not the test's may write into it too.
  explicit Payload(std::string log_path);

  // A job by that name, which lasts about a second, or until the file `gate` is there.
  v1::JobSpec Job(const std::string& name, const std::string& gate = "") const;
  // By the job's name.
  std::map<std::string, PayloadRuns> Runs() const;
  const std::string& log_path() const { return log_path_; }

 private:
  std::string log_path_;
};

// "Running" as the payload itself sees it.
bool HasStarted(const Payload& payload, const std::string& name);
// Makes the file that a job waits for.
Status OpenGate(const std::string& gate);

}  // namespace turnpike
