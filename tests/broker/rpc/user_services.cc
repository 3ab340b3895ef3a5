#include "tests/broker/rpc/user_services.h"

#include <algorithm>

#include "broker/core/capacity_codec.h"
#include "tests/broker/rpc/sample_spec.h"

namespace turnpike {
namespace {

constexpr std::chrono::seconds kCallMax{60};
constexpr int kLooksMax = 1'000;
constexpr size_t kEventsMax = 100;  // of one look
constexpr std::chrono::milliseconds kPause{10};

ShareStatus Share(Timestamp now) {
  ShareStatus share;
  share.info.name = "main";
  share.info.node.cpu_architecture = "x86_64";
  share.info.node.cores = 8;
  share.info.node.memory_mib = 16'000;
  share.info.guarded = true;
  share.load.pool = {.nodes_total = 4, .nodes_idle = 4, .cores_total = 32, .cores_idle = 32};
  share.load.observed_at = now;
  return share;
}

}  // namespace

void UserServices::SetUp() {
  MakeToken(kAda, MakeProject("astro"), Role::kUser);
  MakeToken(kBob, MakeProject("bio"), Role::kUser);
  MakeToken(kOperator, std::nullopt, Role::kFederationOperator);
  ASSERT_NO_FATAL_FAILURE(MakeSite());
  followed_ = events_.Head().value();
  ASSERT_TRUE(index_.Rebuild().ok());
  server_ =
      GrpcServer::Start({.address = "127.0.0.1:0",
                         .credentials = UserServerCredentials(federation_.Server()).value(),
                         .services = {Serve<v1::JobService>(job_service_), Serve<v1::BillingService>(billing_service_)},
                         .metrics = &metrics_})
          .value();
  const TlsIdentity anybody{.certificate_pem = "", .private_key_pem = "", .ca_pem = federation_.ca_pem()};
  channel_ = MakeChannel({.address = fmt::format("127.0.0.1:{}", server_->port()),
                          .credentials = ClientCredentials(anybody).value(),
                          .keepalive_without_calls = false,
                          .service_config_json = ""});
}

void UserServices::Prepare(const std::string& token, grpc::ClientContext& context) const {
  context.set_deadline(std::chrono::system_clock::now() + kCallMax);
  if (!token.empty()) {
    context.AddMetadata("authorization", "Bearer " + token);
  }
}

ProjectId UserServices::MakeProject(const std::string& name) {
  const ProjectId id = database_.ids().Random<ProjectId>();
  EXPECT_TRUE(ledger_.CreateProject(database_.NewKey("CreateProject", name), {id, name, "EUR"}).ok());
  EXPECT_TRUE(ledger_
                  .Deposit({.key = database_.NewKey("Deposit", name),
                            .project_id = id,
                            .amount_micros = 10'000'000,
                            .description = "grant"})
                  .ok());
  return id;
}

void UserServices::MakeToken(const std::string& token, std::optional<ProjectId> project_id, Role role) {
  const NewToken made{.token_id = database_.ids().Random<TokenId>(),
                      .token_hash = Sha256(token),
                      .project_id = project_id,
                      .subject = token,
                      .roles = {role},
                      .expires_at = std::nullopt};
  EXPECT_TRUE(tokens_.Create(made).ok());
}

void UserServices::MakeSite() {
  NewSite site;
  site.site.site_id = database_.ids().Random<SiteId>();
  site.site.name = "alpha";
  site.site.display_name = "Alpha";
  site.site.time_zone = "UTC";
  site.token_hash = Sha256("enroll");
  site.token_expires_at = database_.Now() + std::chrono::hours(1);
  ASSERT_TRUE(sites_.Register(database_.NewKey("RegisterSite", "alpha"), site).ok());
  PriceBook book;
  book.site_id = site.site.site_id;
  book.unit = "EUR";
  book.rates = {{.share = "*", .resource = PricedResource::kCoreHour, .micros_per_hour = 60'000}};
  ASSERT_TRUE(sites_.SetPriceBook(database_.NewKey("SetPriceBook", "alpha"), book).ok());
  const Result<OpenedSession> session = links_.OpenSession({.site_id = site.site.site_id,
                                                            .replica = "test",
                                                            .journal_id = database_.ids().Random<JournalId>(),
                                                            .journal_seq = 0,
                                                            .epoch_seen = 0,
                                                            .scheduler = "process"});
  ASSERT_TRUE(session.ok()) << session.status();
  ASSERT_TRUE(
      links_.StoreCapacity(site.site.site_id, session->epoch, 1, EncodeCapacity({Share(database_.Now())})).ok());
}

v1::SubmitJobRequest UserServices::Submission(const v1::JobSpec& spec) {
  v1::SubmitJobRequest request;
  request.set_request_id(NewRequestId());
  *request.mutable_spec() = spec;
  return request;
}

std::string UserServices::Submit(const std::string& token) {
  const auto response = Call<v1::SubmitJobResponse>(token, "JobService/SubmitJob", Submission(SampleSpec()));
  EXPECT_TRUE(response.ok()) << response.status();
  return response.ok() ? response->job().job_id() : "";
}

void UserServices::Cancel(const std::string& token, const std::string& job_id) {
  v1::CancelJobRequest request;
  request.set_request_id(NewRequestId());
  request.set_job_id(job_id);
  const auto response = Call<v1::CancelJobResponse>(token, "JobService/CancelJob", request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->job().state(), v1::JOB_STATE_CANCELLED);
}

int64_t UserServices::Count(const std::string& table) {
  return database_.CountAsSuperuser(("SELECT count(*) FROM " + table).c_str());
}

void UserServices::FollowToEndOf(const std::string& job_id) {
  const auto is_end = [&](const LoggedEvent& event) {
    return event.job.job_id.ToString() == job_id && event.job.state == JobState::kCancelled;
  };
  for (int look = 0; look < kLooksMax; ++look) {
    const Result<std::vector<LoggedEvent>> events = events_.ReadAfter(followed_, kEventsMax);
    ASSERT_TRUE(events.ok()) << events.status();
    if (events->empty()) {
      events_.WaitForHint(kPause);
      continue;
    }
    hub_.OnEvents(*events);
    followed_ = events->back().position;
    if (std::ranges::any_of(*events, is_end)) {
      return;
    }
  }
  FAIL() << "the end of job " << job_id << " is in no event";
}

}  // namespace turnpike
