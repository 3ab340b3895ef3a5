#include "broker/pg/pg_event_log.h"

namespace turnpike {
namespace {

// Everything below the oldest running transaction is settled: committed or gone.
constexpr char kHead[] = R"sql(
    SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1)
)sql";

// Ordered by the table's own columns, as the index is: the first output column would be a number that is computed for
// every row of the backlog, and the page would sort them all.  $1, $2 the last position read, $3 how many.
constexpr char kReadAfter[] = R"sql(
    SELECT xid::text::bigint, seq, at, kind, body
      FROM job_event
     WHERE (xid, seq) > ($1::text::xid8, $2)
       AND xid < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY job_event.xid, job_event.seq
     LIMIT $3
)sql";

// $1, $2 the last position read.
constexpr char kAgeOfNext[] = R"sql(
    SELECT (extract(epoch FROM now() - at) * 1000000)::bigint
      FROM job_event
     WHERE (xid, seq) > ($1::text::xid8, $2)
     ORDER BY xid, seq
     LIMIT 1
)sql";

constexpr char kRestoreEpoch[] = R"sql(
    SELECT epoch
      FROM restore_epoch
)sql";

const TransactionSettings kReading{.projects = {}, .site = {}, .read_only = true};

}  // namespace

Result<EventPosition> PgEventLog::Head() {
  EventPosition head;
  RETURN_IF_ERROR(transactions_.Run(kReading, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kHead));
    head = {.xid = rows.Int(0, 0), .seq = INT64_MAX};
    return OkStatus();
  }));
  return head;
}

Result<std::vector<LoggedEvent>> PgEventLog::ReadAfter(EventPosition after, size_t limit) {
  std::vector<LoggedEvent> events;
  RETURN_IF_ERROR(transactions_.Run(kReading, [&](Transaction& tx) -> Status {
    Params params;
    params.Text(std::to_string(after.xid)).Int(after.seq).Int(static_cast<int64_t>(limit));
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kReadAfter, params));
    events.clear();
    for (int row = 0; row < rows.size(); ++row) {
      ASSIGN_OR_RETURN(JobView job, DecodeJobView(rows.Bytes(row, 4)));
      events.push_back({.position = {.xid = rows.Int(row, 0), .seq = rows.Int(row, 1)},
                        .at = rows.Time(row, 2),
                        .kind = std::string(rows.Text(row, 3)),
                        .job = std::move(job)});
    }
    return OkStatus();
  }));
  return events;
}

Result<std::optional<Duration>> PgEventLog::AgeOfNext(EventPosition after) {
  std::optional<Duration> age;
  RETURN_IF_ERROR(transactions_.Run(kReading, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kAgeOfNext, Params().Text(std::to_string(after.xid)).Int(after.seq)));
    age = rows.empty() ? std::nullopt : std::optional(Duration(rows.Int(0, 0)));
    return OkStatus();
  }));
  return age;
}

void PgEventLog::WaitForHint(std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  MutexLock lock(mutex_);
  while (!poke_pending_ && poked_.WaitUntil(mutex_, until)) {
  }
  poke_pending_ = false;
}

void PgEventLog::Poke() {
  MutexLock lock(mutex_);
  poke_pending_ = true;
  poked_.NotifyAll();
}

Result<int64_t> PgEventLog::RestoreEpoch() {
  int64_t epoch = 0;
  RETURN_IF_ERROR(transactions_.Run(kReading, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kRestoreEpoch));
    epoch = rows.Int(0, 0);
    return OkStatus();
  }));
  return epoch;
}

}  // namespace turnpike
