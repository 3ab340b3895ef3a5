#include "sdk/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error_reason.h"
#include "base/system_clock.h"
#include "tests/sdk/fake_connection.h"

namespace turnpike {
namespace {

using testing::ElementsAre;

std::string JoinEvents(const std::vector<v1::WatchJobsResponse>& responses) {
  std::string all;
  for (const v1::WatchJobsResponse& response : responses) {
    all += response.event().description() + " ";
  }
  return all;
}

std::shared_ptr<google::protobuf::Message> Event(const std::string& token) {
  auto response = std::make_shared<v1::WatchJobsResponse>();
  response->mutable_event()->set_resume_token(token);
  response->mutable_event()->set_description("event-" + token);
  return response;
}

std::shared_ptr<google::protobuf::Message> SignOfLife() {
  return std::make_shared<v1::WatchJobsResponse>();
}

std::shared_ptr<google::protobuf::Message> Piece(int64_t offset, const std::string& data, int attempt = 0) {
  auto response = std::make_shared<v1::ReadLogResponse>();
  response->set_offset(offset);
  response->set_data(data);
  response->set_attempt(attempt);
  return response;
}

std::shared_ptr<google::protobuf::Message> Waiting(const std::string& what) {
  auto response = std::make_shared<v1::ReadLogResponse>();
  response->set_waiting_for(what);
  return response;
}

class ClientOverFake : public testing::Test {
 protected:
  ClientOverFake() {
    auto connection = std::make_unique<FakeConnection>();
    fake_ = connection.get();
    client_ = std::make_unique<Client>(Client::Parts{.connection = std::move(connection),
                                                     .timeouts = {},
                                                     .pace = {.pause_first = std::chrono::milliseconds(0),
                                                              .pause_max = std::chrono::milliseconds(0),
                                                              .failures_max = 3}},
                                       ids_);
  }

  // Watches to the end; what came is in `seen_`.
  Status Watch(v1::WatchJobsRequest request = {}) {
    return client_->WatchJobs(std::move(request), stop_, [this](const v1::WatchJobsResponse& response) {
      seen_.push_back(response);
      return true;
    });
  }

  Status Read(const v1::ReadLogRequest& request = {}) {
    return client_->ReadLog(request, stop_, [this](const v1::ReadLogResponse& piece) {
      offsets_.push_back(piece.offset());
      text_ += piece.data();
      return true;
    });
  }

