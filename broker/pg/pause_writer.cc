#include "broker/pg/pause_writer.h"

#include <set>

namespace turnpike {
namespace {

// $1 site, $2 projects, $3 shares.
constexpr char kLock[] = R"sql(
    SELECT p.project_id, p.share, p.paused_until, p.seconds, p.limit_name
      FROM share_pause AS p
      JOIN unnest($2::uuid[], $3::text[]) AS wanted(project_id, share) USING (project_id, share)
     WHERE p.site_id = $1
     ORDER BY p.project_id, p.share
       FOR UPDATE OF p
)sql";

// $1 site, $2 projects, $3 shares, $4 ends, $5 lengths, $6 limits.
constexpr char kStore[] = R"sql(
    INSERT INTO share_pause (site_id, share, project_id, paused_until, seconds, limit_name)
    SELECT $1, share, project_id, paused_until, seconds, limit_name
      FROM unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::bigint[], $6::text[])
        AS new(project_id, share, paused_until, seconds, limit_name)
        ON CONFLICT (site_id, share, project_id) DO UPDATE
       SET paused_until = excluded.paused_until,
           seconds = excluded.seconds,
           limit_name = excluded.limit_name
)sql";

// $1 site, $2 projects, $3 shares.
constexpr char kEnd[] = R"sql(
    DELETE FROM share_pause AS p
     USING unnest($2::uuid[], $3::text[]) AS ended(project_id, share)
     WHERE p.site_id = $1
       AND p.project_id = ended.project_id
       AND p.share = ended.share
)sql";

}  // namespace

void PauseWriter::NoteTurnedAway(ProjectId project_id, const std::string& share, std::string limit) {
  news_.push_back({.place = {project_id, share}, .limit = std::move(limit)});
}

void PauseWriter::NoteTaken(ProjectId project_id, const std::string& share) {
  news_.push_back({.place = {project_id, share}, .limit = {}});
}

Status PauseWriter::Write() {
  if (news_.empty()) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const Standings before, Lock());
  Standings after = before;
  for (const News& news : news_) {
    Take(news, after);
  }
  RETURN_IF_ERROR(Store(before, after));
  return End(before, after);
}

Result<PauseWriter::Standings> PauseWriter::Lock() {
  std::set<Place> places;
  for (const News& news : news_) {
    places.insert(news.place);
  }
  std::vector<ProjectId> projects;
  std::vector<std::string> shares;
  for (const auto& [project, share] : places) {
    projects.push_back(project);
    shares.push_back(share);
  }
  ASSIGN_OR_RETURN(const Rows rows, tx_.Execute(kLock, Params().Id(site_id_).IdArray(projects).TextArray(shares)));
  Standings standings;
  for (int row = 0; row < rows.size(); ++row) {
    standings[{rows.Id<ProjectId>(row, 0), std::string(rows.Text(row, 1))}] = {
        .until = rows.Time(row, 2),
        .length = std::chrono::seconds(rows.Int(row, 3)),
        .limit = std::string(rows.Text(row, 4))};
  }
  return standings;
}

void PauseWriter::Take(const News& news, Standings& standings) const {
  const auto found = standings.find(news.place);
  const bool known = found != standings.end();
  if (news.limit) {
    const std::optional<PauseStanding> last = known ? std::optional(found->second) : std::nullopt;
    standings[news.place] = PauseAfterRefusal(last, *news.limit, tx_.now());
  } else if (known && EndsWithSuccess(found->second, tx_.now())) {
    standings.erase(found);
  }
}

Status PauseWriter::Store(const Standings& before, const Standings& after) {
  std::vector<ProjectId> projects;
  std::vector<std::string> shares, limits;
  std::vector<Timestamp> ends;
  std::vector<int64_t> lengths;
  for (const auto& [place, pause] : after) {
    if (const auto known = before.find(place); known != before.end() && known->second == pause) {
      continue;
    }
    projects.push_back(place.first);
    shares.push_back(place.second);
    ends.push_back(pause.until);
    lengths.push_back(pause.length.count());
    limits.push_back(pause.limit);
  }
  if (projects.empty()) {
    return OkStatus();
  }
  Params params;
  params.Id(site_id_).IdArray(projects).TextArray(shares).TimeArray(ends).IntArray(lengths).TextArray(limits);
  return tx_.Execute(kStore, params).status();
}

Status PauseWriter::End(const Standings& before, const Standings& after) {
  std::vector<ProjectId> projects;
  std::vector<std::string> shares;
  for (const auto& [place, pause] : before) {
    if (!after.contains(place)) {
      projects.push_back(place.first);
      shares.push_back(place.second);
    }
  }
  if (projects.empty()) {
    return OkStatus();
  }
  return tx_.Execute(kEnd, Params().Id(site_id_).IdArray(projects).TextArray(shares)).status();
}

}  // namespace turnpike
