#include "tests/e2e/sound_run.h"

#include "tests/e2e/eventually.h"
#include "tests/e2e/invariants.h"

namespace turnpike {

Status CheckSoundRun(const Federation& federation) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, federation.OpenDatabase());
  const RunEvidence evidence{.database = *database,
                             .payload_log = federation.payload().log_path(),
                             .call_history = federation.calls().path(),
                             .journals = federation.Journals()};
  Eventually([&evidence] { return CheckJournals(evidence).ok(); }, std::chrono::seconds(20));
  RETURN_IF_ERROR(CheckInvariants(evidence));
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
