#include "broker/pg/pg_log_store.h"

#include <algorithm>
#include <limits>

#include "broker/core/log_limits.h"
#include "broker/pg/log_rows.h"

namespace turnpike {
namespace {

constexpr int64_t kChunksPerPage = 8;

// The job's attempts are numbered as they followed each other; the live one is the last.  A minute is wished for at a
// time, and wished again when 40 s of it are left.  Complete: the attempt is over, and the site has said that all has
// come, or nobody has been following, or half a minute has passed.  $1 job, $2 stream, $3 number or 0, $4 the limit.
constexpr char kFindAttempt[] = R"sql(
    SELECT a.attempt_id, a.number, a.total, coalesce(w.stored_end, 0),
           a.ended_at <> 'infinity' AND (w.until IS NULL OR w.closed OR w.stored_end >= $4 OR w.until < now() + interval '30 s'),
           coalesce(w.stored_end >= $4, false),
           a.ended_at = 'infinity' AND (w.until IS NULL OR w.until < now() + interval '40 s')
      FROM (SELECT attempt_id, ended_at, row_number() OVER (ORDER BY ended_at, attempt_id) AS number, count(*) OVER () AS total
              FROM (SELECT attempt_id, ended_at
                      FROM attempt_end
                     WHERE job_id = $1
                     UNION ALL
                    SELECT attempt_id, 'infinity'
                      FROM attempt
                     WHERE job_id = $1) AS every) AS a
      LEFT JOIN log_wish AS w
        ON w.attempt_id = a.attempt_id
       AND w.stream = $2
     WHERE $3 IN (0, a.number)
     ORDER BY a.number DESC
     LIMIT 1
)sql";

// $1 attempt, $2 stream.
constexpr char kEnd[] = R"sql(
    SELECT coalesce(max(chunk_offset + octet_length(bytes)), 0)
      FROM log_chunk
     WHERE attempt_id = $1
       AND stream = $2
)sql";

// A chunk has at most 64 KiB.  $1 attempt, $2 stream, $3 from this byte, $4 chunks that begin before this byte, $5 how
// many.
constexpr char kChunks[] = R"sql(
    SELECT chunk_offset, bytes, at
      FROM log_chunk
     WHERE attempt_id = $1
       AND stream = $2
       AND chunk_offset > $3 - 65536
       AND chunk_offset < $4
       AND chunk_offset + octet_length(bytes) > $3
     ORDER BY chunk_offset
     LIMIT $5
)sql";

// $1 attempt, $2 stream.
constexpr char kRenew[] = R"sql(
    INSERT INTO log_wish AS w (attempt_id, stream, project_id, job_id, site_id, until)
    SELECT attempt_id, $2, project_id, job_id, site_id, now() + interval '60 s'
      FROM attempt
     WHERE attempt_id = $1
        ON CONFLICT (attempt_id, stream) DO UPDATE
       SET until = excluded.until
)sql";

void AddChunk(const Rows& rows, int row, LogPage& page) {
  const int64_t begin = std::max(rows.Int(row, 0), page.next_offset);
  const std::string_view bytes = rows.Bytes(row, 1);
  const auto known = static_cast<size_t>(begin - rows.Int(row, 0));
  if (known >= bytes.size()) {
    return;
  }
  page.chunks.push_back({.offset = begin, .bytes = std::string(bytes.substr(known)), .at = rows.Time(row, 2)});
  page.next_offset = begin + static_cast<int64_t>(page.chunks.back().bytes.size());
}

Result<int64_t> BeginOf(Transaction& tx, const AttemptId& attempt_id, const LogPlace& place) {
  if (place.offset >= 0) {
    return place.offset;
  }
  ASSIGN_OR_RETURN(const Rows end, tx.Execute(kEnd, Params().Id(attempt_id).Text(LogStreamName(place.error_stream))));
  return std::max<int64_t>(0, end.Int(0, 0) + place.offset);
}

}  // namespace

Result<LogPage> PgLogStore::Read(const LogPlace& place, bool follows) {
  LogPage page;
  const TransactionSettings settings{.projects = {place.project_id}, .site = {}, .read_only = true};
  const std::string_view stream = LogStreamName(place.error_stream);
  RETURN_IF_ERROR(transactions_.Run(settings, [&](Transaction& tx) -> Status {
    page = LogPage{.attempt_id = {}, .chunks = {}, .next_offset = std::max<int64_t>(0, place.offset)};
    Params which;
    which.Id(place.job_id).Text(stream).Int(place.attempt).Int(kFollowedBytesMax);
    ASSIGN_OR_RETURN(const Rows found, tx.Execute(kFindAttempt, which));
    if (found.empty()) {
      return OkStatus();
    }
    page.attempt_id = found.Id<AttemptId>(0, 0);
    page.attempt = found.Int(0, 1);
    page.attempts = found.Int(0, 2);
    page.complete = found.Bool(0, 4);
    page.full = found.Bool(0, 5);
    page.renew_due = found.Bool(0, 6);
    ASSIGN_OR_RETURN(page.next_offset, BeginOf(tx, *page.attempt_id, place));
    const int64_t below = follows && !page.complete ? found.Int(0, 3) : std::numeric_limits<int64_t>::max();
    Params params;
    params.Id(*page.attempt_id).Text(stream).Int(page.next_offset).Int(below).Int(kChunksPerPage);
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kChunks, params));
    for (int row = 0; row < rows.size(); ++row) {
      AddChunk(rows, row, page);
    }
    return OkStatus();
  }));
  return page;
}

Status PgLogStore::Renew(ProjectId project_id, const AttemptId& attempt_id, bool error_stream) {
  return transactions_.Run({.projects = {project_id}, .site = {}}, [&](Transaction& tx) -> Status {
    return tx.Execute(kRenew, Params().Id(attempt_id).Text(LogStreamName(error_stream))).status();
  });
}

}  // namespace turnpike
