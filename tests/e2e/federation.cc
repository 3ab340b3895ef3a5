#include "tests/e2e/federation.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/check.h"
#include "base/file_sync.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/free_port.h"

namespace turnpike {
namespace {

constexpr std::chrono::minutes kStartTime{2};
constexpr std::chrono::minutes kCommandTime{5};
constexpr std::chrono::milliseconds kPause{100};
constexpr int kLooksPerQuestion = 50;  // about a second

constexpr char kPlace[] = "/tmp";
constexpr char kPrefix[] = "tp-e2e-";
constexpr char kOwnerFile[] = "owner";  // the test's process

bool OwnerHasEnded(const std::filesystem::path& folder) {
  const Result<std::string> text = ReadFile(folder / kOwnerFile);
  ProcessIdentity owner;
  return text.ok() && std::sscanf(text->c_str(), "%d %llu", &owner.pid, &owner.start_ticks) == 2 && !IsAlive(owner);
}

// A test that was killed leaves its federation running.
void RemoveLeftovers() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kPlace, error)) {
    struct stat about {};
    const bool ours = entry.path().filename().native().starts_with(kPrefix) &&
                      ::lstat(entry.path().c_str(), &about) == 0 && S_ISDIR(about.st_mode) &&
                      about.st_uid == ::geteuid();
    if (ours && OwnerHasEnded(entry.path())) {
      EndProcessesOf(entry.path());
      std::filesystem::remove_all(entry.path(), error);
    }
  }
}

// As root the private PostgreSQL runs as another user, who must be able to enter; its socket wants a short path.
std::string MakeFolder() {
  RemoveLeftovers();
  std::string folder = fmt::format("{}/{}XXXXXX", kPlace, kPrefix);
  CHECK(::mkdtemp(folder.data()) != nullptr);
  CHECK(::chmod(folder.c_str(), 0755) == 0);
  const std::optional<ProcessIdentity> self = IdentityOf(::getpid());
  CHECK(self.has_value());
  const std::string owner = fmt::format("{} {}\n", self->pid, self->start_ticks);
  CHECK(WriteFileAtomically(folder + "/" + kOwnerFile, owner).ok());
  return folder;
}

}  // namespace

Federation::Federation(const Settings& settings)
    : settings_(settings),
      ids_(clock_, random_),
      folder_(MakeFolder()),
      user_port_(FindFreePort(random_)),
      agent_port_(FindFreePort(random_)),
      metrics_port_(FindFreePort(random_)),
      broker_({.name = "broker", .argv = BrokerCommand(), .log_path = Path("broker.log")}),
      agent_addresses_(fmt::format("localhost:{}", agent_port_)),
      payload_(std::make_unique<Payload>(Path("payload.log"))),
      calls_(std::make_unique<CallHistory>(Path("calls.log"))) {}

std::vector<std::string> Federation::BrokerCommand() const {
  std::vector<std::string> argv = {ProgramPath("turnpike-broker"), "--dev", "--data", data_folder()};
  if (!settings_.local_site) {
    argv.emplace_back("--no-local-site");
  }
  if (settings_.metrics) {
    argv.insert(argv.end(), {"--metrics-address", fmt::format("127.0.0.1:{}", metrics_port_)});
  }
  argv.insert(argv.end(), settings_.broker_flags.begin(), settings_.broker_flags.end());
  argv.insert(argv.end(), {"--user-address", fmt::format("127.0.0.1:{}", user_port_), "--agent-address",
                           fmt::format("127.0.0.1:{}", agent_port_)});
  const std::vector<std::string> times = Times();
  argv.insert(argv.end(), times.begin(), times.end());
  return argv;
}

std::vector<std::string> Federation::Times() const {
  std::vector<std::string> words = {"--usage-wait-seconds", std::to_string(settings_.usage_wait.count())};
  if (settings_.offer_time.count() > 0) {
    words.insert(words.end(), {"--offer-seconds", std::to_string(settings_.offer_time.count())});
  }
  return words;
}

