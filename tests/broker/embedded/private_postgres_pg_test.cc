#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "base/file_sync.h"
#include "base/pg/connection.h"
#include "broker/embedded/postgres_processes.h"
#include "broker/embedded/postgres_programs.h"
#include "broker/embedded/private_postgres.h"
#include "tests/support/pg_server.h"

namespace turnpike {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kEndWait{60'000};
const ServerUser kNobody{.name = "nobody", .user_id = 65534, .group_id = 65534, .is_other = true};

class PrivatePostgresTest : public testing::Test {
 protected:
  // Whatever a test left running.
  ~PrivatePostgresTest() override { EXPECT_TRUE(EndOrphans(data(), kEndWait).ok()); }

  std::string data() const { return folder_ + "/data"; }

  PrivatePostgres Start(bool durable = false) const {
    Result<PrivatePostgres> started = PrivatePostgres::Start({.folder = folder_, .durable = durable});
    EXPECT_TRUE(started.ok()) << started.status();
    return started.value();
  }
  Status Refusal() const { return PrivatePostgres::Start({.folder = folder_, .durable = false}).status(); }

  static std::unique_ptr<Connection> Open(const std::string& conninfo) {
    Result<std::unique_ptr<Connection>> connection = Connection::Open({.conninfo = conninfo});
    EXPECT_TRUE(connection.ok()) << connection.status();
    return connection.ok() ? *std::move(connection) : nullptr;
  }
  static std::unique_ptr<Connection> OpenAsOwner(const PrivatePostgres& server) {
    return Open(server.ConnectionString(kOwnerRole));
  }
  // What a commit left, to be found again.
  static void Keep(const PrivatePostgres& server) {
    EXPECT_TRUE(
        OpenAsOwner(server)->ExecuteScript("CREATE TABLE kept (value bigint); INSERT INTO kept VALUES (42)").ok());
  }
  static void ExpectKept(const PrivatePostgres& server) {
    const Result<Rows> rows = OpenAsOwner(server)->Execute("SELECT value FROM kept");
    ASSERT_TRUE(rows.ok()) << rows.status();
    EXPECT_EQ(rows->Int(0, 0), 42);
  }

