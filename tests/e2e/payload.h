#pragma once
// What the jobs of these tests do: each writes a line into one file when it starts and one when it ends, so that the
// file is a witness of its own of how often a job ran, whatever broker, agent and scheduler say.  A line is there too
// for each job that was made to write some.

#include <turnpike/v1/job_spec.pb.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace turnpike {

struct PayloadRuns {
  bool made = false;
  int starts = 0;
  int ends = 0;
};

struct PayloadLine {
  std::string what;          // made, start, end
  std::string job;           // its name
  std::string attempt;       // the attempt's id; empty where the line does not tell
  int64_t at_micros = 0;     // by the clock of the machine it ran on
  std::string local_job_id;  // as its scheduler calls it; empty where the line does not tell
};
// Every line that is there; one that is no such line is an error.
Result<std::vector<PayloadLine>> ReadPayloadLog(const std::string& path);
// By the job's name.
std::map<std::string, PayloadRuns> CountRuns(const std::vector<PayloadLine>& lines);

class Payload {
 public:
  // The file is made; a user that is not the test's may write into it too.
  explicit Payload(std::string log_path);

  // A job by that name, which lasts about a second, or until the file `gate` is there.
  v1::JobSpec Job(const std::string& name, const std::string& gate = "") const;
  // One that lasts so long.
  v1::JobSpec JobOf(const std::string& name, std::chrono::seconds length) const;
  // By the job's name.
  std::map<std::string, PayloadRuns> Runs() const;
  const std::string& log_path() const { return log_path_; }

 private:
  v1::JobSpec Make(const std::string& name, const std::vector<std::string>& arguments) const;

  std::string log_path_;
};

// "Running" as the payload itself sees it.
bool HasStarted(const Payload& payload, const std::string& name);
// Makes the file that a job waits for.
Status OpenGate(const std::string& gate);

}  // namespace turnpike