  SystemClock clock_;
  SystemRandom random_;
  IdSource ids_{clock_, random_};
  StopSignal stop_;
  FakeConnection* fake_ = nullptr;
  std::unique_ptr<Client> client_;
  std::vector<v1::WatchJobsResponse> seen_;
  std::vector<int64_t> offsets_;
  std::string text_;
};

std::set<std::string> MethodsOfTheContract() {
  std::set<std::string> methods;
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  for (const std::string name : {"JobService", "SiteService", "BillingService"}) {
    const auto* service = pool->FindServiceByName("turnpike.v1." + name);
    for (int i = 0; i < service->method_count(); ++i) {
      methods.insert("/turnpike.v1." + name + "/" + service->method(i)->name());
    }
  }
  return methods;
}

TEST_F(ClientOverFake, HasOneMethodForEachCallOfTheContract) {
  client_->SubmitJob({}).IgnoreError();
  client_->BatchSubmitJobs({}).IgnoreError();
  client_->GetJob({}).IgnoreError();
  client_->ListJobs({}).IgnoreError();
  client_->CancelJob({}).IgnoreError();
  client_->QuoteJob({}).IgnoreError();
  client_->ExplainJob({}).IgnoreError();
  client_->RegisterSite({}).IgnoreError();
  client_->GetSite({}).IgnoreError();
  client_->ListSites({}).IgnoreError();
  client_->UpdateSite({}).IgnoreError();
  client_->DrainSite({}).IgnoreError();
  client_->ResumeSite({}).IgnoreError();
  client_->CreateEnrollmentToken({}).IgnoreError();
  client_->QuarantineSite({}).IgnoreError();
  client_->ReleaseSite({}).IgnoreError();
  client_->ScheduleMaintenance({}).IgnoreError();
  client_->CancelMaintenance({}).IgnoreError();
  client_->SetPriceBook({}).IgnoreError();
  client_->GetPriceBook({}).IgnoreError();
  client_->CreateProject({}).IgnoreError();
  client_->UpdateProject({}).IgnoreError();
  client_->Deposit({}).IgnoreError();
  client_->GetAccount({}).IgnoreError();
  client_->ListTransfers({}).IgnoreError();
  client_->ListUsage({}).IgnoreError();
  fake_->streams = {{.pieces = {}, .end = OkStatus()}, {.pieces = {}, .end = OkStatus()}};
  EXPECT_TRUE(Watch().ok());
  EXPECT_TRUE(Read().ok());
  std::set<std::string> called;
  for (const FakeConnection::Sent& sent : fake_->sent) {
    called.insert(sent.call.method);
    EXPECT_FALSE(sent.call.request_id.empty());
  }
  EXPECT_EQ(called, MethodsOfTheContract());
}

TEST_F(ClientOverFake, EveryRequestIdIsFilledInWithATimeOrderedOne) {
  client_->SubmitJob({}).IgnoreError();
  client_->SubmitJob({}).IgnoreError();
  const std::string first = fake_->SentRequest<v1::SubmitJobRequest>(0).request_id();
  const auto id = Uuid::Parse(first);
  ASSERT_TRUE(id.has_value()) << first;
  EXPECT_TRUE(TimeOf(*id).has_value());
  EXPECT_EQ(fake_->sent[0].call.request_id, first);
  EXPECT_NE(fake_->SentRequest<v1::SubmitJobRequest>(1).request_id(), first);
}

TEST_F(ClientOverFake, RequestIdOfTheCallerIsKept) {
  v1::CancelJobRequest request;
  request.set_request_id("mine");
  client_->CancelJob(request).IgnoreError();
  EXPECT_EQ(fake_->SentRequest<v1::CancelJobRequest>(0).request_id(), "mine");
  EXPECT_EQ(fake_->sent[0].call.request_id, "mine");
}

TEST_F(ClientOverFake, SubmissionsMayTakeLongerThanOtherCalls) {
  client_->SubmitJob({}).IgnoreError();
  client_->BatchSubmitJobs({}).IgnoreError();
  client_->GetJob({}).IgnoreError();
  EXPECT_EQ(fake_->sent[0].call.timeout, std::chrono::seconds(30));
  EXPECT_EQ(fake_->sent[1].call.timeout, std::chrono::seconds(30));
  EXPECT_EQ(fake_->sent[2].call.timeout, std::chrono::seconds(10));
}

TEST_F(ClientOverFake, ErrorsComeBackUnchanged) {
  fake_->answer = WithReason(FailedPrecondition("balance too low"), ErrorReason::kBalanceTooLow);
  const Status status = client_->SubmitJob({}).status();
  EXPECT_EQ(status, fake_->answer);
}

TEST_F(ClientOverFake, WatchGoesOnBehindTheLastEvent) {
  fake_->streams = {{.pieces = {Event("1"), Event("2"), SignOfLife()}, .end = Unavailable("restart")},
                    {.pieces = {Event("3")}, .end = OkStatus()}};
  v1::WatchJobsRequest request;
  request.set_project_id("p");
  EXPECT_TRUE(Watch(request).ok());
  EXPECT_EQ(JoinEvents(seen_), "event-1 event-2  event-3 ");
  EXPECT_EQ(fake_->SentRequest<v1::WatchJobsRequest>(0).resume_token(), "");
  EXPECT_EQ(fake_->SentRequest<v1::WatchJobsRequest>(1).resume_token(), "2");
  EXPECT_EQ(fake_->SentRequest<v1::WatchJobsRequest>(1).project_id(), "p");
}

TEST_F(ClientOverFake, WatchGivesUpAfterFailuresInARowAndProgressStartsAfresh) {
  for (int i = 0; i < 10; ++i) {
    fake_->streams.push_back({.pieces = {Event(std::to_string(i))}, .end = Unavailable("restart")});
  }
  EXPECT_EQ(Watch().code(), StatusCode::kUnavailable);
  EXPECT_EQ(seen_.size(), 10U);
  // The failure that ended the last of the ten, two more in a row, and the one that was too many.
  EXPECT_EQ(fake_->sent.size(), 13U);
}

TEST_F(ClientOverFake, WatchPassesOtherErrorsOn) {
  fake_->streams = {{.pieces = {Event("1")}, .end = OutOfRange("token too old")},
                    {.pieces = {Event("2")}, .end = OkStatus()}};
  EXPECT_EQ(Watch().code(), StatusCode::kOutOfRange);
  EXPECT_EQ(seen_.size(), 1U);
}

TEST_F(ClientOverFake, WatchEndsWhenTheCallerHasEnough) {
  fake_->streams = {{.pieces = {Event("1"), Event("2")}, .end = Unavailable("restart")}};
  int count = 0;
  EXPECT_TRUE(client_->WatchJobs({}, stop_, [&](const v1::WatchJobsResponse&) { return ++count < 1; }).ok());
  EXPECT_EQ(count, 1);
}

TEST_F(ClientOverFake, WatchEndsWhenStopped) {
  fake_->streams = {{.pieces = {Event("1"), Event("2")}, .end = Unavailable("restart")}};
  EXPECT_TRUE(client_
                  ->WatchJobs({}, stop_,
                              [&](const v1::WatchJobsResponse& response) {
                                seen_.push_back(response);
                                stop_.Stop();
                                return true;
                              })
                  .ok());
  EXPECT_EQ(seen_.size(), 1U);
  fake_->streams = {{.pieces = {}, .end = Unavailable("restart")}, {.pieces = {Event("9")}, .end = OkStatus()}};
  EXPECT_TRUE(Watch().ok());  // Stopped in the pause.
  EXPECT_EQ(seen_.size(), 1U);
}

TEST_F(ClientOverFake, LogIsReadOnceEachByteOverABreak) {
  fake_->streams = {{.pieces = {Piece(100, "abc"), Piece(103, "def")}, .end = Unavailable("restart")},
                    {.pieces = {Piece(100, "abcd"), Piece(104, "efgh"), Piece(108, "i")}, .end = OkStatus()}};
  EXPECT_TRUE(Read().ok());
  EXPECT_EQ(text_, "abcdefghi");
  EXPECT_THAT(offsets_, ElementsAre(100, 103, 106, 108));
}

TEST_F(ClientOverFake, LogPassesErrorsOn) {
  fake_->streams = {{.pieces = {}, .end = NotFound("no such job")}};
  EXPECT_EQ(Read().code(), StatusCode::kNotFound);
}

TEST_F(ClientOverFake, ReadsAFollowedLogOnFromTheByteAfterTheLastOverAttempts) {
  v1::ReadLogRequest request;
  request.set_follow(true);
  fake_->streams = {
      {.pieces = {Waiting("queued"), Piece(0, "abc", 1), Piece(0, "second ", 2)}, .end = Unavailable("restart")},
      {.pieces = {Waiting("queued"), Piece(7, "attempt", 2)}, .end = OkStatus()},
      {.pieces = {Piece(0, ", third", 3)}, .end = OkStatus()},
      {.pieces = {}, .end = NotFound("no attempt 4")}};
  EXPECT_TRUE(Read(request).ok());
  EXPECT_EQ(text_, "abcsecond attempt, third");
  ASSERT_EQ(fake_->sent.size(), 4U);
  EXPECT_EQ(fake_->SentRequest<v1::ReadLogRequest>(1).attempt(), 2);
  EXPECT_EQ(fake_->SentRequest<v1::ReadLogRequest>(1).offset(), 7);
  EXPECT_EQ(fake_->SentRequest<v1::ReadLogRequest>(2).attempt(), 3);
  EXPECT_EQ(fake_->SentRequest<v1::ReadLogRequest>(2).offset(), 0);
}

TEST_F(ClientOverFake, ReadsOneAttemptToItsEndAlone) {
  v1::ReadLogRequest request;
  request.set_follow(true);
  request.set_attempt(1);
  request.set_offset(-3);
  fake_->streams = {{.pieces = {}, .end = Unavailable("restart")},
                    {.pieces = {Piece(5, "abc", 1)}, .end = Unavailable("restart")},
                    {.pieces = {Piece(8, "def", 1)}, .end = OkStatus()}};
  EXPECT_TRUE(Read(request).ok());
  EXPECT_EQ(text_, "abcdef");
  EXPECT_EQ(fake_->SentRequest<v1::ReadLogRequest>(1).offset(), -3);
  EXPECT_EQ(fake_->SentRequest<v1::ReadLogRequest>(2).offset(), 8);
}

}  // namespace
}  // namespace turnpike