  std::string folder_ = MakeTestFolder();
};

TEST_F(PrivatePostgresTest, TheFirstStartMakesADurableDatabaseWithItsRoles) {
  const PrivatePostgres server = Start(true);
  EXPECT_FALSE(server.adopted());
  EXPECT_TRUE(server.running());
  for (const char* role : {kOwnerRole, kApiRole, kLinkRole, kPlacementRole}) {
    SCOPED_TRACE(role);
    const Result<Rows> rows = Open(server.ConnectionString(role))->Execute(R"sql(
        SELECT current_user, current_database(), rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls
          FROM pg_roles
         WHERE rolname = current_user
    )sql");
    ASSERT_TRUE(rows.ok()) << rows.status();
    EXPECT_EQ(rows->Text(0, 0), role);
    EXPECT_EQ(rows->Text(0, 1), "turnpike");
    EXPECT_FALSE(rows->Bool(0, 2));
  }
  const Result<Rows> settings = OpenAsOwner(server)->Execute(R"sql(
      SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('data_checksums'),
             current_setting('server_encoding'), current_setting('listen_addresses'),
             (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database())
  )sql");
  ASSERT_TRUE(settings.ok()) << settings.status();
  const std::vector<std::string> expected{"on", "on", "on", "UTF8", "", "turnpike"};
  for (size_t column = 0; column < expected.size(); ++column) {
    EXPECT_EQ(settings->Text(0, static_cast<int>(column)), expected[column]) << column;
  }
}

TEST_F(PrivatePostgresTest, TheSecondStartAdoptsTheServerThatRuns) {
  const PrivatePostgres first = Start();
  const PrivatePostgres second = Start();
  EXPECT_TRUE(second.adopted());
  EXPECT_EQ(second.process(), first.process());
  EXPECT_EQ(second.ConnectionString(kApiRole), first.ConnectionString(kApiRole));
}

TEST_F(PrivatePostgresTest, StopsAndStartsAgainWithItsData) {
  PrivatePostgres first = Start();
  Keep(first);
  const std::unique_ptr<Connection> open_session = OpenAsOwner(first);
  ASSERT_TRUE(first.Stop().ok());
  EXPECT_FALSE(first.running());
  EXPECT_TRUE(ProcessesOf(data()).empty());
  EXPECT_TRUE(first.Stop().ok());  // stopping what has ended is no error
  const PrivatePostgres second = Start();
  EXPECT_FALSE(second.adopted());
  ExpectKept(second);
}

TEST_F(PrivatePostgresTest, StartsAgainAfterEveryProcessWasKilled) {
  const PrivatePostgres first = Start(true);
  Keep(first);
  ASSERT_TRUE(SignalProcess(first.process(), SIGKILL).ok());
  ASSERT_TRUE(EndOrphans(data(), kEndWait).ok());
  ASSERT_TRUE(fs::exists(data() + "/postmaster.pid"));
  const PrivatePostgres second = Start(true);
  EXPECT_FALSE(second.adopted());
  EXPECT_NE(second.process(), first.process());
  ExpectKept(second);
}

// A stopped child does not notice that its server is gone, and keeps the shared memory.
TEST_F(PrivatePostgresTest, StartsAgainAlthoughAChildOutlivesTheKilledServer) {
  const PrivatePostgres first = Start(true);
  Keep(first);
  const std::unique_ptr<Connection> session = OpenAsOwner(first);
  const std::optional<ProcessIdentity> child = IdentityOf(session->backend_pid());
  ASSERT_TRUE(child);
  ASSERT_TRUE(SignalProcess(*child, SIGSTOP).ok());
  ASSERT_TRUE(SignalProcess(first.process(), SIGKILL).ok());
  ASSERT_TRUE(WaitUntilGone(first.process(), kEndWait));
  ASSERT_TRUE(IsAlive(*child));
  const PrivatePostgres second = Start(true);
  EXPECT_FALSE(IsAlive(*child));
  ExpectKept(second);
}

TEST_F(PrivatePostgresTest, APidFileThatNamesAnotherProcessIsStale) {
  PrivatePostgres first = Start();
  ASSERT_TRUE(first.Stop().ok());
  const std::string pid_file = fmt::format("{}\n{}\n", ::getpid(), data());
  ASSERT_TRUE(WriteFileAtomically(data() + "/postmaster.pid", pid_file).ok());
  EXPECT_EQ(RunningServer(data()), std::nullopt);
  EXPECT_TRUE(Start().running());
  EXPECT_TRUE(IdentityOf(::getpid()).has_value());
}

TEST_F(PrivatePostgresTest, TheServerOfAnotherFolderIsNotAdopted) {
  const PrivatePostgres other = Start();
  const std::string elsewhere = MakeTestFolder();
  Result<PrivatePostgres> started = PrivatePostgres::Start({.folder = elsewhere, .durable = false});
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_NE(started->process(), other.process());
  EXPECT_TRUE(started->Stop().ok());
  EXPECT_TRUE(other.running());
}

TEST_F(PrivatePostgresTest, AnUnfinishedFirstStartIsBegunAnew) {
  ASSERT_TRUE(MakeFolders(folder_ + "/data.new/base").ok());
  ASSERT_TRUE(WriteFileAtomically(folder_ + "/data.new/PG_VERSION", "15\n").ok());
  EXPECT_TRUE(Start().running());
  EXPECT_FALSE(fs::exists(folder_ + "/data.new"));
}

TEST_F(PrivatePostgresTest, RefusesAFolderThatHoldsSomethingElse) {
  ASSERT_TRUE(MakeFolders(data()).ok());
  ASSERT_TRUE(WriteFileAtomically(data() + "/thesis.tex", "\\begin{document}").ok());
  const Status status = Refusal();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(MessageOf(status).find(data()), std::string_view::npos) << status;
  EXPECT_TRUE(fs::exists(data() + "/thesis.tex"));
}

TEST_F(PrivatePostgresTest, RefusesADatabaseOfAVersionThatIsNotInstalled) {
  ASSERT_TRUE(MakeFolders(data()).ok());
  ASSERT_TRUE(WriteFileAtomically(data() + "/PG_VERSION", "8\n").ok());
  const Status status = Refusal();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_NE(MessageOf(status).find("postgresql-8"), std::string_view::npos) << status;
}

TEST_F(PrivatePostgresTest, RefusesAPathTooLongForASocket) {
  folder_ += "/" + std::string(80, 'x');
  const Status status = Refusal();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(MessageOf(status).find("may have 107"), std::string_view::npos) << status;
}

TEST_F(PrivatePostgresTest, SaysWhatTheServerSaidWhenItDoesNotStart) {
  const Status status =
      PrivatePostgres::Start({.folder = folder_, .durable = false, .server_settings = {{"no_such_setting", "1"}}})
          .status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_NE(MessageOf(status).find("no_such_setting"), std::string_view::npos) << status;
}

TEST_F(PrivatePostgresTest, AFolderMayHaveSpacesAndQuotesInItsName) {
  folder_ += "/it's a \\ folder";
  PrivatePostgres server = Start();
  Keep(server);
  EXPECT_TRUE(server.Stop().ok());
}

TEST_F(PrivatePostgresTest, ProgramsThatStartItTogetherGetOneServer) {
  constexpr int kPrograms = 4;
  std::vector<std::future<Result<PrivatePostgres>>> starting;
  for (int index = 0; index < kPrograms; ++index) {
    starting.push_back(
        std::async(std::launch::async, [&] { return PrivatePostgres::Start({.folder = folder_, .durable = false}); }));
  }
  std::vector<ProcessIdentity> servers;
  for (std::future<Result<PrivatePostgres>>& one : starting) {
    const Result<PrivatePostgres> started = one.get();
    if (started.ok()) {
      servers.push_back(started->process());
    } else {
      EXPECT_EQ(started.status().code(), StatusCode::kUnavailable) << started.status();
    }
  }
  ASSERT_FALSE(servers.empty());
  for (const ProcessIdentity& server : servers) {
    EXPECT_EQ(server, servers.front());
  }
}

// What is only so, or can only be seen, as root: a run as an ordinary user has not checked it, and says so.
class PrivatePostgresAsRootTest : public PrivatePostgresTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(::geteuid(), 0U) << "only root can check this: it becomes another user; run these tests as root";
  }
};

