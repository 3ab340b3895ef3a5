#include "broker/dev_main.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <optional>
#include <thread>

#include "base/child_process.h"
#include "base/errno_status.h"
#include "base/error_reason.h"
#include "base/failpoint.h"
#include "base/file_descriptor.h"
#include "base/file_sync.h"
#include "base/log.h"
#include "base/stop_signal.h"
#include "billing/actions/create_project.h"
#include "billing/actions/deposit.h"
#include "broker/broker_parts_main.h"
#include "broker/embedded/private_postgres.h"
#include "broker/identity/bearer_token.h"

namespace turnpike {
namespace {

constexpr char kProjectName[] = "dev";
constexpr char kSiteName[] = "local";
constexpr char kUnit[] = "EUR";
constexpr char kCredit[] = "1000";
constexpr int64_t kCoreHourMicros = 20'000;  // 0.02 EUR
constexpr std::chrono::minutes kEnrollLifetime{10};
constexpr std::chrono::milliseconds kAgentStopTime{10'000};
constexpr std::chrono::milliseconds kAgentReadyTime{20'000};
constexpr std::chrono::milliseconds kAgentLookInterval{50};
constexpr std::chrono::milliseconds kPostgresLookInterval{500};

// One broker at a time works in a folder.
Result<FileDescriptor> LockFolder(const std::string& folder) {
  const std::string path = folder + "/broker.lock";
  FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.is_open()) {
    return ErrnoStatus(errno, "cannot open {}", path);
  }
  if (flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
    return FailedPrecondition("another broker works in {} already; end it, or give another folder with --data", folder);
  }
  return file;
}

// The agent beside this program.
std::string AgentProgram() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "turnpike-agent";
}

std::map<std::string, std::string> AgentEnvironment() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos) {
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return environment;
}

int64_t MemoryMib() {
  return static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) / 1024 * sysconf(_SC_PAGESIZE) / 1024;
}

// Starts the private PostgreSQL again when it has died: nobody else would.  Owned by main; has a thread of its own.
class PostgresKeeper {
 public:
  PostgresKeeper(PrivatePostgresSettings settings, PrivatePostgres postgres)
      : settings_(std::move(settings)), postgres_(std::move(postgres)), thread_([this] { Watch(); }) {}
  ~PostgresKeeper() { EndWatch(); }

  Status StopServer() {
    EndWatch();
    return postgres_.Stop();
  }

 private:
  void EndWatch() {
    stop_.Stop();
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  void Watch() {
    while (!stop_.WaitFor(kPostgresLookInterval)) {
      if (postgres_.running()) {
        continue;
      }
      WaitUntilGone(postgres_.process(), std::chrono::milliseconds(0));  // As a zombie it would still seem to run.
      Result<PrivatePostgres> again = PrivatePostgres::Start(settings_);
      if (again.ok()) {
        postgres_ = *std::move(again);
        LogWarn("the private PostgreSQL had died and was started again", {{"log", postgres_.log_path()}});
      } else {
        LogError("the private PostgreSQL died and does not start, tried again",
                 {{"why", std::string(MessageOf(again.status()))}});
      }
    }
  }

  const PrivatePostgresSettings settings_;
  PrivatePostgres postgres_;  // The thread's until it has ended.
  StopSignal stop_;
  std::thread thread_;
};

// Makes what a first job needs, each part once.
class DevFederation {
 public:
  DevFederation(BrokerParts& parts, std::string folder) : parts_(parts), folder_(std::move(folder)) {}

  Status MakeProject() {
    const Result<ProjectView> found = parts_.ledger_store.FindProject(kProjectName);
    if (found.ok()) {
      project_ = *found;
    } else {
      CreateProject create(parts_.ledger_store, parts_.ids);
      ASSIGN_OR_RETURN(project_, create.Run({.key = NewKey("CreateProject"), .name = kProjectName, .unit = kUnit}));
    }
    TURNPIKE_FAILPOINT("dev.project_made");
    // Each time: a start that was cut off may have made the project and no more.
    Deposit deposit(parts_.ledger_store);
    return deposit
        .Run({.key = KeyOf("Deposit", "the development credit of "),
              .project = kProjectName,
              .amount = kCredit,
              .description = "development credit"})
        .status();
  }

  // A new token where the old one's file is gone; written for its owner alone.
  Status MakeToken() {
    if (access(token_path().c_str(), R_OK) == 0) {
      return OkStatus();
    }
    const std::string token = MakeBearerToken(parts_.random);
    RETURN_IF_ERROR(parts_.token_store.Create({.token_id = parts_.ids.TimeOrdered<TokenId>(),
                                               .token_hash = HashBearerToken(token),
                                               .project_id = project_.project_id,
                                               .subject = "dev",
                                               .roles = {Role::kUser, Role::kSiteOperator, Role::kFederationOperator},
                                               .expires_at = {}}));
    return WriteFileAtomically(token_path(), token + "\n", 0600);
  }

