// turnpike-broker: serves a federation.  See --help.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <climits>
#include <cstdio>
#include <functional>
#include <iostream>

#include "base/error_reason.h"
#include "base/grpc/credentials.h"
#include "base/log.h"
#include "base/pg/database_hosts.h"
#include "base/random.h"
#include "base/stop_signal.h"
#include "base/system_clock.h"
#include "billing/pg/pg_ledger_store.h"
#include "broker/audit_main.h"
#include "broker/dev_main.h"
#include "broker/embedded/private_postgres.h"
#include "broker/identity/bearer_token.h"
#include "broker/pg/pg_token_store.h"
#include "broker/replay_main.h"
#include "broker/serve_main.h"
#include "broker/site_main.h"

namespace turnpike {
namespace {

constexpr char kFooter[] =
    "Examples:\n"
    "  turnpike-broker --dev\n"
    "      Everything for a first job on this machine; nothing to configure.\n"
    "  turnpike-broker --database 'host=db.example.org dbname=turnpike' --server-name broker.example.org \\\n"
    "      --user-address 0.0.0.0:7443 --agent-address 0.0.0.0:7444 --ca-certificate ca.pem --ca-key ca.key\n"
    "  turnpike-broker token create --database '…' --project astro --subject alice --role user\n"
    "  turnpike-broker audit --database '…'\n"
    "  turnpike-broker replay --database '…' --from 120 --to 140\n"
    "  turnpike-broker site quarantine --database '…' --site alpha --reason 'its key was stolen'\n"
    "\n"
    "Exit codes: 0 done, or stopped by a signal; 1 failed (the last line says why), the books are not sound, or a\n"
    "round is decided otherwise; 2 wrong arguments.";

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

struct Options {
  bool dev = false;
  DevSettings dev_settings;
  std::string database;
  std::string standby = "auto";
  BrokerSettings broker;
  std::string log_format = "auto";
  std::string log_level = "info";
  std::string token_project;
  std::string token_subject;
  std::vector<std::string> token_roles = {"user"};
  RoundRange replayed;
  Quarantine quarantine{.site = {}, .reason = "by the federation's operator"};
};

Result<int> Done(const Status& status) {
  RETURN_IF_ERROR(status);
  return 0;
}

// One role's way to the database: the common part, and its user.
std::string AccessFor(const std::string& database, const char* role) {
  return fmt::format("{} user={}", database, role);
}

LogLevel LevelOf(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warn") return LogLevel::kWarn;
  if (name == "error") return LogLevel::kError;
  return LogLevel::kInfo;
}

LogFormat FormatOf(const std::string& name) {
  if (name == "human") return LogFormat::kHuman;
  if (name == "json") return LogFormat::kJson;
  return LogFormat::kAuto;
}

// "host:port": brokers of one database differ in it.
std::string ReplicaName(const std::string& user_address) {
  std::array<char, HOST_NAME_MAX + 1> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) {
    return user_address;
  }
  return fmt::format("{}:{}", host.data(), user_address.substr(user_address.rfind(':') + 1));
}

Status Serve(Options& options) {
  if (options.dev) {
    if (!options.database.empty() || !options.broker.ca_certificate_path.empty() ||
        !options.broker.ca_key_path.empty()) {
      return InvalidArgument(
          "--dev makes a database and a CA of its own; leave out --database, --ca-certificate, --ca-key");
    }
    return RunDevelopmentBroker(options.dev_settings, options.broker);
  }
  if (options.database.empty()) {
    return InvalidArgument("no database was named; give --database, or --dev for everything on this machine");
  }
  options.broker.database = {.owner = AccessFor(options.database, kOwnerRole),
                             .api = AccessFor(options.database, kApiRole),
                             .link = AccessFor(options.database, kLinkRole),
                             .placement = AccessFor(options.database, kPlacementRole)};
  ASSIGN_OR_RETURN(const std::vector<std::string> servers, DatabaseHosts(options.database));
  options.broker.standby_required = options.standby == "required" || (options.standby == "auto" && servers.size() > 1);
  options.broker.user_address = options.dev_settings.user_address;
  if (options.broker.replica.empty()) {
    options.broker.replica = ReplicaName(options.broker.user_address);
  }
  options.broker.agent_address = options.dev_settings.agent_address;
  const Result<std::unique_ptr<Broker>> broker = Broker::Start(options.broker);
  if (broker.status().code() == StatusCode::kCancelled) {
    LogInfo(MessageOf(broker.status()));
    return OkStatus();
  }
  RETURN_IF_ERROR(broker.status());
  WaitForTerminationSignal();
  (*broker)->Stop();
  return OkStatus();
}

// The database that --dev made, or the one that was named.
Result<std::string> DatabaseOf(const Options& options) {
  if (!options.database.empty()) {
    return options.database;
  }
  std::string folder = options.dev_settings.folder;
  if (folder.empty()) {
    ASSIGN_OR_RETURN(const std::string data, DefaultDataFolder());
    folder = data + "/dev";
  }
  return fmt::format("host={}/postgres/socket dbname={}", folder, kDatabaseName);
}

Status CreateToken(const Options& options) {
  ASSIGN_OR_RETURN(const std::string database, DatabaseOf(options));
  SystemClock machine;
  DatabaseClock clock(machine);
  SystemRandom random;
  IdSource ids(clock, random);
  ConnectionPoolSettings pool;
  pool.connection.conninfo = AccessFor(database, kApiRole);
  TransactionRunner transactions(pool, clock);
  PgLedgerStore ledger(transactions, ids);
  PgTokenStore tokens(transactions);
  NewToken token;
  token.token_id = ids.TimeOrdered<TokenId>();
  token.subject = options.token_subject;
  for (const std::string& name : options.token_roles) {
    const std::optional<Role> role = ParseRole(name);
    if (!role) {
      return InvalidArgument("'{}' is no role; there are user, site-operator and federation-operator", name);
    }
    token.roles.insert(*role);
  }
  if (!options.token_project.empty()) {
    ASSIGN_OR_RETURN(const ProjectView project, ledger.FindProject(options.token_project));
    token.project_id = project.project_id;
  }
  const std::string secret = MakeBearerToken(random);
  token.token_hash = HashBearerToken(secret);
  RETURN_IF_ERROR(tokens.Create(token));
  std::cout << secret << "\n";
  std::cerr << "This token is shown once; only its hash is kept.  Store it in a file that only its owner can read.\n";
  return OkStatus();
}

Result<int> Audit(const Options& options) {
  ASSIGN_OR_RETURN(const std::string database, DatabaseOf(options));
  ASSIGN_OR_RETURN(const bool sound, RunAudit(AccessFor(database, kPlacementRole)));
  return sound ? 0 : kExitFailed;
}

Result<int> Replay(const Options& options) {
  ASSIGN_OR_RETURN(const std::string database, DatabaseOf(options));
  ASSIGN_OR_RETURN(const bool same, RunReplay(AccessFor(database, kPlacementRole), options.replayed));
  return same ? 0 : kExitFailed;
}

Status ShutOut(const Options& options) {
  ASSIGN_OR_RETURN(const std::string database, DatabaseOf(options));
  return RunSiteQuarantine(AccessFor(database, kApiRole), options.quarantine);
}

Status LetIn(const Options& options) {
  ASSIGN_OR_RETURN(const std::string database, DatabaseOf(options));
  return RunSiteRelease(AccessFor(database, kApiRole), options.quarantine.site);
}

void AddOptions(CLI::App& app, Options& options) {
  app.footer(kFooter);
  app.fallthrough();  // --database and the like may stand before or after the subcommand
  app.add_flag("--dev", options.dev,
               "Run everything for a first job on this machine: private PostgreSQL, CA, project, site");
  app.add_option(
      "--data", options.dev_settings.folder,
      "With --dev: the data folder (default: /var/lib/turnpike/dev as root, else ~/.local/share/turnpike/dev)");
  app.add_flag("!--no-local-site", options.dev_settings.local_site, "With --dev: no site of its own");
  app.add_option("--database", options.database,
                 "How to reach PostgreSQL, as for psql and without a user: 'host=… dbname=turnpike'; a primary and its "
                 "standbys with commas between them, host=a,b");
  app.add_option(
         "--standby", options.standby,
         "required: nothing is written while the primary would not wait for a standby; optional; auto: required "
         "where --database names several hosts")
      ->check(CLI::IsMember({"auto", "required", "optional"}))
      ->capture_default_str();
  app.add_option("--user-address", options.dev_settings.user_address, "Where users connect")->capture_default_str();
  app.add_option("--agent-address", options.dev_settings.agent_address, "Where sites' agents connect")
      ->capture_default_str();
  app.add_option("--server-name", options.broker.server_names,
                 "Names and addresses that clients dial; agents are told the first")
      ->capture_default_str();
  app.add_option("--trust-domain", options.broker.trust_domain, "The middle of every agent's name")
      ->capture_default_str();
  app.add_option("--ca-certificate", options.broker.ca_certificate_path,
                 "The federation's CA, PEM; made when neither file exists");
  app.add_option("--ca-key", options.broker.ca_key_path, "Its key, PEM, mode 0600");
  app.add_option("--metrics-address", options.broker.metrics_address,
                 "Where Prometheus reads /metrics, in clear and for whoever can reach it: 127.0.0.1:9464 (default: "
                 "nowhere)");
  app.add_option("--replica", options.broker.replica,
                 "A name for this process, in records (default: the host's name and the port for users)");
  app.add_option("--offer-seconds", options.broker.offer_seconds, "How long an offer stands without a claim")
      ->capture_default_str();
  app.add_option("--usage-wait-seconds", options.broker.usage_wait_seconds,
                 "How long a job's usage may come after its end")
      ->capture_default_str();
  app.add_option("--usage-half-life-days", options.broker.usage_half_life_days,
                 "Projects take turns by what they were charged lately; half of it is left after so many days")
      ->check(CLI::Range(1, 365))
      ->capture_default_str();
  app.add_option("--log-format", options.log_format, "auto, human or json")
      ->check(CLI::IsMember({"auto", "human", "json"}));
  app.add_option("--log-level", options.log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
}

void AddRetention(CLI::App& app, Retention& retention) {
  const auto add = [&app](const std::string& flag, std::chrono::days& days, int least, const std::string& meaning) {
    app.add_option_function<int32_t>(
           flag, [&days](int32_t count) { days = std::chrono::days(count); }, meaning)
        ->check(CLI::Range(least, 36'500))
        ->default_str(std::to_string(days.count()));
  };
  add("--rounds-kept-days", retention.rounds, 1,
      "How long it is kept what rounds of placement went by and decided, for replay");
  add("--output-kept-days", retention.output, 1, "How long what a job wrote is kept after its end");
  add("--refusals-kept-days", retention.refusals, 1,
      "How long it is kept what no share could run or funds did not cover");
  add("--request-ids-kept-days", retention.other_request_ids, 31,
      "How long request ids are kept that are no UUIDv7; those are kept 30 days");
}

// What one project may have of one replica.
void AddLimits(CLI::App& app, CallLimits& limits) {
  app.add_option("--project-calls-per-second", limits.calls_per_second, "Calls of one project; 0: no limit")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--project-jobs-per-second", limits.jobs_per_second, "Jobs that one project submits; 0: no limit")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--project-calls-open", limits.calls_open_max, "Calls of one project at the same time")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

// Of the program, and how each ends.
using Command = std::function<Result<int>()>;

// Flags of the program may stand behind the command, as in the examples.
CLI::App* AddCommand(CLI::App& parent, const std::string& name, const std::string& what) {
  CLI::App* command = parent.add_subcommand(name, what);
  command->fallthrough();
  return command;
}

void AddTokenCommands(CLI::App& app, Options& options, Command& chosen) {
  CLI::App* token = AddCommand(app, "token", "Tokens of users and operators");
  token->require_subcommand(1);
  CLI::App* create = AddCommand(*token, "create", "Make a token and print it, once");
  create->add_option("--project", options.token_project, "The project that it may spend from, by name");
  create->add_option("--subject", options.token_subject, "Who will hold it, for records")->required();
  create->add_option("--role", options.token_roles, "user, site-operator or federation-operator; may be given again")
      ->capture_default_str();
  create->callback([&] { chosen = [&options] { return Done(CreateToken(options)); }; });
}

void AddSiteCommands(CLI::App& app, Options& options, Command& chosen) {
  CLI::App* site = AddCommand(app, "site", "Sites that are shut out, in the database itself");
  site->require_subcommand(1);
  CLI::App* quarantine = AddCommand(*site, "quarantine", "Shut a site out; running brokers end its stream in seconds");
  CLI::App* release = AddCommand(*site, "release", "Let a site in again that was shut out");
  for (CLI::App* command : {quarantine, release}) {
    command->add_option("--site", options.quarantine.site, "Its name or id")->required();
  }
  quarantine->add_option("--reason", options.quarantine.reason, "Why, for people");
  quarantine->callback([&] { chosen = [&options] { return Done(ShutOut(options)); }; });
  release->callback([&] { chosen = [&options] { return Done(LetIn(options)); }; });
}

void AddReplayCommand(CLI::App& app, Options& options, Command& chosen) {
  CLI::App* replay = AddCommand(app, "replay",
                                "Run recorded rounds of placement again, and say where another plan comes out; changes "
                                "nothing");
  replay->add_option("--from", options.replayed.from, "The first round, by its number; else the first that is kept");
  replay->add_option("--to", options.replayed.to, "The last one; else the last there is");
  replay->callback([&] { chosen = [&options] { return Replay(options); }; });
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("Turnpike's broker: matches jobs to sites, keeps the accounts.", "turnpike-broker");
  AddOptions(app, options);
  AddLimits(app, options.broker.limits);
  AddRetention(app, options.broker.retention);
  Command chosen = [&options] { return Done(Serve(options)); };
  AddTokenCommands(app, options, chosen);
  AddSiteCommands(app, options, chosen);
  AddCommand(app, "audit", "Check that the books are sound, and say what is not; changes nothing")->callback([&] {
    chosen = [&options] { return Audit(options); };
  });
  AddReplayCommand(app, options, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }

  SetUpLog("turnpike-broker", LevelOf(options.log_level), FormatOf(options.log_format));
  const Result<int> exit_code = chosen();
  if (!exit_code.ok()) {
    LogError(MessageOf(exit_code.status()));
    return exit_code.status().code() == StatusCode::kInvalidArgument ? kExitUsage : kExitFailed;
  }
  return *exit_code;
}

}  // namespace
}  // namespace turnpike

int main(int argc, char** argv) {
  turnpike::BlockTerminationSignals();
  turnpike::RefuseOldTls();
  return turnpike::Main(argc, argv);
}
