// turnpike-agent: the program at a site.  Reads its command line, puts the parts together, runs one subcommand.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "adapters/agent_site.h"
#include "adapters/check_site.h"
#include "adapters/host/read_journal.h"
#include "adapters/link/enrollment.h"
#include "adapters/local_jobs.h"
#include "adapters/run_agent.h"
#include "adapters/show_command.h"
#include "base/file_sync.h"
#include "base/grpc/credentials.h"
#include "base/grpc/grpc_log.h"
#include "base/log.h"
#include "base/stop_signal.h"

namespace turnpike {
namespace {

constexpr const char* kVersion = TURNPIKE_VERSION;
constexpr const char* kDescription =
    "Turnpike's agent: takes jobs from the broker and runs them through this site's scheduler.";
constexpr const char* kFooter =
    "Exit codes:\n"
    "  0  done; for run: stopped by a signal, running jobs go on\n"
    "  1  failed, the last line says why; for check: something is wrong\n"
    "  2  wrong use of the command line\n"
    "  3  the agent is not enrolled\n"
    "  4  another agent with this site's name took over: stop one of them\n"
    "  5  the journal is damaged or its disk failed: restore or replace it";

enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2, kNotEnrolled = 3, kReplaced = 4, kJournalLost = 5 };

constexpr size_t kInputBytesMax = 16U << 20U;

struct CommandLine {
  std::string config_path = "/etc/turnpike/agent.yaml";
  bool verbose = false;
  std::string broker;
  std::string ca_fingerprint;
  std::string token_path;
  std::string job_name;
  std::string order_path;
};

// "-" is standard input.
Result<std::string> ReadInput(const std::string& path) {
  if (path != "-") {
    return ReadFile(path, kInputBytesMax);
  }
  return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
}

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  const size_t end = text.find_last_not_of(" \t\r\n");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

// gRPC reads its proxy from the environment, once, when the first connection is made.
void UseProxy(const AgentConfig& config) {
  if (!config.http_proxy.empty()) {
    ::setenv("grpc_proxy", ("http://" + config.http_proxy).c_str(), /*overwrite=*/1);
  }
}

Result<std::unique_ptr<AgentSite>> OpenSite(const CommandLine& line) {
  ASSIGN_OR_RETURN(AgentConfig config, LoadAgentConfig(line.config_path));
  UseProxy(config);
  return AgentSite::Open(std::move(config));
}

int Say(const Status& status) {
  std::cerr << "turnpike-agent: " << MessageOf(status) << "\n";
  return kFailed;
}

int Run(const CommandLine& line) {
  BlockTerminationSignals();  // No thread exists yet.
  const Result<std::unique_ptr<AgentSite>> site = OpenSite(line);
  if (!site.ok()) {
    return Say(site.status());
  }
  if (!(*site)->identity().is_enrolled()) {
    Say((*site)->identity().Load().status());
    return kNotEnrolled;
  }
  const Status status = RunAgent(**site, {.config_path = line.config_path, .version = kVersion});
  if (status.ok()) {
    return kDone;
  }
  LogError("agent ended", {{"why", std::string(MessageOf(status))}});
  return status.code() == StatusCode::kAborted    ? kReplaced
         : status.code() == StatusCode::kDataLoss ? kJournalLost
                                                  : kFailed;
}

int EnrollAgent(const CommandLine& line) {
  const Result<AgentConfig> config = LoadAgentConfig(line.config_path);
  if (!config.ok()) {
    return Say(config.status());
  }
  UseProxy(*config);
  const Result<std::string> token = ReadInput(line.token_path);
  if (!token.ok()) {
    return Say(token.status());
  }
  if (const Status made = MakeFolders(config->data_directory, 0700); !made.ok()) {
    return Say(made);
  }
  StopSignal stop;
  const IdentityStore store(config->data_directory);
  const Result<AgentIdentityFiles> identity = Enroll({.broker = line.broker,
                                                      .ca_fingerprint = line.ca_fingerprint,
                                                      .ca_file = config->ca_file,
                                                      .token = Trimmed(*token)},
                                                     store, stop);
  if (!identity.ok()) {
    return Say(identity.status());
  }
  std::cout << "enrolled as site " << identity->site << "; certificate until "
            << FormatTimestamp(identity->certificate.not_after) << "\n"
            << "certificate fingerprint " << identity->certificate.fingerprint << "\n"
            << "agents dial " << identity->agent_address << "; `broker:` says " << config->broker_address << "\n";
  return kDone;
}

int Check(const CommandLine& line) {
  const Result<std::unique_ptr<AgentSite>> site = OpenSite(line);
  if (!site.ok()) {
    std::cout << "FAIL  configuration and folders: " << MessageOf(site.status()) << "\n"
              << "      to do: mend " << line.config_path << "; `turnpike-agent example-config` shows a whole one\n";
    return kFailed;
  }
  std::cout << "ok    configuration: " << line.config_path << "\n";
  return PrintCheck(CheckSite(**site), std::cout) ? kDone : kFailed;
}

int Jobs(const CommandLine& line) {
  const Result<AgentConfig> config = LoadAgentConfig(line.config_path);
  if (!config.ok()) {
    return Say(config.status());
  }
  const Result<JournalState> state = ReadJournalState(PathsOf(*config).journal_folder());
  if (!state.ok()) {
    return Say(state.status());
  }
  PrintJobs(*state, std::cout);
  return kDone;
}

int Cancel(const CommandLine& line) {
  const Result<std::unique_ptr<AgentSite>> site = OpenSite(line);
  if (!site.ok()) {
    return Say(site.status());
  }
  const Result<std::string> answer = CancelLocally(**site, line.job_name);
  if (!answer.ok()) {
    return Say(answer.status());
  }
  std::cout << *answer << "\n";
  return kDone;
}

int Show(const CommandLine& line) {
  const Result<std::unique_ptr<AgentSite>> site = OpenSite(line);
  if (!site.ok()) {
    return Say(site.status());
  }
  const Result<std::string> order = ReadInput(line.order_path);
  const Status shown = order.ok() ? ShowCommand(**site, *order, std::cout) : order.status();
  return shown.ok() ? kDone : Say(shown);
}

int ShowExample(const CommandLine&) {
  std::cout << ExampleConfig();
  return kDone;
}

// What a subcommand is called, and what it does.
CLI::App* AddCommand(CLI::App& app, const std::string& name, const std::string& help, CommandLine& line) {
  CLI::App* command = app.add_subcommand(name, help);
  command->add_option("--config", line.config_path, "The agent's configuration (YAML)")->capture_default_str();
  return command;
}

int Main(int argc, char** argv) {
  RefuseOldTls();
  CommandLine line;
  CLI::App app(kDescription, "turnpike-agent");
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("turnpike-agent ") + kVersion);
  app.add_flag("-v,--verbose", line.verbose, "Log more");
  app.require_subcommand(1);
  int (*chosen)(const CommandLine&) = nullptr;
  const auto choose = [&chosen](int (*function)(const CommandLine&)) {
    return [&chosen, function] { chosen = function; };
  };

