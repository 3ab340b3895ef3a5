#include "tests/e2e/slurm_lab.h"

#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "tests/e2e/eventually.h"
#include "tests/e2e/program.h"

namespace turnpike {
namespace {

constexpr std::chrono::minutes kStartTime{4};
constexpr std::string_view kPrefix = "e2e";

Result<std::string> RunScript(std::vector<std::string> words) {
  words.insert(words.begin(), SourcePath("deploy/lab/slurm_cluster"));
  return RunForOutput({.argv = std::move(words), .timeout = kStartTime});
}

// The value behind "NAME=" in shell lines.
std::string ValueOf(const std::string& lines, const std::string& name) {
  const size_t begin = lines.find(name + "=");
  if (begin == std::string::npos) {
    return "";
  }
  const size_t value = begin + name.size() + 1;
  return lines.substr(value, lines.find('\n', value) - value);
}

// Clusters of tests that were killed: their names hold the test's process.
Status StopLeftovers() {
  ASSIGN_OR_RETURN(const std::string names, RunScript({"list"}));
  std::istringstream lines(names);
  for (std::string name; std::getline(lines, name);) {
    if (name.starts_with(kPrefix) && !IdentityOf(std::atoi(name.c_str() + kPrefix.size()))) {
      RETURN_IF_ERROR(RunScript({"stop", name}).status());
    }
  }
  return OkStatus();
}

}  // namespace

Result<std::unique_ptr<SlurmLab>> SlurmLab::Start(Accounting accounting, const std::string& letter) {
  if (::geteuid() != 0) {
    return PermissionDenied("a private Slurm cluster needs root: run these tests as root");
  }
  RETURN_IF_ERROR(StopLeftovers());
  std::unique_ptr<SlurmLab> lab(new SlurmLab(fmt::format("{}{}{}", kPrefix, ::getpid(), letter)));
  std::vector<std::string> words = {"start", lab->name_, "--message-timeout", "2", "--kill-wait", "2"};
  if (accounting == Accounting::kNo) {
    words.emplace_back("--no-accounting");
  }
  RETURN_IF_ERROR(RunScript(std::move(words)).status());
  ASSIGN_OR_RETURN(const std::string lines, RunScript({"env", lab->name_}));
  lab->folder_ = ValueOf(lines, "TURNPIKE_LAB_DIR");
  return lab;
}

SlurmLab::~SlurmLab() {
  RunScript({"stop", name_}).IgnoreError();
}

Status SlurmLab::Do(const std::string& verb, const std::string& daemon) {
  return RunScript({verb, name_, daemon}).status();
}

Status SlurmLab::SaveState() {
  // A change, so that there is something to write.
  RETURN_IF_ERROR(Command({"sbatch", "--hold", "--job-name=change", "--wrap=true"}).status());
  RETURN_IF_ERROR(Command({"scancel", "--name=change"}).status());
  const std::filesystem::path file = folder_ + "/state/job_state";
  std::error_code ignored;
  const auto changed = std::filesystem::file_time_type::clock::now();
  if (!Eventually([&] { return std::filesystem::last_write_time(file, ignored) > changed; })) {
    return DeadlineExceeded("the controller does not write {}", file.native());
  }
  RETURN_IF_ERROR(RunForOutput({.argv = {"rm", "-rf", folder_ + "/run/state.saved"}}).status());
  // It writes its other files one by one, by a new name each: no copy while it does.
  RETURN_IF_ERROR(Do("pause", "slurmctld"));
  Status copied = RunForOutput({.argv = {"cp", "-a", folder_ + "/state", folder_ + "/run/state.saved"}}).status();
  RETURN_IF_ERROR(Do("resume", "slurmctld"));
  return copied;
}

Status SlurmLab::RollBackController() {
  RETURN_IF_ERROR(Do("kill", "slurmctld"));
  RETURN_IF_ERROR(RunForOutput({.argv = {"rm", "-rf", folder_ + "/state"}}).status());
  RETURN_IF_ERROR(RunForOutput({.argv = {"cp", "-a", folder_ + "/run/state.saved", folder_ + "/state"}}).status());
  return Do("revive", "slurmctld");
}

Status SlurmLab::ReturnNodes() {
  ASSIGN_OR_RETURN(const std::string names,
                   Command({"sinfo", "--Node", "--noheader", "--states=down,drain", "--format=%N"}));
  std::istringstream lines(names);
  for (std::string node; std::getline(lines, node);) {
    RETURN_IF_ERROR(Command({"scontrol", "update", "NodeName=" + node, "State=RESUME"}).status());
  }
  return OkStatus();
}

Result<std::string> SlurmLab::Command(std::vector<std::string> argv, const std::string& input) const {
  Environment environment = PlainEnvironment();
  environment["SLURM_CONF"] = conf_path();
  return RunForOutput({.argv = std::move(argv), .environment = std::move(environment), .input = input});
}

Result<std::vector<std::string>> SlurmLab::LiveJobNames() const {
  return Queue({"--format=%j"});
}

Result<std::vector<std::string>> SlurmLab::AllJobs() const {
  return Queue({"--states=all", "--format=%A %j %T"});
}

Result<std::vector<std::string>> SlurmLab::Queue(const std::vector<std::string>& options) const {
  std::vector<std::string> argv = {"squeue", "--noheader"};
  argv.insert(argv.end(), options.begin(), options.end());
  ASSIGN_OR_RETURN(const std::string text, Command(std::move(argv)));
  std::vector<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    found.push_back(line);
  }
  return found;
}

}  // namespace turnpike
