#include "adapters/link/log_sender.h"

#include <gtest/gtest.h>

#include "base/grpc/channel.h"
#include "tests/adapters/link/fake_broker.h"
#include "tests/contracts/eventually.h"

namespace turnpike {
namespace {

class Logs : public testing::Test {
 protected:
  Logs() { certificates_.Enroll(store_, certificates_.now()); }

  LogSender::Settings Settings() {
    LogSender::Settings settings;
    settings.retry_delay = std::chrono::milliseconds(1);
    return settings;
  }
  std::shared_ptr<v1::SiteLinkService::Stub> Stub() {
    return v1::SiteLinkService::NewStub(MakeChannel({.address = broker_.address(),
                                                     .credentials = ClientCredentials(store_.Load()->tls).value(),
                                                     .keepalive_without_calls = false,
                                                     .service_config_json = ""}));
  }
  static LogPiece Piece(const std::string& bytes) {
    return {.attempt_id = AttemptId(Uuid{.bytes = {1}}),
            .stream = OutputStream::kStandardError,
            .offset = 5,
            .bytes = bytes};
  }

  TestCertificates certificates_;
  ScratchFolder folder_;
  IdentityStore store_{folder_.path()};
  FakeBroker broker_{certificates_};
};

TEST_F(Logs, ArriveInTheirOrder) {
  LogSender sender(Settings());
  const int64_t ticket = sender.Add({Piece("one"), Piece("two")});
  EXPECT_FALSE(sender.IsDone(ticket)) << "there is no connection yet";
  sender.UseStub(Stub());
  sender.Add({Piece("three")});
  const std::vector<v1::SendLogRequest> logs = broker_.WaitForLogs(3);
  ASSERT_EQ(logs.size(), 3U);
  EXPECT_EQ(logs[0].data(), "one");
  EXPECT_EQ(logs[1].data(), "two");
  EXPECT_EQ(logs[2].data(), "three");
  EXPECT_EQ(logs[0].attempt_id(), AttemptId(Uuid{.bytes = {1}}).ToString());
  EXPECT_EQ(logs[0].offset(), 5);
  EXPECT_EQ(logs[0].stream(), v1::ReadLogRequest::STREAM_ERROR);
  EXPECT_TRUE(Eventually([&] { return sender.IsDone(ticket); }));
}

TEST_F(Logs, AreTriedAgainWhileTheBrokerIsAway) {
  broker_.RefuseLogs({Unavailable("away"), Unavailable("away")});
  LogSender sender(Settings());
  sender.UseStub(Stub());
  sender.Add({Piece("one")});
  ASSERT_EQ(broker_.WaitForLogs(1).size(), 1U);
}

TEST_F(Logs, AreGivenUpWhereTheBrokerDoesNotWantThem) {
  broker_.RefuseLogs({InvalidArgument("no such attempt")});
  LogSender sender(Settings());
  sender.UseStub(Stub());
  const int64_t refused = sender.Add({Piece("one")});
  sender.Add({Piece("two")});
  const std::vector<v1::SendLogRequest> logs = broker_.WaitForLogs(1);
  ASSERT_EQ(logs.size(), 1U);
  EXPECT_EQ(logs[0].data(), "two");
  EXPECT_TRUE(sender.IsDone(refused));
}

TEST_F(Logs, AreDroppedAboveTheLimitAndNobodyWaitsForThem) {
  LogSender::Settings settings = Settings();
  settings.waiting_bytes_max = 10;
  LogSender sender(settings);
  sender.Add({Piece("12345678")});
  const int64_t dropped = sender.Add({Piece("too much")});
  sender.UseStub(Stub());
  EXPECT_TRUE(Eventually([&] { return sender.IsDone(dropped); }));
  sender.Add({Piece("fits")});
  const std::vector<v1::SendLogRequest> logs = broker_.WaitForLogs(2);
  ASSERT_EQ(logs.size(), 2U);
  EXPECT_EQ(logs[1].data(), "fits");
}

TEST_F(Logs, DoNotHoldUpTheEnd) {
  broker_.HoldLogs();
  {
    LogSender sender(Settings());
    sender.UseStub(Stub());
    sender.Add({Piece("one")});
    ASSERT_TRUE(broker_.WaitUntilLogsAreHeld());
  }
  EXPECT_EQ(broker_.logs().size(), 0U) << "it ended while the broker still had the call";
  broker_.ReleaseLogs();
}

}  // namespace
}  // namespace turnpike
