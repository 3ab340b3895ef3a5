// A broker that starts while its database is away waits for it and says so; where waiting would not help it ends and
// says why.

#include <gmock/gmock.h>
#include <signal.h>

#include <cstdlib>

#include "base/check.h"
#include "base/child_process.h"
#include "base/file_sync.h"
#include "base/stop_signal.h"
#include "tests/support/pg_server.h"

namespace turnpike {
namespace {

using ::testing::HasSubstr;

constexpr std::chrono::minutes kTime{1};
constexpr std::chrono::milliseconds kLook{20};

class DatabaseWait : public testing::Test {
 protected:
  std::vector<std::string> Command(const std::string& database) const {
    const char* const build = std::getenv("TURNPIKE_BINARY_DIR");
    CHECK(build != nullptr);  // Run by ctest.
    return {std::string(build) + "/bin/turnpike-broker",
            "--database",
            database,
            "--user-address",
            "127.0.0.1:0",
            "--agent-address",
            "127.0.0.1:0",
            "--ca-certificate",
            folder_ + "/ca.pem",
            "--ca-key",
            folder_ + "/ca.key"};
  }
  // To its end.
  ChildResult RunBroker(const std::string& database) const {
    ChildCommand command;
    command.argv = Command(database);
    const Result<ChildResult> result = RunChild(command);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.value_or(ChildResult());
  }
  void StartBroker(const std::string& database) {
    const Result<ProcessIdentity> broker = StartDetached(
        {.argv = Command(database), .environment = {}, .output_path = log_path(), .error_path = log_path()});
    ASSERT_TRUE(broker.ok()) << broker.status();
    broker_ = *broker;
  }
  void EndBroker() {
    ASSERT_TRUE(SignalProcess(broker_, SIGTERM).ok());
    EXPECT_TRUE(WaitUntilGone(broker_, kTime)) << Log();
  }
  bool EventuallyLogs(const std::string& words) const {
    StopSignal pause;
    const auto until = std::chrono::steady_clock::now() + kTime;
    while (Log().find(words) == std::string::npos) {
      if (std::chrono::steady_clock::now() > until || !IsAlive(broker_)) {
        return Log().find(words) != std::string::npos;
      }
      pause.WaitFor(kLook);
    }
    return true;
  }
  std::string Log() const { return ReadFile(log_path()).value_or(""); }
  std::string log_path() const { return folder_ + "/broker.log"; }

  const std::string folder_ = MakeTestFolder();
  ProcessIdentity broker_;
};

TEST_F(DatabaseWait, ServesOnceTheDatabaseIsThere) {
  const std::string server_folder = MakeTestFolder();
  {
    // Its database is made when the server runs already: a broker that meets it before that ends.
    Result<PrivatePostgres> server = PrivatePostgres::Start({.folder = server_folder, .durable = false});
    ASSERT_TRUE(server.ok()) << server.status();
    ASSERT_TRUE(server->Stop().ok());
  }
  StartBroker(fmt::format("host={}/socket dbname=turnpike", server_folder));
  ASSERT_TRUE(EventuallyLogs("waiting for the database")) << Log();
  Result<PrivatePostgres> server = PrivatePostgres::Start({.folder = server_folder, .durable = false});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_TRUE(EventuallyLogs("broker is serving")) << Log();
  EndBroker();
  EXPECT_TRUE(server->Stop().ok());
}

TEST_F(DatabaseWait, EndsWhenItIsToldToWhileItWaits) {
  StartBroker(fmt::format("host={} dbname=turnpike", folder_));
  ASSERT_TRUE(EventuallyLogs("waiting for the database")) << Log();
  EndBroker();
  EXPECT_THAT(Log(), HasSubstr("ended by signal 15 while it waited for the database"));
}

TEST_F(DatabaseWait, EndsAtOnceWhereTheDatabaseIsNotThere) {
  const std::string there = TestServer().ConnectionString("nobody", "never_made");
  const ChildResult ended = RunBroker(there.substr(0, there.find(" user=")));
  EXPECT_EQ(ended.exit_code, 1) << ended.error_output;
  EXPECT_THAT(ended.error_output, HasSubstr("never_made"));
  EXPECT_THAT(ended.error_output, HasSubstr("3D000"));
}

TEST_F(DatabaseWait, EndsAtOnceWhereTheAddressCannotBeRead) {
  const ChildResult ended = RunBroker("hots=/tmp");
  EXPECT_EQ(ended.exit_code, 2) << ended.error_output;
  EXPECT_THAT(ended.error_output, HasSubstr("hots"));
}

}  // namespace
}  // namespace turnpike
