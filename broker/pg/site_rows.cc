#include "broker/pg/site_rows.h"

#include <algorithm>

#include "base/check.h"
#include "base/error_reason.h"
#include "broker/pg/network_rows.h"

namespace turnpike {
namespace {

// $1 sites.
constexpr char kReadSites[] = R"sql(
    SELECT s.site_id, s.name, s.display_name, s.region, s.time_zone, s.state, s.state_reason, s.scheduler, s.agent,
           coalesce(x.connected, false), greatest(s.last_seen_at, c.reported_at), coalesce(c.body, ''), c.reported_at,
           coalesce((SELECT max(p.version) FROM price_book AS p WHERE p.site_id = s.site_id), 0)
      FROM site AS s
      LEFT JOIN site_session AS x
        ON x.site_id = s.site_id
      LEFT JOIN site_capacity AS c
        ON c.site_id = s.site_id
     WHERE s.site_id = ANY($1)
     ORDER BY s.name
)sql";

// $1 sites.
constexpr char kReadMaintenance[] = R"sql(
    SELECT site_id, window_id, share, starts_at, ends_at, reason
      FROM site_maintenance
     WHERE site_id = ANY($1)
       AND ends_at > now()
     ORDER BY starts_at, window_id
)sql";

// $1 sites.
constexpr char kReadBreakers[] = R"sql(
    SELECT site_id, share, failures::bigint, open_until, seconds, last_failure, failed_at
      FROM share_breaker
     WHERE site_id = ANY($1)
     ORDER BY site_id, share
)sql";

void AddMaintenance(const Rows& rows, std::vector<SiteRecord>& sites) {
  for (int row = 0; row < rows.size(); ++row) {
    const auto site = std::ranges::find(sites, rows.Id<SiteId>(row, 0), &SiteRecord::site_id);
    site->maintenance.push_back({.window_id = rows.UuidAt(row, 1),
                                 .share = std::string(rows.Text(row, 2)),
                                 .start = rows.Time(row, 3),
                                 .end = rows.Time(row, 4),
                                 .reason = std::string(rows.Text(row, 5))});
  }
}

void AddBreakers(const Rows& rows, std::vector<SiteRecord>& sites) {
  for (int row = 0; row < rows.size(); ++row) {
    const auto site = std::ranges::find(sites, rows.Id<SiteId>(row, 0), &SiteRecord::site_id);
    site->breakers.emplace_back(rows.Text(row, 1), BreakerStanding{.failures = static_cast<int32_t>(rows.Int(row, 2)),
                                                                   .open_until = rows.OptionalTime(row, 3),
                                                                   .length = std::chrono::seconds(rows.Int(row, 4)),
                                                                   .last_failure = std::string(rows.Text(row, 5)),
                                                                   .failed_at = rows.Time(row, 6)});
  }
}

void AddNetworks(const Rows& rows, std::vector<SiteRecord>& sites) {
  for (int row = 0; row < rows.size(); ++row) {
    std::ranges::find(sites, rows.Id<SiteId>(row, 0), &SiteRecord::site_id)->network = NetworkAt(rows, row, 1);
  }
}

SiteRecord SiteAt(const Rows& rows, int row) {
  SiteRecord site;
  int column = 0;
  site.site_id = rows.Id<SiteId>(row, column++);
  site.name = rows.Text(row, column++);
  site.display_name = rows.Text(row, column++);
  site.region = rows.Text(row, column++);
  site.time_zone = rows.Text(row, column++);
  const std::optional<SiteState> state = ParseSiteState(rows.Text(row, column++));
  CHECK(state.has_value());
  site.state = *state;
  site.state_reason = rows.Text(row, column++);
  site.scheduler = rows.Text(row, column++);
  site.agent = rows.Int(row, column++);
  site.connected = rows.Bool(row, column++);
  site.last_seen_at = rows.OptionalTime(row, column++);
  site.capacity = rows.Bytes(row, column++);
  site.capacity_at = rows.OptionalTime(row, column++);
  site.price_book_version = rows.Int(row, column++);
  return site;
}

}  // namespace

Result<SiteRecord> ReadSite(Transaction& tx, SiteId site_id) {
  ASSIGN_OR_RETURN(std::vector<SiteRecord> sites, ReadSites(tx, {site_id}));
  if (sites.empty()) {
    return NoSuchSite(site_id.ToString());
  }
  return std::move(sites.front());
}

Result<std::vector<SiteRecord>> ReadSites(Transaction& tx, const std::vector<SiteId>& sites) {
  const Params params = std::move(Params().IdArray(sites));
  const Statement statements[] = {
      {kReadSites, &params}, {kReadMaintenance, &params}, {kReadBreakers, &params}, {kReadSiteNetworks, &params}};
  ASSIGN_OR_RETURN(const std::vector<Rows> results, tx.ExecuteAll(statements));
  std::vector<SiteRecord> records;
  for (int row = 0; row < results[0].size(); ++row) {
    records.push_back(SiteAt(results[0], row));
  }
  AddMaintenance(results[1], records);
  AddBreakers(results[2], records);
  AddNetworks(results[3], records);
  return records;
}

Status NoSuchSite(std::string_view name_or_id) {
  return WithReason(NotFound("site {} is not registered", name_or_id), ErrorReason::kNotFound,
                    {{"site", std::string(name_or_id)}});
}

}  // namespace turnpike
