#include "tests/e2e/sound_run.h"

#include "tests/e2e/eventually.h"
#include "tests/e2e/invariants.h"
#include "tests/e2e/program.h"

namespace turnpike {
namespace {

constexpr char kUnrecorded[] = R"sql(
    SELECT (SELECT count(*) FROM attempt_end) - (SELECT coalesce(sum(placed), 0) FROM placement_round WHERE piece = 0)
)sql";

// Every round that placed a job, run again by the program as it was recorded.
Status CheckReplay(const Federation& federation, Database& database) {
  ASSIGN_OR_RETURN(const int64_t unrecorded, database.Number(kUnrecorded));
  if (unrecorded > 0) {
    return Internal("{} attempts were planned by rounds that are not recorded", unrecorded);
  }
  const Result<std::string> replayed =
      RunForOutput({.argv = {ProgramPath("turnpike-broker"), "replay", "--database", federation.DatabaseAddress()}});
  return replayed.ok()
             ? OkStatus()
             : Internal("a round of placement does not come out as it is recorded: {}", MessageOf(replayed.status()));
}

}  // namespace

Status CheckSoundRun(const Federation& federation) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, federation.OpenDatabase());
  const RunEvidence evidence{.database = *database,
                             .payload_log = federation.payload().log_path(),
                             .call_history = federation.calls().path(),
                             .journals = federation.Journals()};
  Eventually([&evidence] { return CheckJournals(evidence).ok(); }, std::chrono::seconds(20));
  RETURN_IF_ERROR(CheckInvariants(evidence));
  RETURN_IF_ERROR(CheckReplay(federation, *database));
  return CheckNothingRuns(federation, std::chrono::seconds(20));
}

Status CheckNothingRuns(const Federation& federation, std::chrono::seconds time) {
  const bool is_quiet = Eventually(
      [&federation] {
        return CountProcessesOf(federation.folder(), "turnpike-runner") == 0 &&
               CountProcessesOf(federation.folder(), federation.payload().log_path()) == 0;
      },
      time);
  return is_quiet ? OkStatus() : Internal("I11 is violated: a local job still runs, and every job is over");
}

}  // namespace turnpike