  AddCommand(app, "run", "Run until stopped; jobs outlive it", line)->callback(choose(Run));
  CLI::App* enroll = AddCommand(app, "enroll", "Turn a one-time token into a certificate; safe to repeat", line);
  enroll->add_option("--broker", line.broker, "The broker's user port, host:port")->required();
  enroll->add_option("--ca-fingerprint", line.ca_fingerprint, "SHA-256 of its CA, as its operator shows it")
      ->required();
  enroll->add_option("--token-file", line.token_path, "Where the token is; -: standard input")->required();
  enroll->callback(choose(EnrollAgent));
  AddCommand(app, "check", "Look whether everything fits together; sends one short job through", line)
      ->callback(choose(Check));
  AddCommand(app, "jobs", "What the journal says of this site's attempts; without the broker", line)
      ->callback(choose(Jobs));
  CLI::App* cancel = AddCommand(app, "cancel", "End an attempt's local job; without the broker", line);
  cancel->add_option("attempt", line.job_name, "An attempt's id or its tag")->required();
  cancel->callback(choose(Cancel));
  CLI::App* show = AddCommand(app, "show-command", "Print what would be run for an order, and run nothing", line);
  show->add_option("--order", line.order_path, "An AttemptOrder as JSON; -: standard input")->required();
  show->callback(choose(Show));
  app.add_subcommand("example-config", "Print a commented configuration")->callback(choose(ShowExample));

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  SetUpLog("turnpike-agent", line.verbose ? LogLevel::kDebug : LogLevel::kInfo, LogFormat::kAuto);
  RouteGrpcLog();
  return chosen(line);
}

}  // namespace
}  // namespace turnpike

int main(int argc, char** argv) {
  return turnpike::Main(argc, argv);
}
