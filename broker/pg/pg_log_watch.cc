#include "broker/pg/pg_log_watch.h"

#include "broker/core/log_limits.h"
#include "broker/pg/log_rows.h"

namespace turnpike {
namespace {

// $1 sites, $2 and $3 the limits.
constexpr char kStreams[] = R"sql(
    SELECT w.site_id, w.attempt_id, w.stream = 'error', w.until, )sql" TURNPIKE_LOG_IS_WANTED("$2", "$3") R"sql(
      FROM log_wish AS w
      JOIN attempt AS a
        ON a.attempt_id = w.attempt_id
     WHERE w.site_id = ANY($1)
     ORDER BY w.attempt_id, w.stream
)sql";

// $1 attempts.
constexpr char kEnds[] = R"sql(
    SELECT attempt_id, stream = 'error', stored_end, closed
      FROM log_wish
     WHERE attempt_id = ANY($1)
     ORDER BY attempt_id, stream
)sql";

const TransactionSettings kReading{.projects = {}, .site = {}, .read_only = true};

}  // namespace

Result<LogNews> PgLogWatch::Look(const std::vector<SiteId>& sites, const std::vector<AttemptId>& attempts) {
  LogNews news;
  RETURN_IF_ERROR(transactions_.Run(kReading, [&](Transaction& tx) -> Status {
    news = {};
    Params of_sites;
    of_sites.IdArray(sites).Int(kFollowedBytesMax).Int(kSiteBytesPerHourMax);
    ASSIGN_OR_RETURN(const Rows streams, tx.Execute(kStreams, of_sites));
    for (int row = 0; row < streams.size(); ++row) {
      news.streams.push_back({.site_id = streams.Id<SiteId>(row, 0),
                              .attempt_id = streams.Id<AttemptId>(row, 1),
                              .error_stream = streams.Bool(row, 2),
                              .until = streams.Time(row, 3),
                              .wanted = streams.Bool(row, 4)});
    }
    if (attempts.empty()) {
      return OkStatus();
    }
    ASSIGN_OR_RETURN(const Rows ends, tx.Execute(kEnds, Params().IdArray(attempts)));
    for (int row = 0; row < ends.size(); ++row) {
      news.ends.push_back({.attempt_id = ends.Id<AttemptId>(row, 0),
                           .error_stream = ends.Bool(row, 1),
                           .stored_end = ends.Int(row, 2),
                           .closed = ends.Bool(row, 3)});
    }
    return OkStatus();
  }));
  return news;
}

}  // namespace turnpike
