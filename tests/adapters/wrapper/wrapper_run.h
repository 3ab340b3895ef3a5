#pragma once
// One attempt's folder and the wrapper in it, run by a given shell as a scheduler would.

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "adapters/core/local_tag.h"
#include "adapters/host/exit_record.h"
#include "adapters/host/wrapper_text.h"
#include "base/check.h"
#include "base/child_process.h"
#include "base/file_sync.h"
#include "tests/base/scratch_folder.h"
#include "tests/contracts/eventually.h"

namespace turnpike {

class WrapperRun {
 public:
  using Shell = std::vector<std::string>;  // {"bash", "--posix"}

  explicit WrapperRun(Shell shell) : shell_(std::move(shell)) {
    CHECK(MakeFolders(scratch_.File("attempt/work"), 0700).ok());
    CHECK(MakeFolders(scratch_.File("home"), 0700).ok());
    settings_.tag = tag();
    settings_.guard_name = "guard-secret";
    settings_.display_name = "my job";
    settings_.working_directory = File("work");
    settings_.home = scratch_.File("home");
    settings_.user = "ada";
    settings_.shell = "/bin/bash";
    settings_.environment = EnvironmentMode::kClean;
  }

  static std::string tag() { return LocalTag(*AttemptId::Parse("00112233-4455-4677-8899-aabbccddeeff")); }
  std::string folder() const { return scratch_.File("attempt"); }
  std::string home() const { return scratch_.File("home"); }
  std::string File(const std::string& name) const { return folder() + "/" + name; }
  WrapperSettings& settings() { return settings_; }
  std::map<std::string, std::string>& environment() { return environment_; }
  void AddVariable(std::string name, std::string value) { variables_.emplace_back(std::move(name), std::move(value)); }
  void AddToSettings(const std::string& line) { more_settings_ += line + "\n"; }

  // The user's script, without an execute bit, and how its first line wants it run.
  void UseScript(const std::string& text, const std::vector<std::string>& interpreter,
                 const std::vector<std::string>& arguments = {}) {
    Write("slurm_script", text);
    settings_.command = interpreter;
    settings_.command_is_script = true;
    settings_.script_index = interpreter.size();
    settings_.command.push_back(File("slurm_script"));
    settings_.command.insert(settings_.command.end(), arguments.begin(), arguments.end());
  }
  void UseCommand(std::vector<std::string> command) {
    settings_.command = std::move(command);
    settings_.command_is_script = false;
  }

  void Write(const std::string& name, const std::string& text) const {
    CHECK(WriteFileAtomically(File(name), text, 0600).ok());
  }
  std::string Read(const std::string& name) const { return ReadFile(File(name)).value_or(""); }
  bool Exists(const std::string& name) const { return ReadFile(File(name)).ok(); }

  void Prepare() {
    std::string settings = SettingsText(settings_);
    settings.insert(settings.size() - std::string("tp_complete=yes\n").size(), more_settings_);
    Write("settings", settings);
    Write("environment", EnvironmentText(variables_));
    CHECK(WriteFileAtomically(scratch_.File("batch"), WrapperText(folder()), 0600).ok());
  }
  // What a scheduler that starts it once more would do.
  ChildResult RunAgain() const {
    Result<ChildResult> result = RunChild(Command());
    CHECK(result.ok());
    return *result;
  }
  ChildResult Run() {
    Prepare();
    return RunAgain();
  }
  ProcessIdentity Start() {
    Prepare();
    DetachedCommand command;
    command.argv = Command().argv;
    command.environment = Command().environment;
    command.output_path = File("stdout");
    command.error_path = File("stderr");
    Result<ProcessIdentity> process = StartDetached(command);
    CHECK(process.ok());
    return *process;
  }
  ExitRecord Record() const {
    Result<ExitRecord> record = ParseExitRecord(Read("exit"), tag());
    EXPECT_TRUE(record.ok()) << record.status() << "\n" << Read("exit") << Read("stderr");
    return record.value_or(ExitRecord{});
  }

  ChildCommand Command() const {
    ChildCommand command;
    command.argv = shell_;
    command.argv.push_back(scratch_.File("batch"));
    command.environment = environment_;
    command.environment["PATH"] = "/usr/bin:/bin";
    return command;
  }

 private:
  Shell shell_;
  ScratchFolder scratch_;
  WrapperSettings settings_;
  std::vector<std::pair<std::string, std::string>> variables_;
  std::map<std::string, std::string> environment_;
  std::string more_settings_;
};

}  // namespace turnpike
