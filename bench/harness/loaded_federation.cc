#include "bench/harness/loaded_federation.h"

#include <signal.h>
#include <turnpike/v1/billing_service.grpc.pb.h>
#include <turnpike/v1/job_service.grpc.pb.h>
#include <turnpike/v1/site_service.grpc.pb.h>

#include "base/embedded_file.h"
#include "base/file_sync.h"
#include "base/grpc/call_metadata.h"
#include "base/grpc/channel.h"
#include "base/grpc/credentials.h"
#include "base/grpc/error_details.h"
#include "base/pg/migrate.h"
#include "base/stop_signal.h"
#include "bench/harness/free_port.h"
#include "bench/harness/sample_job.h"
#include "broker/core/capacity_codec.h"

namespace turnpike {

extern const std::span<const EmbeddedFile> kMigrations;

namespace {

constexpr std::chrono::seconds kStartTime{120};
constexpr std::chrono::milliseconds kKillTime{20'000};
constexpr std::chrono::milliseconds kPause{100};
constexpr char kProject[] = "astro";
constexpr char kUnit[] = "EUR";

// Room for every job, and no node idle: what is submitted waits.
std::vector<ShareStatus> OneShare() {
  ShareStatus share;
  share.info.name = "main";
  share.info.node.cpu_architecture = "x86_64";
  share.info.node.cores = 128;
  share.info.node.memory_mib = 512 * 1024;
  share.info.guarded = true;
  share.info.account_mode = AccountMode::kOwnAccount;
  share.load.pool = {.nodes_total = 1'000, .cores_total = 128'000};
  return {share};
}

template <class Call>
Status WithToken(const std::string& token, Call call) {
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(std::chrono::system_clock::now() + kStartTime);
  RETURN_IF_ERROR(AddCallMetadata({.bearer_token = token, .request_id = {}, .traceparent = {}}, context));
  return FromGrpc(call(context));
}

}  // namespace

Result<std::unique_ptr<LoadedFederation>> LoadedFederation::Start(const Settings& settings) {
  RETURN_IF_ERROR(MakeFolders(settings.folder, 0755));
  RETURN_IF_ERROR(MakeFolders(settings.folder + "/ca", 0700));
  ASSIGN_OR_RETURN(SyncDelay delay, SyncDelay::Make(settings.slow_sync, settings.folder));
  std::unique_ptr<LoadedFederation> federation(new LoadedFederation(settings, std::move(delay)));
  RETURN_IF_ERROR(federation->StartPostgres());
  RETURN_IF_ERROR(federation->MakeReference());
  ASSIGN_OR_RETURN(const int user_port, FindFreePort());
  ASSIGN_OR_RETURN(const int agent_port, FindFreePort());
  federation->user_address_ = fmt::format("localhost:{}", user_port);
  federation->agent_address_ = fmt::format("localhost:{}", agent_port);
  ASSIGN_OR_RETURN(federation->authority_,
                   CertificateAuthority::LoadOrCreate({.trust_domain = "turnpike.local",
                                                       .certificate_path = settings.folder + "/ca/ca.pem",
                                                       .private_key_path = settings.folder + "/ca/ca.key"},
                                                      federation->clock_.Now(), federation->random_));
  ASSIGN_OR_RETURN(
      federation->credentials_,
      ClientCredentials(
          {.certificate_pem = {}, .private_key_pem = {}, .ca_pem = federation->authority_->ca_certificate_pem()}));
  federation->channel_ = MakeChannel(
      {.address = federation->user_address_, .credentials = federation->credentials_, .service_config_json = {}});
  RETURN_IF_ERROR(federation->StartBroker());
  RETURN_IF_ERROR(federation->MakeProject());
  RETURN_IF_ERROR(federation->MakeSites());
  RETURN_IF_ERROR(federation->WaitForSite());
  return federation;
}

LoadedFederation::~LoadedFederation() {
  KillBroker().IgnoreError();
  if (postgres_) {
    sync_delay_.Set(std::chrono::microseconds(0)).IgnoreError();
    postgres_->Stop().IgnoreError();
  }
}

Status LoadedFederation::StartPostgres() {
  PrivatePostgresSettings postgres{.folder = settings_.folder + "/postgres",
                                   .server_settings = settings_.postgres,
                                   .server_environment = sync_delay_.Environment()};
  ASSIGN_OR_RETURN(postgres_, PrivatePostgres::Start(postgres));
  return OkStatus();
}

Status LoadedFederation::MakeReference() {
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection, Open("postgres"));
  RETURN_IF_ERROR(connection->ExecuteScript("CREATE DATABASE reference OWNER turnpike"));
  return ApplyMigrations(postgres_->ConnectionString(kOwnerRole, kReference), kMigrations).status();
}

Status LoadedFederation::KillBroker() {
  if (broker_.pid == 0) {
    return OkStatus();
  }
  SignalProcess(broker_, SIGKILL).IgnoreError();  // Gone already: the wait tells.
  const bool gone = WaitUntilGone(broker_, kKillTime);
  broker_ = {};
  return gone ? OkStatus() : Internal("the broker does not die of SIGKILL");
}

Status LoadedFederation::KillAndRevive() {
  RETURN_IF_ERROR(KillBroker());
  RETURN_IF_ERROR(SignalProcess(postgres_->process(), SIGKILL));
  if (!WaitUntilGone(postgres_->process(), kKillTime)) {
    return Internal("PostgreSQL does not die of SIGKILL");
  }
  RETURN_IF_ERROR(StartPostgres());  // Its start kills what the dead server left behind.
  return StartBroker();
}

Status LoadedFederation::StartBroker() {
  RETURN_IF_ERROR(LaunchBroker());
  return WaitUntilServing();
}

Status LoadedFederation::LaunchBroker() {
  const std::string log = settings_.folder + "/broker.log";
  ASSIGN_OR_RETURN(
      broker_, StartDetached({.argv = {settings_.broker, "--database",
                                       fmt::format("host={}/postgres/socket dbname={}", settings_.folder, kDatabase),
                                       "--user-address", "127.0.0.1" + user_address_.substr(user_address_.find(':')),
                                       "--agent-address", "127.0.0.1" + agent_address_.substr(agent_address_.find(':')),
                                       "--ca-certificate", settings_.folder + "/ca/ca.pem", "--ca-key",
                                       settings_.folder + "/ca/ca.key", "--replica", "bench", "--log-level", "warn",
                                       // One project is to fill the broker.
                                       "--project-calls-per-second", "0", "--project-jobs-per-second", "0",
                                       "--project-calls-open", "100000"},
                              .environment = {{"PATH", "/usr/bin:/bin"}},
                              .directory = "/",
                              .output_path = log,
                              .error_path = log}));
  return OkStatus();
}

// Once it answers at all; the channel may first find out that the broker before is dead.
Status LoadedFederation::WaitUntilServing() {
  const auto stub = v1::JobService::NewStub(channel_);
  const auto until = std::chrono::steady_clock::now() + kStartTime;
  Status served;
  do {
    v1::ListJobsResponse jobs;
    served = WithToken("nobody", [&](grpc::ClientContext& context) { return stub->ListJobs(&context, {}, &jobs); });
  } while (served.code() == StatusCode::kUnavailable && IsAlive(broker_) && std::chrono::steady_clock::now() < until);
  return served.code() == StatusCode::kUnauthenticated
             ? OkStatus()
             : Internal("the broker does not serve ({}); see {}/broker.log", MessageOf(served), settings_.folder);
}

void LoadedFederation::Authorize(grpc::ClientContext& context) const {
  AddCallMetadata({.bearer_token = token_, .request_id = {}, .traceparent = {}}, context)
      .IgnoreError();  // Our own token can always be sent.
}

Result<std::string> LoadedFederation::MakeToken(const std::vector<std::string>& for_whom) {
  std::vector<std::string> argv = {settings_.broker, "token", "create", "--database",
                                   fmt::format("host={}/postgres/socket dbname={}", settings_.folder, kDatabase)};
  argv.insert(argv.end(), for_whom.begin(), for_whom.end());
  ASSIGN_OR_RETURN(
      const ChildResult made,
      RunChild({.argv = argv, .environment = {{"PATH", "/usr/bin:/bin"}}, .directory = "/", .standard_input = {}}));
  if (!made.succeeded()) {
    return Internal("no token: {}", made.error_output);
  }
  return made.output.substr(0, made.output.find('\n'));
}

Status LoadedFederation::MakeProject() {
  ASSIGN_OR_RETURN(const std::string token, MakeToken({"--subject", "operator", "--role", "federation-operator"}));
  const auto stub = v1::BillingService::NewStub(channel_);
  v1::CreateProjectRequest create;
  create.set_request_id(ids_.TimeOrdered<RequestId>().ToString());
  create.set_name(kProject);
  create.set_unit(kUnit);
  v1::CreateProjectResponse created;
  RETURN_IF_ERROR(
      WithToken(token, [&](grpc::ClientContext& context) { return stub->CreateProject(&context, create, &created); }));
  v1::DepositRequest deposit;
  deposit.set_request_id(ids_.TimeOrdered<RequestId>().ToString());
  deposit.set_project(kProject);
  deposit.set_amount("1000000000");
  v1::DepositResponse deposited;
  RETURN_IF_ERROR(
      WithToken(token, [&](grpc::ClientContext& context) { return stub->Deposit(&context, deposit, &deposited); }));
  ASSIGN_OR_RETURN(token_, MakeToken({"--project", kProject, "--subject", "alice", "--role", "user", "--role",
                                      "federation-operator"}));
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> database, OpenDatabase());
  ASSIGN_OR_RETURN(const Rows rows, database->Execute("SELECT project_id FROM project"));
  project_id_ = rows.Id<ProjectId>(0, 0);
  return OkStatus();
}

