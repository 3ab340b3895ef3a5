#pragma once
// A private Slurm cluster for one test suite, through deploy/lab/slurm_cluster.  Gone when it goes out of scope.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/child_process.h"

namespace turnpike::slurm {

class SlurmLab {
 public:
  // nullptr, and a failure that says why, where it could not be started.
  static std::unique_ptr<SlurmLab> Start(const std::string& purpose, std::vector<std::string> options) {
    if (geteuid() != 0) {
      ADD_FAILURE()
          << "this suite starts Slurm's daemons, which change to the users whose jobs they run: run it as root";
      return nullptr;
    }
    std::unique_ptr<SlurmLab> lab(new SlurmLab("t" + std::to_string(getpid()) + purpose));
    std::vector<std::string> arguments = {"start", lab->name_};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const ChildResult started = lab->Run(arguments);
    if (!started.succeeded()) {
      ADD_FAILURE() << "slurm_cluster start failed: " << started.output << started.error_output;
      return nullptr;
    }
    const std::string lines = lab->Run({"env", lab->name_}).output;
    const std::string key = "SLURM_CONF=";
    const size_t at = lines.find(key) + key.size();
    lab->conf_path_ = lines.substr(at, lines.find('\n', at) - at);
    return lab;
  }
  ~SlurmLab() { Run({"stop", name_}); }
  SlurmLab(const SlurmLab&) = delete;
  SlurmLab& operator=(const SlurmLab&) = delete;

  const std::string& name() const { return name_; }
  const std::string& conf_path() const { return conf_path_; }

  // "kill", "revive", "pause" or "resume".
  void Daemon(const std::string& verb, const std::string& daemon) {
    const ChildResult result = Run({verb, name_, daemon});
    EXPECT_TRUE(result.succeeded()) << verb << " " << daemon << ": " << result.error_output;
  }
  // One of Slurm's own commands.
  ChildResult Command(std::vector<std::string> argv, std::string input = "") const {
    ChildCommand command;
    command.argv = std::move(argv);
    command.environment = {{"PATH", kPath}, {"SLURM_CONF", conf_path_}, {"TZ", "UTC"}, {"LC_ALL", "C"}};
    command.standard_input = std::move(input);
    return Result(command);
  }

 private:
  static constexpr char kPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  explicit SlurmLab(std::string name) : name_(std::move(name)) {}

  ChildResult Run(std::vector<std::string> arguments) const {
    const char* root = std::getenv("TURNPIKE_SOURCE_DIR");
    ChildCommand command;
    command.argv = {std::string(root == nullptr ? "." : root) + "/deploy/lab/slurm_cluster"};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.environment = {{"PATH", kPath}};
    command.timeout = std::chrono::minutes(3);
    return Result(command);
  }
  static ChildResult Result(const ChildCommand& command) {
    auto result = RunChild(command);
    EXPECT_TRUE(result.ok()) << command.argv.front() << ": " << result.status();
    return result.ok() ? *result : ChildResult();
  }

  const std::string name_;
  std::string conf_path_;
};

}  // namespace turnpike::slurm