// Nothing of it stays: not the jobs either, which would outlive agent and broker.
Federation::~Federation() {
  if (watch_) {
    watch_->Stop();
  }
  EndProcessesOf(folder_);
  watch_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

// --- Processes.

Status Federation::StartBroker(const std::string& failpoints) {
  const std::string settings_path = data_folder() + "/client.conf";
  ::unlink(settings_path.c_str());  // Written last: whoever sees it finds everything else.
  watch_was_cut_ = watch_ != nullptr;
  RETURN_IF_ERROR(broker_.Start(Armed(failpoints)));
  const bool came_about =
      Eventually([&] { return ::access(settings_path.c_str(), R_OK) == 0 || !broker_.alive(); }, kStartTime);
  if (!came_about || !broker_.alive()) {
    return Internal("the broker did not get ready; its log ends with:\n{}", broker_.LogTail());
  }
  if (!watch_) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(settings_path));
    ASSIGN_OR_RETURN(const ClientSettings settings, ParseSettings(text, {.folder = data_folder(), .home = ""}));
    ASSIGN_OR_RETURN(connection_settings_, ToConnectionSettings(settings));
    RETURN_IF_ERROR(RenewWatch());
  }
  return OkStatus();
}

Status Federation::RenewWatch() {
  if (watch_) {
    watch_->Stop();
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Client> watching, MakeClient());
  watch_ = std::make_unique<JobWatch>(std::move(watching));
  return OkStatus();
}

Status Federation::LeaveToReplicas() {
  RETURN_IF_ERROR(broker_.Kill());
  connection_settings_.addresses.erase(connection_settings_.addresses.begin());
  agent_addresses_.erase(0, agent_addresses_.find(',') + 1);
  return RenewWatch();
}

Result<Daemon*> Federation::AddReplica(const std::string& name) {
  const int user_port = FindFreePort(random_);
  const int agent_port = FindFreePort(random_);
  std::vector<std::string> argv = {ProgramPath("turnpike-broker"),
                                   "--database",
                                   fmt::format("host={} dbname=turnpike", DatabaseHosts()),
                                   "--user-address",
                                   fmt::format("127.0.0.1:{}", user_port),
                                   "--agent-address",
                                   fmt::format("127.0.0.1:{}", agent_port),
                                   "--ca-certificate",
                                   data_folder() + "/ca/ca.pem",
                                   "--ca-key",
                                   data_folder() + "/ca/ca.key",
                                   "--replica",
                                   name};
  const std::vector<std::string> times = Times();
  argv.insert(argv.end(), times.begin(), times.end());
  replicas_.push_back(std::make_unique<Daemon>(
      Daemon::Settings{.name = name, .argv = std::move(argv), .log_path = Path(name + ".log")}));
  Daemon& replica = *replicas_.back();
  RETURN_IF_ERROR(replica.Start({}));
  ConnectionSettings alone = connection_settings_;
  alone.addresses = {fmt::format("localhost:{}", user_port)};
  const auto serves = [&] {
    Result<std::unique_ptr<Connection>> connection = Connect(alone);
    if (!connection.ok()) {
      return false;
    }
    Client::Parts parts;
    parts.connection = *std::move(connection);
    return Client(std::move(parts), ids_).ListSites({}).ok();
  };
  if (!Eventually(serves, kStartTime)) {
    return Internal("replica {} does not serve; its log ends with:\n{}", name, replica.LogTail());
  }
  connection_settings_.addresses.push_back(alone.addresses.front());
  agent_addresses_ += fmt::format(",localhost:{}", agent_port);
  RETURN_IF_ERROR(RenewWatch());
  return &replica;
}

Result<ProcessIdentity> Federation::LocalAgent() const {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(data_folder() + "/agent.pid"));
  ProcessIdentity agent;
  if (std::sscanf(text.c_str(), "%d %llu", &agent.pid, &agent.start_ticks) != 2) {
    return DataLoss("agent.pid holds '{}'", text);
  }
  return agent;
}