  Status WriteClientFiles(const Broker& broker) {
    RETURN_IF_ERROR(WriteFileAtomically(folder_ + "/ca.pem", broker.ca_certificate_pem()));
    // docs/users.md tells where the command line looks for this file.
    return WriteFileAtomically(
        folder_ + "/client.conf",
        fmt::format("address = localhost:{}\nca = ca.pem\ntoken_file = token\n", broker.user_port()));
  }

  Status MakeSite(const Broker& broker) {
    RETURN_IF_ERROR(MakeFolders(agent_folder(), 0700));
    RETURN_IF_ERROR(MakeFolders(spool_folder(), 0755));
    RETURN_IF_ERROR(WriteFileAtomically(config_path(), Config(broker.agent_port()), 0600));
    const Result<SiteRecord> found = parts_.site_store.Find(kSiteName);
    if (found.ok() && found->state != SiteState::kRegistered) {
      return OkStatus();
    }
    const std::string token = MakeBearerToken(parts_.random);
    NewSite site;
    site.site.site_id = found.ok() ? found->site_id : parts_.ids.Random<SiteId>();
    site.site.name = kSiteName;
    site.site.display_name = "this machine";
    site.site.region = "local";
    site.site.time_zone = "UTC";
    site.token_hash = HashBearerToken(token);
    site.token_expires_at = parts_.clock.Now() + kEnrollLifetime;
    ASSIGN_OR_RETURN(const SiteRecord record,
                     parts_.site_store.Register(KeyOf("RegisterSite", "the local site of "), site));
    PriceBook book;
    book.site_id = record.site_id;
    book.unit = kUnit;
    book.rates = {
        {.share = std::string(kEveryShare), .resource = PricedResource::kCoreHour, .micros_per_hour = kCoreHourMicros}};
    RETURN_IF_ERROR(parts_.site_store.SetPriceBook(NewKey("SetPriceBook"), book).status());
    parts_.placement.NoteSiteChange();
    return Enroll(broker, token);
  }

  Status StartAgent() {
    if (const Result<std::string> text = ReadFile(pid_path()); text.ok()) {
      ProcessIdentity known;
      if (std::sscanf(text->c_str(), "%d %llu", &known.pid, &known.start_ticks) == 2 && IsAlive(known)) {
        agent_ = known;
        LogInfo("the local site's agent is running already", {{"pid", std::to_string(known.pid)}});
        return OkStatus();
      }
    }
    ASSIGN_OR_RETURN(agent_, StartDetached({.argv = {AgentProgram(), "run", "--config", config_path()},
                                            .environment = AgentEnvironment(),
                                            .directory = "/",
                                            .output_path = folder_ + "/agent.log",
                                            .error_path = folder_ + "/agent.log"}));
    return WriteFileAtomically(pid_path(), fmt::format("{} {}\n", agent_->pid, agent_->start_ticks));
  }

  // Before the agent has said what there is, no job would find a site that can ever run it.
  void AwaitCapacity() {
    StopSignal pause;
    const MonotonicTime until = parts_.machine_clock.Monotonic() + kAgentReadyTime;
    while (parts_.machine_clock.Monotonic() < until) {
      const Result<SiteRecord> site = parts_.site_store.Find(kSiteName);
      if (site.ok() && site->connected && !site->capacity.empty()) {
        return;
      }
      pause.WaitFor(kAgentLookInterval);
    }
    LogWarn("the local site's agent has not reported yet; jobs are refused until it does",
            {{"log", folder_ + "/agent.log"}});
  }

  // Running jobs go on; the next start finds them.
  void StopAgent() {
    if (agent_ && SignalProcess(*agent_, SIGTERM).ok() && !WaitUntilGone(*agent_, kAgentStopTime)) {
      LogWarn("the local site's agent did not end in time", {{"pid", std::to_string(agent_->pid)}});
    }
  }

 private:
  std::string token_path() const { return folder_ + "/token"; }
  std::string agent_folder() const { return folder_ + "/agent"; }
  std::string spool_folder() const { return folder_ + "/spool"; }
  std::string config_path() const { return folder_ + "/agent.yaml"; }
  std::string pid_path() const { return folder_ + "/agent.pid"; }

  RequestKey NewKey(std::string method) {
    return {.project_id = {},
            .method = std::move(method),
            .request_id = parts_.ids.TimeOrdered<RequestId>(),
            .request_hash = {}};
  }

