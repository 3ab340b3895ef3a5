#include "broker/pg/old_rows.h"

namespace turnpike {
namespace {

// No index of these tables begins with an age, and one that did would cost every call that changes something: they are
// walked by their pages.

// By the time inside a UUIDv7: keys of the day before the last kept one and older.  Another UUID tells no time, and by
// its bytes may be of any: it counts from its first use.  Such a one lies in the default partition, but for the few
// that by chance are of these months: they are met when their month is old.  $1, $2 the piece, in pages of each
// partition; $3 days.
constexpr char kDropKeys[] = R"sql(
    DELETE FROM request_key
     WHERE (key < uuid_at(now() - interval '31 days') OR key >= uuid_at(now() + interval '6 months'))
       AND CASE get_byte(uuid_send(key), 6) >> 4
               WHEN 7 THEN key < uuid_at(now() - interval '31 days')
               ELSE kept_since < now() - make_interval(days => $3::integer)
           END
       AND ctid >= format('(%s,0)', $1::bigint)::tid
       AND ctid < format('(%s,0)', $2::bigint)::tid
)sql";
constexpr char kKeyPages[] = R"sql(
    SELECT max(pg_relation_size(relid) / current_setting('block_size')::bigint)
      FROM pg_partition_tree('request_key')
     WHERE isleaf
)sql";
constexpr int64_t kKeyPagesAtOnce = 4'000;  // 32 MiB, about 200,000 keys

// By our own clock and by the job's end, so that a site's wrong clock keeps it at least as long.  $1, $2 the piece, in
// pages; $3 days.
constexpr char kDropOutput[] = R"sql(
    DELETE FROM log_chunk AS c
     WHERE c.at < now() - make_interval(days => $3::integer)
       AND c.ctid >= format('(%s,0)', $1::bigint)::tid
       AND c.ctid < format('(%s,0)', $2::bigint)::tid
       AND EXISTS (SELECT
                     FROM job_end AS e
                    WHERE e.job_id = c.job_id
                      AND e.ended_at < now() - make_interval(days => $3::integer))
)sql";
constexpr char kOutputPages[] = "SELECT pg_relation_size('log_chunk') / current_setting('block_size')::bigint";
constexpr int64_t kOutputPagesAtOnce = 20;  // about 1,600 chunks of at most 64 KiB, which lie outside of them

// $1, $2 the piece, in pages of each partition; $3 days.
constexpr char kDropRefusals[] = R"sql(
    DELETE FROM quote_refusal
     WHERE at < now() - make_interval(days => $3::integer)
       AND ctid >= format('(%s,0)', $1::bigint)::tid
       AND ctid < format('(%s,0)', $2::bigint)::tid
)sql";
constexpr char kRefusalPages[] = R"sql(
    SELECT max(pg_relation_size(relid) / current_setting('block_size')::bigint)
      FROM pg_partition_tree('quote_refusal')
     WHERE isleaf
)sql";
constexpr int64_t kRefusalPagesAtOnce = 4'000;

struct OldRows {
  const char* drop;
  const char* pages;
  int64_t pages_at_once;
  std::chrono::days kept;
};

}  // namespace

Result<int64_t> DropOldRows(Transaction& tx, const Retention& retention, int64_t piece) {
  const OldRows tables[] = {{kDropKeys, kKeyPages, kKeyPagesAtOnce, retention.other_request_ids},
                            {kDropOutput, kOutputPages, kOutputPagesAtOnce, retention.output},
                            {kDropRefusals, kRefusalPages, kRefusalPagesAtOnce, retention.refusals}};
  bool is_last = true;
  for (const OldRows& table : tables) {
    const int64_t begin = piece * table.pages_at_once;
    const int64_t end = begin + table.pages_at_once;
    ASSIGN_OR_RETURN(const Rows pages, tx.Execute(table.pages));
    if (begin < pages.Int(0, 0)) {
      RETURN_IF_ERROR(tx.Execute(table.drop, Params().Int(begin).Int(end).Int(table.kept.count())).status());
    }
    is_last = is_last && end >= pages.Int(0, 0);
  }
  return is_last ? 0 : piece + 1;
}

}  // namespace turnpike
