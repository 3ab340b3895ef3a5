// What placement reads of all projects: for the index of waiting jobs.

#include "broker/pg/job_rows.h"
#include "broker/pg/pg_placement_store.h"

namespace turnpike {
namespace {

constexpr char kLoadLive[] = "SELECT" TURNPIKE_JOB_STATUS_COLUMNS R"sql(
      FROM live_job_status
)sql";

// $1 class ids.
constexpr char kLoadClasses[] = R"sql(
    SELECT class_id, request
      FROM job_class
     WHERE class_id = ANY($1)
     ORDER BY class_id
)sql";

constexpr char kLoadPauses[] = R"sql(
    SELECT site_id, share, project_id, paused_until, limit_name
      FROM share_pause
     WHERE paused_until > now()
     ORDER BY site_id, share, project_id
)sql";

// $1 the first day, counted from 1970.
constexpr char kLoadUsage[] = R"sql(
    SELECT project_id, (day - date '1970-01-01')::bigint, charged_micros
      FROM project_usage
     WHERE day >= date '1970-01-01' + $1::integer
     ORDER BY project_id, day
)sql";
constexpr char kLoadWeights[] = R"sql(
    SELECT project_id, weight::bigint
      FROM project
     WHERE weight <> 1
     ORDER BY project_id
)sql";

const TransactionSettings kReading{.projects = {}, .site = {}, .read_only = true};

}  // namespace

Status PgPlacementStore::LoadLive(const std::function<void(const JobView&)>& visit) {
  return transactions_.Run(kReading, [&](Transaction& tx) -> Status {
    return tx.ReadInBatches({.sql = kLoadLive}, [&](const Rows& rows) -> Status {
      for (int row = 0; row < rows.size(); ++row) {
        visit(JobViewAt(rows, row));
      }
      return OkStatus();
    });
  });
}

Result<std::vector<std::pair<Uuid, std::string>>> PgPlacementStore::LoadClasses(const std::vector<Uuid>& class_ids) {
  std::vector<std::pair<Uuid, std::string>> classes;
  RETURN_IF_ERROR(transactions_.Run(kReading, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kLoadClasses, Params().IdArray(class_ids)));
    classes.clear();
    for (int row = 0; row < rows.size(); ++row) {
      classes.emplace_back(rows.UuidAt(row, 0), rows.Bytes(row, 1));
    }
    return OkStatus();
  }));
  return classes;
}

Result<std::vector<StoredPause>> PgPlacementStore::LoadPauses() {
  std::vector<StoredPause> pauses;
  RETURN_IF_ERROR(transactions_.Run(kReading, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kLoadPauses));
    pauses.clear();
    for (int row = 0; row < rows.size(); ++row) {
      pauses.push_back({.site_id = rows.Id<SiteId>(row, 0),
                        .share = std::string(rows.Text(row, 1)),
                        .project_id = rows.Id<ProjectId>(row, 2),
                        .until = rows.Time(row, 3),
                        .limit = std::string(rows.Text(row, 4))});
    }
    return OkStatus();
  }));
  return pauses;
}

Result<StoredUsage> PgPlacementStore::LoadUsage(int64_t since_day) {
  StoredUsage usage;
  RETURN_IF_ERROR(transactions_.Run(kReading, [&](Transaction& tx) -> Status {
    const Params since = std::move(Params().Int(since_day));
    const Params none;
    const Statement statements[] = {{kLoadUsage, &since}, {kLoadWeights, &none}};
    ASSIGN_OR_RETURN(const std::vector<Rows> results, tx.ExecuteAll(statements));
    usage = {};
    for (int row = 0; row < results[0].size(); ++row) {
      usage.charges.emplace_back(results[0].Id<ProjectId>(row, 0),
                                 DayCharge{.day = results[0].Int(row, 1), .charged_micros = results[0].Int(row, 2)});
    }
    for (int row = 0; row < results[1].size(); ++row) {
      usage.weights.emplace_back(results[1].Id<ProjectId>(row, 0), static_cast<int32_t>(results[1].Int(row, 1)));
    }
    return OkStatus();
  }));
  return usage;
}

}  // namespace turnpike
