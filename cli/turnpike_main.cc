// turnpike: the command for researchers and operators.  Reads the machine, puts the command together, runs it.
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "base/call_trace.h"
#include "base/random.h"
#include "base/system_clock.h"
#include "cli/arguments.h"
#include "cli/error_report.h"
#include "cli/exit_code.h"
#include "cli/interrupt_watch.h"
#include "cli/run_command.h"
#include "cli/terminal_color.h"
#include "sdk/settings.h"

namespace turnpike {
namespace {

std::map<std::string, std::string> ReadEnvironment() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    const size_t equals = text.find('=');
    if (equals != std::string::npos) {
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return environment;
}

// NOT_FOUND, and with it exit code 3, is left to what was asked for; a missing file of settings is another matter.
template <class T>
Result<T> AsPrecondition(Result<T> result) {
  return result.status().code() == StatusCode::kNotFound ? FailedPrecondition("{}", MessageOf(result.status()))
                                                         : std::move(result);
}

// Finds the broker when a command first needs it, and keeps the client.
class Broker {
 public:
  explicit Broker(SettingsSources sources) : sources_(std::move(sources)) {}

  Result<BrokerSession> Connect() {
    ASSIGN_OR_RETURN(const ClientSettings settings, AsPrecondition(FindSettings(sources_)));
    ASSIGN_OR_RETURN(ConnectionSettings connection_settings, AsPrecondition(ToConnectionSettings(settings)));
    connection_settings.traceparent = SurroundingTrace();
    ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, AsPrecondition(turnpike::Connect(connection_settings)));
    client_ = std::make_unique<Client>(std::move(connection), ids_);
    return BrokerSession{.client = client_.get(),
                         .project = VariableOr("TURNPIKE_PROJECT", settings.project),
                         .region = VariableOr("TURNPIKE_USER_REGION", settings.region)};
  }

 private:
  std::string VariableOr(const std::string& name, const std::string& otherwise) const {
    const auto found = sources_.environment.find(name);
    return found == sources_.environment.end() ? otherwise : found->second;
  }
  // The trace that this command runs in, as W3C says for processes; what is no such text ties nothing together.
  std::string SurroundingTrace() const {
    const auto found = sources_.environment.find("TRACEPARENT");
    return found != sources_.environment.end() && IsTraceParent(found->second) ? found->second : "";
  }

  SettingsSources sources_;
  SystemClock clock_;
  SystemRandom random_;
  IdSource ids_{clock_, random_};
  std::unique_ptr<Client> client_;
};

int Run(Arguments arguments, std::map<std::string, std::string> environment) {
  if (auto* submit = std::get_if<SubmitOptions>(&arguments.command)) {
    submit->environment = environment;
  } else if (auto* quote = std::get_if<QuoteOptions>(&arguments.command)) {
    quote->environment = environment;
  }
  Terminal terminal{.in = std::cin,
                    .out = std::cout,
                    .err = std::cerr,
                    .in_is_terminal = isatty(STDIN_FILENO) == 1,
                    .out_is_terminal = isatty(STDOUT_FILENO) == 1,
                    .color = WantsColor(environment, isatty(STDOUT_FILENO) == 1)};
  Broker broker({.flags = arguments.settings, .environment = std::move(environment), .is_root = geteuid() == 0});
  InterruptWatch interrupts;
  const SystemClock clock;
  StopSignal stop;
  CommandContext context{.terminal = terminal,
                         .clock = clock,
                         .json = arguments.json,
                         .connect = [&] { return broker.Connect(); },
                         .set_farewell = [&](std::string text) { interrupts.SetFarewell(std::move(text)); },
                         .stop = stop};
  const Result<int> code = RunCommand(arguments.command, context);
  if (!code.ok()) {
    return ReportError(code.status(), {.out = std::cout, .err = std::cerr, .json = context.json});
  }
  return *code;
}

int Main(const std::vector<std::string>& words) {
  BlockTerminationSignals();
  // gRPC's own lines about connections say nothing that the errors do not.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  Result<std::variant<Arguments, HelpText>> parsed = ParseArguments(words);
  int code = kExitOk;
  if (!parsed.ok()) {
    const bool json = std::find(words.begin(), words.end(), "--json") != words.end();
    code = ReportError(parsed.status(), {.out = std::cout, .err = std::cerr, .json = json});
  } else if (const auto* help = std::get_if<HelpText>(&*parsed)) {
    std::cout << help->text;
  } else {
    code = Run(std::get<Arguments>(*std::move(parsed)), ReadEnvironment());
  }
  if (!std::cout.flush()) {
    std::cerr << "turnpike: standard output cannot be written to, so the answer is not complete\n";
    return code == kExitOk ? kExitOther : code;
  }
  return code;
}

}  // namespace
}  // namespace turnpike

int main(int argc, char** argv) {
  return turnpike::Main({argv + 1, argv + argc});
}
