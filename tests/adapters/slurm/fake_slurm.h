#pragma once
// Slurm's commands as a test says: answers in the columns and with the separator that the command asked for.

#include <map>
#include <string>
#include <vector>

#include "adapters/slurm/command_runner.h"
#include "adapters/slurm/sacct_parser.h"
#include "adapters/slurm/squeue_parser.h"
#include "base/random.h"

namespace turnpike::slurm {

class CountingRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> bytes) override {
    for (uint8_t& byte : bytes) byte = next_++;
  }

 private:
  uint8_t next_ = 1;
};

// A row by printed column; columns that are not given read as in kDefaults.
using FakeRow = std::map<std::string, std::string>;

class FakeSlurm final : public CommandRunner {
 public:
  std::vector<FakeRow> queue;
  std::vector<FakeRow> accounting;
  std::map<std::string, Result<ChildResult>> answers;  // by program; overrides the above
  std::vector<ChildCommand> commands;
  std::string cluster = "alpha";

  static ChildResult Printed(std::string output) {
    ChildResult result;
    result.output = std::move(output);
    return result;
  }
  static ChildResult Failed(int exit_code, std::string error_output) {
    ChildResult result;
    result.exit_code = exit_code;
    result.error_output = std::move(error_output);
    return result;
  }
  static ChildResult TimedOut() {
    ChildResult result;
    result.timed_out = true;
    result.signal = 9;
    return result;
  }

  Result<ChildResult> Run(const ChildCommand& command) override {
    commands.push_back(command);
    const std::string& program = command.argv.front();
    const auto answer = answers.find(program);
    if (answer != answers.end()) return answer->second;
    if (program == "squeue") return Queue(command);
    if (program == "sacct") return Accounting(command);
    if (program == "scontrol")
      return Printed("ClusterName             = " + cluster + "\nSLURM_VERSION           = 22.05.8\n");
    if (program == "scancel") return ChildResult();
    return Failed(1, program + ": the test gave no answer\n");
  }

  size_t CountOf(const std::string& program) const {
    size_t count = 0;
    for (const ChildCommand& command : commands) count += command.argv.front() == program ? 1U : 0U;
    return count;
  }
  const ChildCommand& LastOf(const std::string& program) const {
    for (auto command = commands.rbegin(); command != commands.rend(); ++command) {
      if (command->argv.front() == program) return *command;
    }
    return commands.front();
  }
  static std::string Option(const ChildCommand& command, const std::string& name) {
    for (const std::string& argument : command.argv) {
      if (argument.starts_with(name + "=")) return argument.substr(name.size() + 1);
    }
    return "";
  }

 private:
  static std::string Line(const std::vector<std::string>& fields, const std::string& separator) {
    std::string line;
    for (const std::string& field : fields) line += field + separator;
    return line + "\n";
  }

  Result<ChildResult> Queue(const ChildCommand& command) const {
    const std::string format = Option(command, "--Format");
    const std::string separator = format.substr(format.find(':') + 1, format.find(',') - format.find(':') - 1);
    const std::string id = Option(command, "--jobs");
    const FakeRow defaults = {{"REASON", "None"},        {"USER", "agent"},   {"SUBMIT_TIME", "1000"},
                              {"START_TIME", "N/A"},     {"END_TIME", "N/A"}, {"TIME", "0:00"},
                              {"TIME_LIMIT", "1:00:00"}, {"CPUS", "1"},       {"NODES", "1"},
                              {"RESTART_COUNT", "0"},    {"EXIT_CODE", "0"},  {"PARTITION", "main"}};
    std::vector<std::string> header;
    for (const QueueColumn& column : kQueueColumns) header.emplace_back(column.printed);
    std::string text = Line(header, separator);
    bool found = id.empty();
    for (const FakeRow& row : queue) {
      if (!id.empty() && row.at("JOBID") != id) continue;
      found = true;
      text += Line(Fields(header, row, defaults), separator);
    }
    if (!found) return Failed(1, "slurm_load_jobs error: Invalid job id specified\n");
    return Printed(text);
  }

  Result<ChildResult> Accounting(const ChildCommand& command) const {
    const std::string separator = Option(command, "--delimiter");
    const std::string names = "," + Option(command, "--name") + ",";
    const std::string ids = "," + Option(command, "--jobs") + ",";
    const FakeRow defaults = {
        {"Cluster", cluster}, {"User", "agent"},  {"ExitCode", "0:0"}, {"Submit", "1000"},
        {"Start", "Unknown"}, {"End", "Unknown"}, {"ElapsedRaw", "0"}, {"NodeList", "None assigned"}};
    const std::vector<std::string> header(kAccountingColumns.begin(), kAccountingColumns.end());
    std::string text = Line(header, separator);
    for (const FakeRow& row : accounting) {
      const bool named = names.find("," + row.at("JobName") + ",") != std::string::npos;
      const bool by_id = ids.find("," + row.at("JobID") + ",") != std::string::npos;
      if (named || by_id) text += Line(Fields(header, row, defaults), separator);
    }
    return Printed(text);
  }

  static std::vector<std::string> Fields(const std::vector<std::string>& header, const FakeRow& row,
                                         const FakeRow& defaults) {
    std::vector<std::string> fields;
    for (const std::string& column : header) {
      const auto given = row.find(column);
      const auto usual = defaults.find(column);
      fields.push_back(given != row.end() ? given->second : usual != defaults.end() ? usual->second : "");
    }
    return fields;
  }
};

}  // namespace turnpike::slurm
