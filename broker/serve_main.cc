#include "broker/serve_main.h"

#include <fmt/format.h>

#include "base/exposition/process_metrics.h"
#include "base/grpc/credentials.h"
#include "base/log.h"
#include "broker/broker_parts_main.h"
#include "broker/database_main.h"
#include "broker/identity/bearer_token.h"

namespace turnpike {

namespace {

constexpr int kUserThreads = 8;
constexpr int kAgentThreads = 4;
constexpr std::chrono::milliseconds kShutdownGrace{3'000};

// The connections of one kind of calls.
struct PoolPlan {
  const std::string& conninfo;
  std::string_view name;
  int connections = 1;
};

ConnectionPoolSettings PoolFor(const BrokerSettings& settings, DatabaseServers& servers, const PoolPlan& plan) {
  ConnectionPoolSettings pool;
  pool.connection.conninfo = plan.conninfo;
  pool.connection.application_name = fmt::format("turnpike-broker {}", plan.name);
  pool.connection.servers = &servers;
  pool.connections_max = plan.connections;
  pool.standby_required = settings.standby_required;
  return pool;
}

Status CheckAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) {
    return InvalidArgument("address '{}' has no port; give host:port", address);
  }
  return OkStatus();
}

ServerNames NamesOf(const std::vector<std::string>& names) {
  ServerNames out;
  for (const std::string& name : names) {
    const bool is_address = name.find_first_not_of("0123456789.:abcdefABCDEF") == std::string::npos &&
                            name.find_first_of(".:") != std::string::npos &&
                            name.find_first_of("0123456789:") != std::string::npos;
    (is_address ? out.ip_addresses : out.dns_names).push_back(name);
  }
  return out;
}

}  // namespace

