#include "broker/pg/pg_placement_lease.h"

#include "base/log.h"

namespace turnpike {
namespace {

// Taken again by the session that has it, it only counts up.
constexpr char kTake[] = "SELECT pg_try_advisory_lock(7236837542908843)";

constexpr char kTakeForTransaction[] = "SELECT pg_try_advisory_xact_lock(7236837542908843)";

// $1 replica.
constexpr char kKeepFresh[] = R"sql(
    UPDATE placement_lease
       SET epoch = epoch + (backend <> pg_backend_pid() OR replica <> $1)::int,
           replica = $1,
           backend = pg_backend_pid(),
           heartbeat = now()
    RETURNING epoch
)sql";

// $1 milliseconds of silence that are allowed.
constexpr char kHolder[] = R"sql(
    SELECT epoch, replica, heartbeat < now() - $1 * interval '1 millisecond'
      FROM placement_lease
)sql";

// A bigint's lock stands in pg_locks in two halves.
constexpr char kCutOff[] = R"sql(
    SELECT pg_terminate_backend(pid)
      FROM pg_locks
     WHERE locktype = 'advisory'
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND classid::bigint = 7236837542908843 >> 32
       AND objid::bigint = 7236837542908843 & 4294967295
       AND objsubid = 1
       AND granted
)sql";

Result<LeaseStanding> LookAtHolder(Transaction& tx, std::chrono::milliseconds silence_max) {
  ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kHolder, Params().Int(silence_max.count())));
  const LeaseStanding standing{.held = false, .epoch = rows.Int(0, 0), .holder = std::string(rows.Text(0, 1))};
  if (rows.Bool(0, 2)) {
    LogWarn("the replica that places jobs is silent, and is cut off", {{"holder", standing.holder}});
    RETURN_IF_ERROR(tx.Execute(kCutOff).status());
  }
  return standing;
}

}  // namespace

Result<LeaseStanding> PgPlacementLease::Renew() {
  LeaseStanding standing;
  const Status done = transactions_.Run({}, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows taken, tx.Execute(kTake));
    if (!taken.Bool(0, 0)) {
      ASSIGN_OR_RETURN(standing, LookAtHolder(tx, settings_.silence_max));
      return OkStatus();
    }
    ASSIGN_OR_RETURN(const Rows fresh, tx.Execute(kKeepFresh, Params().Text(settings_.replica)));
    standing = {.held = true, .epoch = fresh.Int(0, 0), .holder = settings_.replica};
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return standing;
}

Status HoldPlacement(Transaction& tx) {
  ASSIGN_OR_RETURN(const Rows held, tx.Execute(kTakeForTransaction));
  return held.Bool(0, 0) ? OkStatus() : Unavailable("another replica places jobs");
}

}  // namespace turnpike