Result<SiteAgent*> Federation::AddSite(SiteSettings settings, const std::string& failpoints) {
  const std::string site_folder = Path(settings.name);
  RETURN_IF_ERROR(MakeFolders(site_folder));
  sites_.push_back(std::make_unique<SiteAgent>(
      std::move(settings),
      SiteAgent::Place{.folder = site_folder, .user_address = user_address(), .agent_address = agent_addresses_}));
  SiteAgent& site = *sites_.back();
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, MakeClient());
  RETURN_IF_ERROR(site.Enroll(*client));
  RETURN_IF_ERROR(site.Start(Armed(failpoints)));
  // Whichever is asked first later has heard of it.
  for (size_t i = 0; i < connection_settings_.addresses.size(); ++i) {
    ASSIGN_OR_RETURN(const std::unique_ptr<Client> next, MakeClient());
    RETURN_IF_ERROR(site.WaitUntilReady(*next));
  }
  return &site;
}

Status Federation::KillPostgres() {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(data_folder() + "/postgres/data/postmaster.pid"));
  const int pid = std::atoi(text.c_str());
  const std::optional<ProcessIdentity> postgres = IdentityOf(pid);
  if (!postgres) {
    return NotFound("PostgreSQL does not run: there is no process {}", pid);
  }
  watch_was_cut_ = true;
  RETURN_IF_ERROR(SignalProcess(*postgres, SIGKILL));
  // Its parent, the broker, may be frozen; a zombie is gone.
  return Eventually([&] { return !IsAlive(*postgres); }) ? OkStatus() : Internal("PostgreSQL does not die of SIGKILL");
}

bool Federation::FailpointReached(const std::string& name) const {
  return ReadFile(failpoint_log()).value_or("").find(name + "\n") != std::string::npos;
}

// --- Clients.

std::string Federation::user_address() const {
  return connection_settings_.addresses.empty() ? fmt::format("localhost:{}", user_port_)
                                                : connection_settings_.addresses.front();
}

Result<std::unique_ptr<Client>> Federation::MakeClient(const std::string& token) {
  ConnectionSettings connection = connection_settings_;
  connection.token = token;
  Client::Parts parts;
  if (settings_.spread_clients) {
    const auto first = static_cast<std::ptrdiff_t>(clients_made_++ % connection.addresses.size());
    std::ranges::rotate(connection.addresses, connection.addresses.begin() + first);
  }
  ASSIGN_OR_RETURN(parts.connection, Connect(connection));
  parts.pace = {.pause_first = std::chrono::milliseconds(100),
                .pause_max = std::chrono::milliseconds(500),
                .failures_max = 1'000};
  return std::make_unique<Client>(std::move(parts), ids_);
}

Result<std::string> Federation::SubmitOnce(const v1::SubmitJobRequest& request) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, MakeClient());
  ASSIGN_OR_RETURN(const v1::SubmitJobResponse response, client->SubmitJob(request));
  return response.job().job_id();
}

Result<std::string> Federation::Submit(const v1::JobSpec& spec, std::chrono::milliseconds time) {
  v1::SubmitJobRequest request;
  request.set_request_id(NewRequestId());
  *request.mutable_spec() = spec;
  const CallRecord asked{.what = "invoke", .call = "submit", .request = request.request_id(), .subject = spec.name()};
  const auto deadline = std::chrono::steady_clock::now() + time;
  for (StopSignal pause;; pause.WaitFor(kPause)) {
    calls_->Note(asked);
    Result<std::string> job_id = SubmitOnce(request);
    calls_->NoteOutcome(asked, job_id.status(), job_id.value_or(""));
    if (!HasUnknownOutcome(job_id.status()) || std::chrono::steady_clock::now() > deadline) {
      return job_id;
    }
  }
}

std::future<Result<std::string>> Federation::SubmitInBackground(const v1::JobSpec& spec) {
  return std::async(std::launch::async, [this, spec] { return Submit(spec); });
}