BrokerParts::BrokerParts(const BrokerSettings& given, std::unique_ptr<CertificateAuthority> given_authority)
    : settings(given),
      limiter(settings.limits, machine_clock, metrics),
      clock(machine_clock),
      ids(clock, random),
      api_transactions(PoolFor(settings, database_servers, {settings.database.api, "api", kUserThreads}), clock),
      submit_transactions(PoolFor(settings, database_servers, {settings.database.api, "submit", 1}), clock),
      link_transactions(PoolFor(settings, database_servers, {settings.database.link, "link", kAgentThreads}), clock),
      site_transactions(PoolFor(settings, database_servers, {settings.database.api, "sites", kAgentThreads + 1}),
                        clock),
      placement_transactions(PoolFor(settings, database_servers, {settings.database.placement, "placement", 1}), clock),
      event_transactions(PoolFor(settings, database_servers, {settings.database.placement, "events", 2}), clock),
      watch_transactions(PoolFor(settings, database_servers, {settings.database.placement, "watch", 2}), clock),
      job_store(api_transactions, ids),
      submit_store(submit_transactions, ids),
      site_store(api_transactions),
      agent_site_store(site_transactions),
      token_store(api_transactions),
      ledger_store(api_transactions, ids),
      secret_store(api_transactions),
      refusal_store(api_transactions),
      link_store(link_transactions, ids, std::chrono::seconds(settings.usage_wait_seconds)),
      log_store(api_transactions),
      log_watch(event_transactions),
      placement_store(placement_transactions, ids, settings.retention),
      placement_lease(placement_transactions, {.replica = settings.replica}),
      event_log(event_transactions),
      watched_log(watch_transactions),
      authority(std::move(given_authority)),
      index({.placement = placement_store,
             .sites = agent_site_store,
             .ids = ids,
             .clock = clock,
             .policy = {.usage_half_life_days = settings.usage_half_life_days}}),
      log_hub(log_watch, site_sessions, [this] { event_log.Poke(); }),
      placement({.log = event_log,
                 .store = placement_store,
                 .lease = placement_lease,
                 .index = index,
                 .clock = machine_clock,
                 .listeners = {&watch_hub, &site_sessions},
                 .logs = log_hub,
                 .sessions = site_sessions,
                 .metrics = metrics},
                {.offer_lifetime = std::chrono::seconds(settings.offer_seconds)}),
      committer(submit_store, {}, [this] { event_log.Poke(); }),
      quote_seal(secret_store, random),
      submit_jobs({.queue = committer, .basis = index, .seal = quote_seal, .ids = ids, .clock = clock}),
      quote_job(
          {.basis = index, .seal = quote_seal, .refusals = refusal_store, .ledger = ledger_store, .clock = clock}),
      explain_job({.waiting = index, .basis = index, .ledger = ledger_store, .clock = clock}),
      authenticator(token_store, machine_clock),
      job_service({.setting = {authenticator, user_pool, limiter},
                   .submit = submit_jobs,
                   .quote = quote_job,
                   .explain = explain_job,
                   .jobs = job_store,
                   .ledger = ledger_store,
                   .index = index,
                   .events = watched_log,
                   .watch = watch_hub,
                   .logs = log_store,
                   .log_hub = log_hub,
                   .metrics = metrics,
                   .committed = [this] { event_log.Poke(); }}),
      site_service({.setting = {authenticator, user_pool, limiter},
                    .sites = site_store,
                    .federation = index,
                    .issuer = *authority,
                    .ids = ids,
                    .clock = clock,
                    .make_token = [this] { return MakeBearerToken(random); },
                    .site_changed = [this] { placement.NoteSiteChange(); }}),
      billing_service({.setting = {authenticator, user_pool, limiter},
                       .ledger = ledger_store,
                       .sites = site_store,
                       .jobs = job_store,
                       .ids = ids}),
      enroll_service({.sites = site_store,
                      .issuer = *authority,
                      .pool = user_pool,
                      .limiter = limiter,
                      .clock = clock,
                      .agent_address = [this] { return agent_dial_address; },
                      .site_changed = [this] { placement.NoteSiteChange(); }}),
      agent_link_service({.store = link_store,
                          .sites = agent_site_store,
                          .issuer = *authority,
                          .sessions = site_sessions,
                          .logs = log_hub,
                          .pool = agent_pool,
                          .clock = clock,
                          .counts = link_counts,
                          .replica = settings.replica,
                          .committed = [this] { event_log.Poke(); },
                          .site_changed = [this] { placement.NoteSiteChange(); },
                          .spawn_lease = std::chrono::seconds(settings.spawn_lease_seconds)}),
      user_pool({.threads = kUserThreads, .waiting_max = 2'000}),
      agent_pool({.threads = kAgentThreads, .waiting_max = 2'000}) {
  ShowMetrics();
}

Broker::Broker(std::unique_ptr<BrokerParts> parts) : parts_(std::move(parts)) {}

Broker::~Broker() {
  Stop();
}

Result<std::unique_ptr<Broker>> Broker::Start(const BrokerSettings& settings) {
  RETURN_IF_ERROR(CheckAddress(settings.user_address));
  RETURN_IF_ERROR(CheckAddress(settings.agent_address));
  SystemClock clock;
  static SystemRandom random;  // The authority keeps a reference for as long as the process lives.
  ASSIGN_OR_RETURN(std::unique_ptr<CertificateAuthority> authority,
                   CertificateAuthority::LoadOrCreate({.trust_domain = settings.trust_domain,
                                                       .certificate_path = settings.ca_certificate_path,
                                                       .private_key_path = settings.ca_key_path},
                                                      clock.Now(), random));
  ASSIGN_OR_RETURN(const ServerCertificate certificate,
                   authority->IssueServerCertificate(NamesOf(settings.server_names), clock.Now()));
  const TlsIdentity identity{.certificate_pem = certificate.certificate_pem,
                             .private_key_pem = certificate.private_key_pem,
                             .ca_pem = authority->ca_certificate_pem()};
  std::unique_ptr<Broker> broker(new Broker(std::make_unique<BrokerParts>(settings, std::move(authority))));
  BrokerParts& parts = *broker->parts_;
  RETURN_IF_ERROR(AwaitDatabase(parts));

  ASSIGN_OR_RETURN(const auto agent_credentials, AgentServerCredentials(identity));
  ASSIGN_OR_RETURN(parts.agent_server,
                   GrpcServer::Start({.address = settings.agent_address,
                                      .credentials = agent_credentials,
                                      .services = {Serve<v1::SiteLinkService>(parts.agent_link_service)},
                                      .metrics = &parts.metrics}));
  parts.agent_dial_address = fmt::format("{}:{}", settings.server_names.front(), parts.agent_server->port());
  ASSIGN_OR_RETURN(const auto user_credentials, UserServerCredentials(identity));
  ASSIGN_OR_RETURN(parts.user_server, GrpcServer::Start({.address = settings.user_address,
                                                         .credentials = user_credentials,
                                                         .services = {Serve<v1::JobService>(parts.job_service),
                                                                      Serve<v1::SiteService>(parts.site_service),
                                                                      Serve<v1::BillingService>(parts.billing_service),
                                                                      Serve<v1::SiteLinkService>(parts.enroll_service)},
                                                         .metrics = &parts.metrics}));
  parts.metrics.GaugeOf(Metric::kCertificateEnd).Set(SecondsOf(certificate.not_after));
  if (!settings.metrics_address.empty()) {
    ASSIGN_OR_RETURN(parts.metrics_server, MetricsServer::Start(settings.metrics_address, parts.metrics));
    LogInfo("metrics are shown", {{"port", std::to_string(parts.metrics_server->port())}});
  }
  LogInfo("broker is serving", {{"users", fmt::format("port {}", parts.user_server->port())},
                                {"agents", fmt::format("port {}", parts.agent_server->port())}});
  return broker;
}

int Broker::user_port() const {
  return parts_->user_server->port();
}
int Broker::agent_port() const {
  return parts_->agent_server->port();
}
std::string Broker::ca_certificate_pem() const {
  return parts_->authority->ca_certificate_pem();
}

void Broker::Stop() {
  if (parts_->user_server) {
    parts_->user_server->Shutdown(kShutdownGrace);
  }
  if (parts_->agent_server) {
    parts_->agent_server->Shutdown(kShutdownGrace);
  }
  parts_->placement.Stop();
  parts_->metrics_server.reset();
}

}  // namespace turnpike
