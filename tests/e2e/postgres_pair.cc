#include "tests/e2e/postgres_pair.h"

#include <signal.h>

#include <cstdlib>

#include "base/child_process.h"
#include "base/file_sync.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/program.h"

namespace turnpike {
namespace {

constexpr char kInStep[] = "SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')";
constexpr char kPromote[] = "SELECT pg_promote()::text";
constexpr std::chrono::seconds kGoneTime{20};

std::string SocketFolder(const std::string& folder) {
  return folder + "/socket";
}

}  // namespace

Status PostgresPair::Begin() {
  ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, OpenPrimary());
  RETURN_IF_ERROR(database->Execute("ALTER SYSTEM SET synchronous_standby_names = '*'"));
  RETURN_IF_ERROR(RenewStandby());  // The setting is part of the copy, and does not hold here yet.
  RETURN_IF_ERROR(database->Query("SELECT pg_reload_conf()").status());
  return WaitUntilInStep();
}

Status PostgresPair::Kill(const std::string& folder) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(folder + "/data/postmaster.pid"));
  const std::optional<ProcessIdentity> postgres = IdentityOf(std::atoi(text.c_str()));
  if (!postgres) {
    return NotFound("PostgreSQL in {} does not run", folder);
  }
  RETURN_IF_ERROR(SignalProcess(*postgres, SIGKILL));
  return Eventually([&] { return !IsAlive(*postgres); }, kGoneTime) ? OkStatus()
                                                                    : Internal("PostgreSQL does not die of SIGKILL");
}

Status PostgresPair::KillStandby() const {
  RETURN_IF_ERROR(Kill(standby_));
  // What received for it outlives its first process a little.
  ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, OpenPrimary());
  return Eventually([&] { return database->Number(kInStep).value_or(-1) == 0; })
             ? OkStatus()
             : DeadlineExceeded("the standby in {} was killed and follows all the same", standby_);
}

Status PostgresPair::Restart(const std::string& folder) const {
  RETURN_IF_ERROR(RunForOutput({.argv = {TestProgramPath("start_postgres"), folder}}).status());
  return WaitUntilInStep();
}

Status PostgresPair::Promote() {
  ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, Open(standby_));
  ASSIGN_OR_RETURN(const std::string promoted, database->Value(kPromote));
  if (promoted != "true") {
    return Internal("the standby in {} was not promoted within its time", standby_);
  }
  std::swap(primary_, standby_);
  return OkStatus();
}

Status PostgresPair::RenewStandby() {
  RETURN_IF_ERROR(
      RunForOutput({.argv = {TestProgramPath("start_postgres"), standby_, "--standby-of", SocketFolder(primary_)}})
          .status());
  ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, OpenPrimary());
  ASSIGN_OR_RETURN(const std::string names, database->Value("SELECT current_setting('synchronous_standby_names')"));
  return names.empty() ? OkStatus() : WaitUntilInStep();
}

Status PostgresPair::WaitUntilInStep() const {
  ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, OpenPrimary());
  return Eventually([&] { return database->Number(kInStep).value_or(0) == 1; })
             ? OkStatus()
             : DeadlineExceeded("the standby in {} does not follow", standby_);
}

Result<std::unique_ptr<Database>> PostgresPair::Open(const std::string& folder) {
  return Database::Open(fmt::format("host={} dbname=turnpike user=postgres", SocketFolder(folder)));
}

}  // namespace turnpike