Status LoadedFederation::MakeSites() {
  for (int number = 1; number <= settings_.sites; ++number) {
    RETURN_IF_ERROR(RegisterSite(fmt::format("site-{}", number)));
  }
  // What their agents would have reported.
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> database, OpenDatabase());
  ASSIGN_OR_RETURN(const Rows rows, database->Execute("UPDATE site SET state = 'ACTIVE', agent = $1 RETURNING site_id",
                                                      Params().Int(kPlayedAgentNumber)));
  for (int row = 0; row < rows.size(); ++row) {
    site_ids_.push_back(rows.Id<SiteId>(row, 0));
  }
  return database
      ->Execute("INSERT INTO site_capacity (site_id, epoch, number, body) SELECT site_id, 0, 1, $1 FROM site",
                Params().Bytes(EncodeCapacity(OneShare())))
      .status();
}

Status LoadedFederation::RegisterSite(const std::string& name) {
  const auto stub = v1::SiteService::NewStub(channel_);
  v1::RegisterSiteRequest site;
  site.set_request_id(ids_.TimeOrdered<RequestId>().ToString());
  site.set_name(name);
  v1::RegisterSiteResponse registered;
  RETURN_IF_ERROR(
      WithToken(token_, [&](grpc::ClientContext& context) { return stub->RegisterSite(&context, site, &registered); }));
  v1::SetPriceBookRequest prices;
  prices.set_request_id(ids_.TimeOrdered<RequestId>().ToString());
  prices.set_site(name);
  prices.set_unit(kUnit);
  v1::Rate& rate = *prices.add_rates();
  rate.set_share("*");
  rate.set_resource(v1::Rate::RESOURCE_CORE_HOUR);
  rate.set_price("0.02");
  v1::SetPriceBookResponse priced;
  return WithToken(token_, [&](grpc::ClientContext& context) { return stub->SetPriceBook(&context, prices, &priced); });
}

Status LoadedFederation::WaitForSite() {
  const auto stub = v1::JobService::NewStub(channel_);
  v1::SubmitJobRequest trial;
  trial.set_validate_only(true);
  *trial.mutable_spec() = SampleJob(0);
  const auto until = std::chrono::steady_clock::now() + kStartTime;
  Status status;
  for (StopSignal pause; std::chrono::steady_clock::now() < until; pause.WaitFor(kPause)) {
    v1::SubmitJobResponse response;
    status =
        WithToken(token_, [&](grpc::ClientContext& context) { return stub->SubmitJob(&context, trial, &response); });
    if (status.ok()) {
      return OkStatus();
    }
  }
  return status;
}

Result<std::unique_ptr<Connection>> LoadedFederation::Open(const std::string& database) const {
  constexpr std::chrono::minutes kStatementTime{10};
  return Connection::Open({.conninfo = postgres_->SuperuserConnectionString(database),
                           .application_name = "bench",
                           .statement_timeout = kStatementTime});
}

}  // namespace turnpike
