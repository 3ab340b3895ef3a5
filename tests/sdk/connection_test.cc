// The client against real servers: what a broker gets to see, and what comes back.
#include "sdk/connection.h"

#include <gmock/gmock.h>
#include <grpc/support/time.h>
#include <gtest/gtest.h>
#include <turnpike/v1/job_service.grpc.pb.h>

#include <deque>

#include "base/error_reason.h"
#include "base/grpc/call_metadata.h"
#include "base/grpc/error_details.h"
#include "base/grpc/server.h"
#include "base/mutex.h"
#include "sdk/client.h"
#include "tests/base/grpc/test_federation.h"

namespace turnpike {
namespace {

using testing::Each;
using testing::SizeIs;

// What a broker saw of one call.
struct Seen {
  std::string request_id;
  std::string header_id;
  std::string token;
  std::chrono::milliseconds time_left{};
};

std::chrono::milliseconds TimeLeft(const grpc::ServerContext& context) {
  const gpr_timespec deadline = gpr_convert_clock_type(context.raw_deadline(), GPR_CLOCK_MONOTONIC);
  return std::chrono::milliseconds(gpr_time_to_millis(gpr_time_sub(deadline, gpr_now(GPR_CLOCK_MONOTONIC))));
}

// Answers SubmitJob with the outcomes given, in turn, then with OK.
class ScriptedJobs final : public v1::JobService::Service {
 public:
  grpc::Status SubmitJob(grpc::ServerContext* context, const v1::SubmitJobRequest* request,
                         v1::SubmitJobResponse* response) override {
    MutexLock lock(mutex_);
    seen_.push_back({.request_id = request->request_id(),
                     .header_id = RequestIdOf(*context),
                     .token = BearerTokenOf(*context).value_or("none"),
                     .time_left = TimeLeft(*context)});
    while (frozen_) {
      thawed_.Wait(mutex_);
    }
    response->mutable_job()->set_job_id("job-" + std::to_string(seen_.size()));
    return TakeOutcome();
  }

  // One event with the number after the resume token, then the next outcome.
  grpc::Status WatchJobs(grpc::ServerContext*, const v1::WatchJobsRequest* request,
                         grpc::ServerWriter<v1::WatchJobsResponse>* writer) override {
    const int last = request->resume_token().empty() ? 0 : std::stoi(request->resume_token());
    v1::WatchJobsResponse response;
    response.mutable_event()->set_resume_token(std::to_string(last + 1));
    writer->Write(response);
    MutexLock lock(mutex_);
    return TakeOutcome();
  }

  // Takes calls and answers none, until it is told otherwise.
  void Freeze(bool frozen) {
    MutexLock lock(mutex_);
    frozen_ = frozen;
    thawed_.NotifyAll();
  }
  void Script(std::deque<Status> outcomes) {
    MutexLock lock(mutex_);
    outcomes_ = std::move(outcomes);
  }
  std::vector<Seen> seen() const {
    MutexLock lock(mutex_);
    return seen_;
  }

 private:
  grpc::Status TakeOutcome() REQUIRES(mutex_) {
    if (outcomes_.empty()) {
      return grpc::Status::OK;
    }
    const Status outcome = outcomes_.front();
    outcomes_.pop_front();
    return ToGrpc(outcome);
  }

  mutable Mutex mutex_;
  CondVar thawed_;
  bool frozen_ GUARDED_BY(mutex_) = false;
  std::deque<Status> outcomes_ GUARDED_BY(mutex_);
  std::vector<Seen> seen_ GUARDED_BY(mutex_);
};

class ConnectionToBroker : public testing::Test {
 protected:
  std::unique_ptr<GrpcServer> Start(ScriptedJobs& jobs) {
    return GrpcServer::Start({.address = "127.0.0.1:0",
                              .credentials = UserServerCredentials(federation_.Server()).value(),
                              .services = {Serve<v1::JobService>(jobs)}})
        .value();
  }

  static std::string AddressOf(const GrpcServer& server) { return "127.0.0.1:" + std::to_string(server.port()); }

  std::unique_ptr<Client> Dial(std::vector<std::string> addresses) {
    auto connection =
        Connect({.addresses = std::move(addresses), .ca_pem = federation_.ca_pem(), .ca_path = "", .token = "tp_mine"});
    CHECK(connection.ok());
    return std::make_unique<Client>(std::move(connection).value(), ids_);
  }

