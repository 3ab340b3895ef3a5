#include "tests/e2e/payload.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>
#include <optional>
#include <sstream>

#include "base/check.h"
#include "base/file_sync.h"
#include "base/ids.h"

namespace turnpike {
namespace {

// $1 the log, $2 the job's name, $3 the gate or nothing, $4 seconds.  A gate that never opens ends the job after some
// minutes.  The attempt's folder is above the one that it runs in, and named after the attempt; the local job's id is
// in the environment, under Slurm's name or the process site's.
constexpr char kProgram[] =
    "attempt=${PWD%/work}; attempt=${attempt##*/}\n"
    "local=${SLURM_JOB_ID:-$TURNPIKE_LOCAL_JOB_ID}\n"
    "echo \"start $2 $attempt $(date +%s%6N) $local\" >>\"$1\"\n"
    "if [ -z \"$3\" ]; then sleep \"${4:-1}\"; else\n"
    "  tries=0\n"
    "  while [ ! -e \"$3\" ] && [ $tries -lt 3000 ]; do sleep 0.1; tries=$((tries + 1)); done\n"
    "fi\n"
    "echo \"end $2 $attempt $(date +%s%6N) $local\" >>\"$1\"\n";

}  // namespace

Payload::Payload(std::string log_path) : log_path_(std::move(log_path)) {
  CHECK(WriteFileAtomically(log_path_, "").ok());
  CHECK(::chmod(log_path_.c_str(), 0666) == 0);
}

v1::JobSpec Payload::Job(const std::string& name, const std::string& gate) const {
  return Make(name, {gate});
}

v1::JobSpec Payload::JobOf(const std::string& name, std::chrono::seconds length) const {
  return Make(name, {"", std::to_string(length.count())});
}

v1::JobSpec Payload::Make(const std::string& name, const std::vector<std::string>& arguments) const {
  v1::JobSpec spec;
  spec.set_name(name);
  std::vector<std::string> words = {"/bin/sh", "-c", kProgram, "payload", log_path_, name};
  words.insert(words.end(), arguments.begin(), arguments.end());
  for (const std::string& word : words) {
    spec.mutable_command()->add_arguments(word);
  }
  spec.mutable_time_limit()->set_seconds(600);
  std::ofstream(log_path_, std::ios::app) << fmt::format("made {} -\n", name) << std::flush;
  return spec;
}

std::map<std::string, PayloadRuns> Payload::Runs() const {
  const Result<std::vector<PayloadLine>> lines = ReadPayloadLog(log_path_);
  CHECK(lines.ok());
  return CountRuns(*lines);
}

Result<std::vector<PayloadLine>> ReadPayloadLog(const std::string& path) {
  std::vector<PayloadLine> found;
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  std::istringstream lines(text);
  for (std::string written; std::getline(lines, written);) {
    std::istringstream words(written);
    PayloadLine line;
    std::string folder;
    words >> line.what >> line.job >> folder >> line.at_micros >> line.local_job_id;
    if (line.what != "made" && line.what != "start" && line.what != "end") {
      return DataLoss("{}: '{}' is no line of a payload's", path, written);
    }
    const std::optional<Uuid> attempt = UuidFromBase32(folder);
    line.attempt = attempt ? attempt->ToString() : "";
    found.push_back(std::move(line));
  }
  return found;
}

std::map<std::string, PayloadRuns> CountRuns(const std::vector<PayloadLine>& lines) {
  std::map<std::string, PayloadRuns> runs;
  for (const PayloadLine& line : lines) {
    PayloadRuns& run = runs[line.job];
    run.made = run.made || line.what == "made";
    run.starts += line.what == "start" ? 1 : 0;
    run.ends += line.what == "end" ? 1 : 0;
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
