#include "broker/pg/breaker_writer.h"

#include <set>

namespace turnpike {
namespace {

// $1 site, $2 shares.
constexpr char kLock[] = R"sql(
    SELECT share, failures::bigint, open_until, seconds, last_failure, failed_at
      FROM share_breaker
     WHERE site_id = $1
       AND share = ANY($2)
     ORDER BY share
       FOR UPDATE
)sql";

// $1 site, $2 shares, $3 failures, $4 ends, $5 lengths, $6 texts, $7 times of the last failures.
constexpr char kStore[] = R"sql(
    INSERT INTO share_breaker (site_id, share, failures, open_until, seconds, last_failure, failed_at)
    SELECT $1, share, failures, open_until, seconds, last_failure, failed_at
      FROM unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::text[], $7::timestamptz[])
        AS new(share, failures, open_until, seconds, last_failure, failed_at)
        ON CONFLICT (site_id, share) DO UPDATE
       SET failures = excluded.failures,
           open_until = excluded.open_until,
           seconds = excluded.seconds,
           last_failure = excluded.last_failure,
           failed_at = excluded.failed_at
)sql";

// $1 site, $2 shares.
constexpr char kForget[] = R"sql(
    DELETE FROM share_breaker
     WHERE site_id = $1
       AND share = ANY($2)
)sql";

}  // namespace

Status BreakerWriter::Write() {
  if (news_.empty()) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(Standings standings, Lock());
  const Standings before = standings;
  for (auto& [share, why] : news_) {
    if (!why) {
      standings.erase(share);
      continue;
    }
    const auto last = standings.find(share);
    standings[share] =
        AfterFailure(last == standings.end() ? std::nullopt : std::optional(last->second), std::move(*why), tx_.now());
  }
  std::vector<std::string> sound;
  for (const auto& [share, standing] : before) {
    if (!standings.contains(share)) {
      sound.push_back(share);
    }
  }
  std::erase_if(standings, [&](const auto& one) {
    const auto old = before.find(one.first);
    return old != before.end() && old->second == one.second;
  });
  RETURN_IF_ERROR(Store(standings));
  return Forget(sound);
}

Result<BreakerWriter::Standings> BreakerWriter::Lock() {
  std::set<std::string> names;
  for (const auto& [share, why] : news_) {
    names.insert(share);
  }
  const std::vector<std::string> shares(names.begin(), names.end());
  ASSIGN_OR_RETURN(const Rows rows, tx_.Execute(kLock, Params().Id(site_id_).TextArray(shares)));
  Standings standings;
  for (int row = 0; row < rows.size(); ++row) {
    standings[std::string(rows.Text(row, 0))] = {.failures = static_cast<int32_t>(rows.Int(row, 1)),
                                                 .open_until = rows.OptionalTime(row, 2),
                                                 .length = std::chrono::seconds(rows.Int(row, 3)),
                                                 .last_failure = std::string(rows.Text(row, 4)),
                                                 .failed_at = rows.Time(row, 5)};
  }
  return standings;
}

Status BreakerWriter::Store(const Standings& standings) {
  if (standings.empty()) {
    return OkStatus();
  }
  std::vector<std::string> shares, texts;
  std::vector<int64_t> failures, lengths;
  std::vector<std::optional<Timestamp>> ends;
  std::vector<Timestamp> times;
  for (const auto& [share, standing] : standings) {
    shares.push_back(share);
    failures.push_back(standing.failures);
    ends.push_back(standing.open_until);
    lengths.push_back(standing.length.count());
    texts.push_back(standing.last_failure);
    times.push_back(standing.failed_at);
  }
  Params params;
  params.Id(site_id_).TextArray(shares).IntArray(failures).OptionalTimeArray(ends).IntArray(lengths);
  params.TextArray(texts).TimeArray(times);
  return tx_.Execute(kStore, params).status();
}

Status BreakerWriter::Forget(const std::vector<std::string>& shares) {
  return shares.empty() ? OkStatus() : tx_.Execute(kForget, Params().Id(site_id_).TextArray(shares)).status();
}

}  // namespace turnpike
