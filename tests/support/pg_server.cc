#include "tests/support/pg_server.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/child_process.h"
#include "base/file_sync.h"
#include "base/pg/connection.h"
#include "base/pg/migrate.h"
#include "broker/embedded/postgres_processes.h"

namespace turnpike {
namespace {

namespace fs = std::filesystem;

// Ends the process: a test without its database tells nothing.
void Require(const Status& status) {
  if (!status.ok()) {
    fmt::print(stderr, "the test's database: {}\n", MessageOf(status));
    std::abort();
  }
}

// Everything lies in /tmp: as root the server runs as another user, who must be able to enter.
constexpr char kPlace[] = "/tmp";
constexpr std::string_view kPrefix = "turnpike-test-";
constexpr char kOwnerFile[] = "/owner";  // the pid and start of the test binary
constexpr std::chrono::milliseconds kEndWait{30'000};

std::string MakeRoot() {
  constexpr mode_t kMode = 0755;
  std::string root = fmt::format("{}/{}XXXXXX", kPlace, kPrefix);
  CHECK(::mkdtemp(root.data()) != nullptr);
  CHECK(::chmod(root.c_str(), kMode) == 0);
  const std::optional<ProcessIdentity> self = IdentityOf(::getpid());
  CHECK(self);
  Require(WriteFileAtomically(root + kOwnerFile, fmt::format("{} {}", self->pid, self->start_ticks)));
  return root;
}

// Ends the servers in a test binary's folder and removes it.
void RemoveRoot(const fs::path& root) {
  std::error_code error;
  for (const fs::directory_entry& server : fs::directory_iterator(root, error)) {
    Require(EndOrphans(server.path() / "data", kEndWait));
  }
  fs::remove_all(root, error);
}

bool OwnerHasEnded(const fs::path& root) {
  const Result<std::string> text = ReadFile(root.native() + kOwnerFile);
  ProcessIdentity owner;
  return text.ok() && std::sscanf(text->c_str(), "%d %llu", &owner.pid, &owner.start_ticks) == 2 && !IsAlive(owner);
}

// A test binary that was killed leaves its servers running.
void RemoveLeftovers() {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(kPlace, error)) {
    struct stat about {};
    const bool ours = entry.path().filename().native().starts_with(kPrefix) &&
                      ::lstat(entry.path().c_str(), &about) == 0 && S_ISDIR(about.st_mode) &&
                      about.st_uid == ::geteuid();
    if (ours && OwnerHasEnded(entry.path())) {
      RemoveRoot(entry.path());
    }
  }
}

// The servers and folders of this test binary, for as long as its tests run.
class ServerEnvironment final : public testing::Environment {
 public:
  void TearDown() override {
    if (server_) {
      EXPECT_TRUE(server_->Stop().ok());
      server_.reset();
    }
    if (!root_.empty()) {
      RemoveRoot(std::exchange(root_, {}));
    }
  }

  std::string MakeFolder() {
    if (root_.empty()) {
      RemoveLeftovers();
      root_ = MakeRoot();
    }
    std::string folder = fmt::format("{}/{}", root_, ++folder_count_);
    CHECK(::mkdir(folder.c_str(), 0755) == 0);
    return folder;
  }

  PrivatePostgres& Server() {
    if (!server_) {
      Result<PrivatePostgres> server = PrivatePostgres::Start({.folder = MakeFolder(), .durable = false});
      Require(server.status());
      server_ = std::make_unique<PrivatePostgres>(*std::move(server));
    }
    return *server_;
  }

 private:
  std::string root_;
  int folder_count_ = 0;
  std::unique_ptr<PrivatePostgres> server_;
};

// Made while the program starts, so that googletest knows it before it runs the tests, and owned by googletest.
ServerEnvironment* const kEnvironment =
    static_cast<ServerEnvironment*>(testing::AddGlobalTestEnvironment(new ServerEnvironment));

std::string NewName() {
  static std::atomic<int> count{0};
  return fmt::format("test_{}", ++count);
}

void CreateDatabase(const std::string& name, const std::string& source) {
  Result<std::unique_ptr<Connection>> connection =
      Connection::Open({.conninfo = TestServer().SuperuserConnectionString("postgres")});
  Require(connection.status());
  Require(
      (*connection)->ExecuteScript(fmt::format("CREATE DATABASE {} OWNER {} TEMPLATE {}", name, kOwnerRole, source)));
}

}  // namespace

std::string MakeTestFolder() {
  return kEnvironment->MakeFolder();
}

PrivatePostgres& TestServer() {
  return kEnvironment->Server();
}

std::string TestDatabase::ConnectionString(const std::string& role) const {
  return TestServer().ConnectionString(role, name);
}
std::string TestDatabase::ConnectionString() const {
  return ConnectionString(kOwnerRole);
}
std::string TestDatabase::SuperuserConnectionString() const {
  return TestServer().SuperuserConnectionString(name);
}

TestDatabase MakeTestDatabase() {
  TestDatabase database{.name = NewName()};
  CreateDatabase(database.name, "template1");
  return database;
}

TestDatabase MakeTestDatabase(std::span<const EmbeddedFile> migrations) {
  static std::map<const EmbeddedFile*, std::string> templates;
  std::string& source = templates[migrations.data()];
  if (source.empty()) {
    source = MakeTestDatabase().name;
    Require(ApplyMigrations(TestServer().ConnectionString(kOwnerRole, source), migrations).status());
  }
  TestDatabase database{.name = NewName()};
  CreateDatabase(database.name, source);
  return database;
}

}  // namespace turnpike