  // The same key each time: what was done already is a repeat.  No UUIDv7: its key is kept for ever.
  RequestKey KeyOf(std::string method, const std::string& what) {
    RequestKey key = NewKey(std::move(method));
    const Sha256Digest digest = Sha256(what + folder_);
    Uuid id;
    std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
    id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0f) | 0x40);
    key.request_id = RequestId(id);
    return key;
  }

  std::string Config(int agent_port) const {
    const unsigned cores = std::max(std::thread::hardware_concurrency(), 1U);
    return fmt::format(
        "# Written by turnpike-broker --dev at each start.\n"
        "broker: localhost:{}\n"
        "data_directory: {}\n"
        "spool_directory: {}\n"
        "scheduler:\n"
        "  kind: process\n"
        "  poll_seconds: 1\n"
        "  process: {{cores: {}, memory_mib: {}, jobs_max: 64, waiting_max: 10000}}\n"
        "account_mode: own-account\n"
        "shares:\n"
        "  - {{name: main, environment: login}}\n"
        "accounts:\n"
        "  - {{project: \"*\", user: \"*\", share: \"*\"}}\n",
        agent_port, agent_folder(), spool_folder(), cores, std::max<int64_t>(MemoryMib() / 2, 256));
  }

  Status Enroll(const Broker& broker, const std::string& token) {
    const Result<ChildResult> result =
        RunChild({.argv = {AgentProgram(), "enroll", "--config", config_path(), "--broker",
                           fmt::format("localhost:{}", broker.user_port()), "--ca-fingerprint",
                           parts_.authority->ca_fingerprint(), "--token-file", "-"},
                  .environment = AgentEnvironment(),
                  .directory = "/",
                  .standard_input = token + "\n"});
    RETURN_IF_ERROR(result.status());
    if (!result->succeeded()) {
      return Internal("the local site's agent could not enroll (exit code {}): {}", result->exit_code,
                      result->error_output);
    }
    return OkStatus();
  }

  BrokerParts& parts_;
  const std::string folder_;
  ProjectView project_;
  std::optional<ProcessIdentity> agent_;
};

BrokerSettings SettingsFor(const DevSettings& dev, BrokerSettings settings, const std::string& folder,
                           const PrivatePostgres& postgres) {
  settings.database = {.owner = postgres.ConnectionString(kOwnerRole),
                       .api = postgres.ConnectionString(kApiRole),
                       .link = postgres.ConnectionString(kLinkRole),
                       .placement = postgres.ConnectionString(kPlacementRole)};
  settings.user_address = dev.user_address;
  settings.agent_address = dev.agent_address;
  settings.ca_certificate_path = folder + "/ca/ca.pem";
  settings.ca_key_path = folder + "/ca/ca.key";
  if (settings.replica.empty()) {
    settings.replica = "dev";
  }
  return settings;
}

}  // namespace

Status RunDevelopmentBroker(const DevSettings& dev, const BrokerSettings& wanted) {
  std::string folder = dev.folder;
  if (folder.empty()) {
    ASSIGN_OR_RETURN(const std::string data, DefaultDataFolder());
    folder = data + "/dev";
  }
  RETURN_IF_ERROR(MakeFolders(folder, 0755));
  RETURN_IF_ERROR(MakeFolders(folder + "/ca", 0700));
  ASSIGN_OR_RETURN(const FileDescriptor lock, LockFolder(folder));
  const PrivatePostgresSettings database{.folder = folder + "/postgres"};
  ASSIGN_OR_RETURN(PrivatePostgres postgres, PrivatePostgres::Start(database));
  LogInfo(postgres.adopted() ? "found the private PostgreSQL running" : "started the private PostgreSQL",
          {{"folder", database.folder}});
  const BrokerSettings settings = SettingsFor(dev, wanted, folder, postgres);
  PostgresKeeper keeper(database, std::move(postgres));

  ASSIGN_OR_RETURN(const std::unique_ptr<Broker> broker, Broker::Start(settings));
  DevFederation federation(broker->parts(), folder);
  RETURN_IF_ERROR(federation.MakeProject());
  RETURN_IF_ERROR(federation.MakeToken());
  if (dev.local_site) {
    RETURN_IF_ERROR(federation.MakeSite(*broker));
    RETURN_IF_ERROR(federation.StartAgent());
    federation.AwaitCapacity();
  }
  // Last: whoever sees it finds everything else.
  RETURN_IF_ERROR(federation.WriteClientFiles(*broker));
  LogInfo("ready", {{"settings", folder + "/client.conf"}});

  const int signal = WaitForTerminationSignal();
  LogInfo("stopping", {{"signal", std::to_string(signal)}});
  federation.StopAgent();
  broker->Stop();
  return keeper.StopServer();
}

}  // namespace turnpike