TEST_F(PrivatePostgresAsRootTest, AnotherOrdinaryUserIsKeptOut) {
  const PrivatePostgres server = Start();
  // The same program with a role that nobody may take, once through the socket's folder, once with that folder open.
  const std::vector<std::string> ask{"psql", "--no-psqlrc", "--command=SELECT 1", server.ConnectionString(kApiRole)};
  EXPECT_FALSE(RunToEnd(kNobody, ask).ok());
  ASSERT_EQ(::chmod(server.socket_folder().c_str(), 0755), 0);
  const Status refused = RunToEnd(kNobody, ask);
  EXPECT_NE(MessageOf(refused).find("Peer authentication failed"), std::string_view::npos) << refused;
}

TEST_F(PrivatePostgresAsRootTest, ItSaysThatItsUserCannotEnterTheFolder) {
  ASSERT_EQ(::chmod(folder_.c_str(), 0700), 0);
  folder_ += "/below";
  const Status status = Refusal();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(MessageOf(status).find("user postgres"), std::string_view::npos) << status;
}

TEST_F(PrivatePostgresAsRootTest, TheServersUserOwnsOnlyDataAndSocket) {
  const PrivatePostgres server = Start();
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    struct stat about {};
    ASSERT_EQ(::lstat(entry.path().c_str(), &about), 0);
    const std::string name = entry.path().filename().native();
    EXPECT_EQ(about.st_uid == 0, name != "data" && name != "socket") << name;
  }
}

// What an ordinary user's server does differently, in a copy of this program that such a user can reach.
TEST_F(PrivatePostgresTest, WorksForAnOrdinaryUserToo) {
  const std::string copy = folder_ + "/test";
  fs::copy_file("/proc/self/exe", copy);
  const ServerUser ordinary = ::geteuid() == 0 ? kNobody : ServerUser{};
  const std::string filter =
      "--gtest_filter=*.TheFirstStartMakes*:*.TheSecondStartAdopts*:*.StartsAgainAlthoughAChild*:DefaultDataFolder.*";
  const Result<ChildResult> result = RunChild({.argv = AsUser(ordinary, {copy, filter}),
                                               .environment = ServerEnvironment(),
                                               .directory = "/",
                                               .standard_input = "",
                                               .timeout = kEndWait});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_NE(result->output.find("[  PASSED  ] 4 tests."), std::string::npos) << result->output << result->error_output;
}

TEST(DefaultDataFolder, IsWhereTheUsersDataBelongs) {
  if (::geteuid() == 0) {
    EXPECT_EQ(*DefaultDataFolder(), "/var/lib/turnpike");
    return;
  }
  ASSERT_EQ(::setenv("HOME", "/home/ada", 1), 0);
  ASSERT_EQ(::unsetenv("XDG_DATA_HOME"), 0);
  EXPECT_EQ(*DefaultDataFolder(), "/home/ada/.local/share/turnpike");
  ASSERT_EQ(::setenv("XDG_DATA_HOME", "/data/ada", 1), 0);
  EXPECT_EQ(*DefaultDataFolder(), "/data/ada/turnpike");
}

TEST(FindPostgresPrograms, FindsTheNewestAndTheOneAskedFor) {
  const Result<PostgresPrograms> newest = FindPostgresPrograms(std::nullopt);
  ASSERT_TRUE(newest.ok()) << newest.status();
  const Result<PostgresPrograms> same = FindPostgresPrograms(newest->version);
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_EQ(same->folder, newest->folder);
  EXPECT_EQ(FindPostgresPrograms(8).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace turnpike
