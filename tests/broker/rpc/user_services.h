#pragma once
// JobService and BillingService as their users reach them: a real server on the loopback address over a database of its
// own, with two projects, one site with a share and prices, and nobody who places jobs.

#include <grpcpp/impl/client_unary_call.h>
#include <grpcpp/impl/rpc_method.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/grpc/server.h"
#include "billing/pg/pg_ledger_store.h"
#include "broker/live/index_follower.h"
#include "broker/live/submit_committer.h"
#include "broker/pg/pg_event_log.h"
#include "broker/pg/pg_job_store.h"
#include "broker/pg/pg_link_store.h"
#include "broker/pg/pg_log_store.h"
#include "broker/pg/pg_log_watch.h"
#include "broker/pg/pg_placement_store.h"
#include "broker/pg/pg_refusal_store.h"
#include "broker/pg/pg_secret_store.h"
#include "broker/pg/pg_site_store.h"
#include "broker/pg/pg_token_store.h"
#include "broker/rpc/billing_service.h"
#include "broker/rpc/job_service.h"
#include "tests/base/grpc/test_federation.h"
#include "tests/billing/pg/api_database.h"

namespace turnpike {

// Bearer tokens.
constexpr char kAda[] = "tp_ada";            // a researcher of astro, which has 10 EUR
constexpr char kBob[] = "tp_bob";            // a researcher of bio, which has as much
constexpr char kOperator[] = "tp_operator";  // of the federation
constexpr char kNobody[] = "";               // no token

class UserServices : public testing::Test {
 protected:
  void SetUp() override;

  // One call as gRPC sends it, whatever the bytes are: "JobService/GetJob".
  template <class Response>
  Result<Response> CallWith(const std::string& token, const std::string& method, const std::string& bytes) {
    grpc::ClientContext context;
    Prepare(token, context);
    const std::string path = "/turnpike.v1." + method;
    const grpc::Slice slice(bytes);
    Response response;
    const grpc::Status status = grpc::internal::BlockingUnaryCall(
        channel_.get(), grpc::internal::RpcMethod(path.c_str(), nullptr, grpc::internal::RpcMethod::NORMAL_RPC),
        &context, grpc::ByteBuffer(&slice, 1), &response);
    return status.ok() ? Result<Response>(response) : Result<Response>(FromGrpc(status));
  }
  template <class Response>
  Result<Response> Call(const std::string& token, const std::string& method, const google::protobuf::Message& request) {
    return CallWith<Response>(token, method, request.SerializeAsString());
  }
  void Prepare(const std::string& token, grpc::ClientContext& context) const;

  std::string NewRequestId() { return database_.ids().TimeOrdered<RequestId>().ToString(); }
  v1::SubmitJobRequest Submission(const v1::JobSpec& spec);
  // The new job's id.
  std::string Submit(const std::string& token);
  // Ends a job that nobody has begun.
  void Cancel(const std::string& token, const std::string& job_id);
  int64_t Count(const std::string& table);
  // Reads what was committed and hands it on, as the placement loop does, until the job is seen to have ended.
  void FollowToEndOf(const std::string& job_id);

  UserServices() = default;
  explicit UserServices(const CallLimits& limits) : limits_(limits) {}

  ApiDatabase database_;
  TestFederation federation_;
  SystemClock machine_;
  DatabaseClock clock_{machine_};
  TransactionRunner link_transactions_{{.connection = {.conninfo = database_.database().ConnectionString(kLinkRole)}},
                                       clock_};
  TransactionRunner placement_transactions_{
      {.connection = {.conninfo = database_.database().ConnectionString(kPlacementRole)}}, clock_};
  PgJobStore jobs_{database_.transactions(), database_.ids()};
  PgLedgerStore ledger_{database_.transactions(), database_.ids()};
  PgSiteStore sites_{database_.transactions()};
  PgTokenStore tokens_{database_.transactions()};
  PgLinkStore links_{link_transactions_, database_.ids(), std::chrono::seconds(0)};
  PgPlacementStore placement_{placement_transactions_, database_.ids()};
  PgEventLog events_{placement_transactions_};
  IndexFollower index_{
      {.placement = placement_, .sites = sites_, .ids = database_.ids(), .clock = clock_, .policy = {}}};
  Metrics metrics_;
  const CallLimits limits_;
  WatchHub hub_;
  PgLogStore logs_{database_.transactions()};
  PgLogWatch log_watch_{placement_transactions_};
  SiteSessions sessions_;
  LogHub log_hub_{log_watch_, sessions_, [this] { events_.Poke(); }};
  SubmitCommitter committer_{jobs_, {}, [this] { events_.Poke(); }};
  PgSecretStore secrets_{database_.transactions()};
  PgRefusalStore refusals_{database_.transactions()};
  SystemRandom random_;
  QuoteSeal seal_{secrets_, random_};
  SubmitJobs submit_{{.queue = committer_, .basis = index_, .seal = seal_, .ids = database_.ids(), .clock = clock_}};
  QuoteJob quote_{{.basis = index_, .seal = seal_, .refusals = refusals_, .ledger = ledger_, .clock = clock_}};
  ExplainJob explain_{{.waiting = index_, .basis = index_, .ledger = ledger_, .clock = clock_}};
  Authenticator authenticator_{tokens_, machine_};
  CallLimiter limiter_{limits_, machine_, metrics_};
  JobService job_service_{{.setting = {authenticator_, pool_, limiter_},
                           .submit = submit_,
                           .quote = quote_,
                           .explain = explain_,
                           .jobs = jobs_,
                           .ledger = ledger_,
                           .index = index_,
                           .events = events_,
                           .watch = hub_,
                           .logs = logs_,
                           .log_hub = log_hub_,
                           .metrics = metrics_,
                           .committed = [this] { events_.Poke(); }}};
  BillingService billing_service_{{.setting = {authenticator_, pool_, limiter_},
                                   .ledger = ledger_,
                                   .sites = sites_,
                                   .jobs = jobs_,
                                   .ids = database_.ids()}};
  WorkerPool pool_{{.threads = 2, .waiting_max = 100}};
  std::unique_ptr<GrpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;

 private:
  ProjectId MakeProject(const std::string& name);
  void MakeToken(const std::string& token, std::optional<ProjectId> project_id, Role role);
  void MakeSite();

  EventPosition followed_;
};

}  // namespace turnpike