  TestFederation federation_;
  SystemClock clock_;
  SystemRandom random_;
  IdSource ids_{clock_, random_};
  ScriptedJobs jobs_;
  std::unique_ptr<GrpcServer> server_ = Start(jobs_);
  std::unique_ptr<Client> client_ = Dial({AddressOf(*server_)});
};

TEST_F(ConnectionToBroker, UnavailableIsRetriedWithTheSameRequestId) {
  jobs_.Script({Unavailable("restarting"), Unavailable("restarting")});
  const auto accepted = client_->SubmitJob({});
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_EQ(accepted->job().job_id(), "job-3");
  const std::vector<Seen> seen = jobs_.seen();
  ASSERT_THAT(seen, SizeIs(3));
  EXPECT_FALSE(seen[0].request_id.empty());
  EXPECT_THAT(seen, Each(testing::Field(&Seen::request_id, seen[0].request_id)));
  EXPECT_THAT(seen, Each(testing::Field(&Seen::header_id, seen[0].request_id)));
  EXPECT_THAT(seen, Each(testing::Field(&Seen::token, "tp_mine")));
}

TEST_F(ConnectionToBroker, FourAttemptsAreMadeAndNoMore) {
  jobs_.Script(std::deque<Status>(9, Unavailable("restarting")));
  EXPECT_EQ(client_->SubmitJob({}).status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(jobs_.seen(), SizeIs(4));
}

TEST_F(ConnectionToBroker, OtherErrorsAreNotRetriedAndKeepTheirDetails) {
  const ErrorDetails details{.reason = ErrorReason::kInvalidField,
                             .metadata = {{"project", "astro"}},
                             .violations = {{"spec.name", "is too long"}},
                             .retry_after = std::chrono::seconds(7)};
  jobs_.Script({WithDetails(Aborted("try later"), details)});
  const Status status = client_->SubmitJob({}).status();
  EXPECT_EQ(status.code(), StatusCode::kAborted);
  EXPECT_EQ(MessageOf(status), "try later");
  EXPECT_EQ(DetailsOf(status).reason, details.reason);
  EXPECT_EQ(DetailsOf(status).metadata, details.metadata);
  EXPECT_EQ(DetailsOf(status).violations, details.violations);
  EXPECT_EQ(DetailsOf(status).retry_after, details.retry_after);
  EXPECT_THAT(jobs_.seen(), SizeIs(1));
}

TEST_F(ConnectionToBroker, BrokerKnowsTheDeadline) {
  ASSERT_TRUE(client_->SubmitJob({}).ok());
  const auto left = jobs_.seen().at(0).time_left;
  EXPECT_GT(left, std::chrono::seconds(10));
  EXPECT_LE(left, std::chrono::seconds(31));  // the wire rounds up
}

TEST_F(ConnectionToBroker, NextBrokerIsAskedWhenOneIsAway) {
  ScriptedJobs gone_jobs;
  auto gone = Start(gone_jobs);
  const auto client = Dial({AddressOf(*gone), AddressOf(*server_)});
  gone.reset();
  ASSERT_TRUE(client->SubmitJob({}).ok());
  EXPECT_THAT(gone_jobs.seen(), SizeIs(0));
  EXPECT_THAT(jobs_.seen(), SizeIs(1));
}

TEST_F(ConnectionToBroker, NextBrokerIsAskedWhenOneDoesNotAnswer) {
  ScriptedJobs frozen;
  frozen.Freeze(true);
  const std::unique_ptr<GrpcServer> frozen_server = Start(frozen);
  const auto connection = Connect({.addresses = {AddressOf(*frozen_server), AddressOf(*server_)},
                                   .ca_pem = federation_.ca_pem(),
                                   .ca_path = "",
                                   .token = "tp_mine"});
  CHECK(connection.ok());
  const Call call{.method = "/turnpike.v1.JobService/SubmitJob", .request_id = "r", .timeout = std::chrono::seconds(4)};
  v1::SubmitJobResponse response;
  for (int i = 1; i <= 2; ++i) {
    const Status status = (*connection)->Unary(call, v1::SubmitJobRequest(), response);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_THAT(jobs_.seen(), SizeIs(i));
  }
  EXPECT_THAT(frozen.seen(), SizeIs(1)) << "the one that answered is asked first";
  frozen.Freeze(false);
}

TEST_F(ConnectionToBroker, NobodyThereIsUnavailable) {
  server_.reset();
  EXPECT_EQ(client_->SubmitJob({}).status().code(), StatusCode::kUnavailable);
}

TEST_F(ConnectionToBroker, WatchGoesOnAfterABreak) {
  jobs_.Script({Unavailable("restarting"), Unavailable("restarting")});
  StopSignal stop;
  std::vector<std::string> tokens;
  EXPECT_TRUE(client_
                  ->WatchJobs({}, stop,
                              [&](const v1::WatchJobsResponse& response) {
                                tokens.push_back(response.event().resume_token());
                                return true;
                              })
                  .ok());
  EXPECT_THAT(tokens, testing::ElementsAre("1", "2", "3"));
}

TEST_F(ConnectionToBroker, StreamIsCancelledWhenTheCallerHasEnough) {
  StopSignal stop;
  EXPECT_TRUE(client_->WatchJobs({}, stop, [](const v1::WatchJobsResponse&) { return false; }).ok());
}

TEST_F(ConnectionToBroker, ClientOfAnotherFederationDoesNotSendItsToken) {
  TestFederation stranger;
  auto connection =
      Connect({.addresses = {AddressOf(*server_)}, .ca_pem = stranger.ca_pem(), .ca_path = "", .token = "tp_mine"});
  ASSERT_TRUE(connection.ok());
  Client client(std::move(connection).value(), ids_);
  EXPECT_EQ(client.SubmitJob({}).status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(jobs_.seen(), SizeIs(0));
}

TEST(Connect, RefusesWhatCouldNeverWork) {
  TestFederation federation;
  const std::string ca = federation.ca_pem();
  EXPECT_EQ(Connect({.addresses = {}, .ca_pem = ca, .ca_path = "", .token = ""}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(Connect({.addresses = {"a:1"}, .ca_pem = "garbage", .ca_path = "", .token = ""}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(
      Connect({.addresses = {"a:1"}, .ca_pem = "", .ca_path = federation.File("none"), .token = ""}).status().code(),
      StatusCode::kNotFound);
  EXPECT_TRUE(Connect({.addresses = {"a:1"}, .ca_pem = "", .ca_path = federation.File("ca.pem"), .token = ""}).ok());
}

}  // namespace
}  // namespace turnpike
