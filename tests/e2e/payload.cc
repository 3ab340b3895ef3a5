#include "tests/e2e/payload.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <sstream>

#include "base/check.h"
#include "base/file_sync.h"

namespace turnpike {
namespace {

// $1 the log, $2 the job's name, $3 the gate or nothing.  A gate that never opens ends the job after some minutes.
constexpr char kProgram[] =
    "echo \"start $2\" >>\"$1\"\n"
    "if [ -z \"$3\" ]; then sleep 1; else\n"
    "  tries=0\n"
    "  while [ ! -e \"$3\" ] && [ $tries -lt 3000 ]; do sleep 0.1; tries=$((tries + 1)); done\n"
    "fi\n"
    "echo \"end $2\" >>\"$1\"\n";

}  // namespace

Payload::Payload(std::string log_path) : log_path_(std::move(log_path)) {
  CHECK(WriteFileAtomically(log_path_, "").ok());
  CHECK(::chmod(log_path_.c_str(), 0666) == 0);
}

v1::JobSpec Payload::Job(const std::string& name, const std::string& gate) const {
  v1::JobSpec spec;
  spec.set_name(name);
  for (const std::string& word : {std::string("/bin/sh"), std::string("-c"), std::string(kProgram),
                                  std::string("payload"), log_path_, name, gate}) {
    spec.mutable_command()->add_arguments(word);
  }
  spec.mutable_time_limit()->set_seconds(600);
  return spec;
}

std::map<std::string, PayloadRuns> Payload::Runs() const {
  std::map<std::string, PayloadRuns> runs;
  std::istringstream lines(ReadFile(log_path_).value_or(""));
  for (std::string what, name; lines >> what >> name;) {
    PayloadRuns& run = runs[name];
    ++(what == "start" ? run.starts : run.ends);
  }
  return runs;
}

bool HasStarted(const Payload& payload, const std::string& name) {
  return payload.Runs()[name].starts > 0;
}

Status OpenGate(const std::string& gate) {
  return WriteFileAtomically(gate, "");
}

}  // namespace turnpike
