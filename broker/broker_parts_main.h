#pragma once
// Every part of a running broker, in the order in which they are made; destroyed the other way round.

#include <functional>
#include <memory>
#include <string>

#include "base/exposition/metrics_server.h"
#include "base/grpc/server.h"
#include "base/pg/transaction_runner.h"
#include "base/random.h"
#include "base/system_clock.h"
#include "billing/pg/pg_ledger_store.h"
#include "broker/identity/certificate_authority.h"
#include "broker/live/placement_loop.h"
#include "broker/live/submit_committer.h"
#include "broker/pg/pg_event_log.h"
#include "broker/pg/pg_job_store.h"
#include "broker/pg/pg_link_store.h"
#include "broker/pg/pg_log_store.h"
#include "broker/pg/pg_log_watch.h"
#include "broker/pg/pg_placement_lease.h"
#include "broker/pg/pg_placement_store.h"
#include "broker/pg/pg_refusal_store.h"
#include "broker/pg/pg_secret_store.h"
#include "broker/pg/pg_site_store.h"
#include "broker/pg/pg_token_store.h"
#include "broker/rpc/agent_link_service.h"
#include "broker/rpc/billing_service.h"
#include "broker/rpc/enroll_service.h"
#include "broker/rpc/job_service.h"
#include "broker/rpc/site_service.h"
#include "broker/serve_main.h"

namespace turnpike {

class BrokerParts {
 public:
  BrokerParts(const BrokerSettings& settings, std::unique_ptr<CertificateAuthority> authority);

  const BrokerSettings settings;
  SystemClock machine_clock;
  SystemRandom random;
  Metrics metrics;
  LinkCounts link_counts{metrics};
  CallLimiter limiter;
  DatabaseClock clock;
  IdSource ids;
  DatabaseServers database_servers;
  // Agents' calls and placement keep connections and threads of their own, also for what they read of sites: a flood of
  // users must not cost a lease.
  TransactionRunner api_transactions;
  TransactionRunner submit_transactions;
  TransactionRunner link_transactions;
  TransactionRunner site_transactions;
  TransactionRunner placement_transactions;  // one connection: the placement lease is its session's
  TransactionRunner event_transactions;
  TransactionRunner watch_transactions;
  PgJobStore job_store;
  PgJobStore submit_store;
  PgSiteStore site_store;
  PgSiteStore agent_site_store;
  PgTokenStore token_store;
  PgLedgerStore ledger_store;
  PgSecretStore secret_store;
  PgRefusalStore refusal_store;
  PgLinkStore link_store;
  PgLogStore log_store;
  PgLogWatch log_watch;
  PgPlacementStore placement_store;
  PgPlacementLease placement_lease;
  PgEventLog event_log;
  PgEventLog watched_log;
  std::unique_ptr<CertificateAuthority> authority;
  IndexFollower index;
  WatchHub watch_hub;
  SiteSessions site_sessions;
  LogHub log_hub;
  PlacementLoop placement;
  SubmitCommitter committer;
  QuoteSeal quote_seal;
  SubmitJobs submit_jobs;
  QuoteJob quote_job;
  ExplainJob explain_job;
  Authenticator authenticator;
  JobService job_service;
  SiteService site_service;
  BillingService billing_service;
  EnrollService enroll_service;
  AgentLinkService agent_link_service;
  // After the services, so that what still runs in a pool finds them alive.
  WorkerPool user_pool;
  WorkerPool agent_pool;
  std::string agent_dial_address;  // known once the agent server listens
  std::unique_ptr<GrpcServer> agent_server;
  std::unique_ptr<GrpcServer> user_server;
  std::unique_ptr<MetricsServer> metrics_server;  // reads all of the above

 private:
  void ShowMetrics();
};

}  // namespace turnpike