void Federation::NoteAccepted(const std::string& job_id) {
  calls_->Note({.what = "ok", .call = "submit", .request = "-", .subject = job_id});
}

Result<v1::Job> Federation::GetJob(const std::string& job_id) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client, MakeClient());
  v1::GetJobRequest request;
  request.set_job_id(job_id);
  ASSIGN_OR_RETURN(v1::GetJobResponse response, client->GetJob(request));
  return std::move(*response.mutable_job());
}

Result<v1::Job> Federation::WaitForEnd(const std::string& job_id, std::chrono::milliseconds time) {
  int looks = 0;
  const auto is_over = [&] {
    const std::optional<v1::Job> job = watch_->Find(job_id);
    if (!watch_->fault().empty() || !watch_->status().ok()) {
      return true;
    }
    // A watch that was cut off before its first event has no place to go on from, and may have missed a short job.
    if (watch_was_cut_ && !job && ++looks % kLooksPerQuestion == 0) {
      const Result<v1::Job> read = GetJob(job_id);
      return read.ok() && HasEnded(*read) && read->money().settled();
    }
    return job && HasEnded(*job) && job->money().settled();
  };
  const bool came_about = Eventually(is_over, time);
  RETURN_IF_ERROR(WatchStanding());
  ASSIGN_OR_RETURN(const v1::Job job, GetJob(job_id));
  if (!HasEnded(job) || !job.money().settled()) {
    return DeadlineExceeded("job {} is not over after {} ms: {}\nthe broker's log ends with:\n{}", job_id, time.count(),
                            job.ShortDebugString(), broker_.LogTail());
  }
  return came_about ? Result<v1::Job>(job)
                    : Internal("the watch never brought the end of job {}: {}", job_id, job.ShortDebugString());
}

Status Federation::WatchStanding() const {
  RETURN_IF_ERROR(watch_->status());
  return watch_->fault().empty() ? OkStatus() : Internal("the watch saw what must not be: {}", watch_->fault());
}

Environment Federation::CommandEnvironment() const {
  Environment environment = PlainEnvironment();
  environment["TURNPIKE_BROKER"] = user_address();
  environment["TURNPIKE_CA"] = data_folder() + "/ca.pem";
  environment["TURNPIKE_TOKEN_FILE"] = data_folder() + "/token";
  return environment;
}

Result<ChildResult> Federation::RunCommand(std::vector<std::string> words, const std::string& input) const {
  words.insert(words.begin(), ProgramPath("turnpike"));
  return RunProgram(
      {.argv = std::move(words), .environment = CommandEnvironment(), .input = input, .timeout = kCommandTime});
}

std::vector<std::string> Federation::CommandLine(const std::vector<std::string>& words) const {
  std::vector<std::string> argv = {ProgramPath("turnpike"),   "--broker",     user_address(),          "--ca",
                                   data_folder() + "/ca.pem", "--token-file", data_folder() + "/token"};
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

// --- Evidence.

Result<std::unique_ptr<Database>> Federation::OpenDatabase(const std::string& role) const {
  return Database::Open(DatabaseAddress(role));
}

std::string Federation::DatabaseAddress(const std::string& role) const {
  return fmt::format("host={} dbname=turnpike user={}{}", DatabaseHosts(), role,
                     settings_.standby ? " target_session_attrs=read-write" : "");
}

std::string Federation::DatabaseHosts() const {
  const std::string first = data_folder() + "/postgres/socket";
  return settings_.standby ? fmt::format("{},{}", first, Path("standby") + "/socket") : first;
}

std::map<std::string, std::string> Federation::Journals() const {
  std::map<std::string, std::string> journals;
  if (settings_.local_site) {
    journals["local"] = data_folder() + "/agent/journal";
  }
  for (const std::unique_ptr<SiteAgent>& site : sites_) {
    journals[site->name()] = site->data_directory() + "/journal";
  }
  return journals;
}

}  // namespace turnpike
