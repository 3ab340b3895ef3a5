#include "broker/pg/pg_refusal_store.h"

namespace turnpike {
namespace {

// $1 projects, $2 reasons, $3 requests, $4 details.
constexpr char kInsertRefusals[] = R"sql(
    INSERT INTO quote_refusal (project_id, reason, request, detail)
    SELECT project_id, reason, request, detail
      FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[]) AS new(project_id, reason, request, detail)
)sql";

}  // namespace

Status InsertRefusals(Transaction& tx, const std::vector<ProjectRefusal>& refusals) {
  if (refusals.empty()) {
    return OkStatus();
  }
  std::vector<ProjectId> projects;
  std::vector<std::string_view> reasons, requests, details;
  for (const ProjectRefusal& row : refusals) {
    projects.push_back(row.project_id);
    reasons.push_back(ErrorReasonName(row.refusal.reason));
    requests.push_back(row.refusal.request);
    details.push_back(row.refusal.detail);
  }
  Params params;
  params.IdArray(projects).TextArray(reasons).BytesArray(requests).TextArray(details);
  return tx.Execute(kInsertRefusals, params).status();
}

Status PgRefusalStore::Keep(ProjectId project_id, const QuoteRefusal& refusal) {
  return transactions_.Run({.projects = {project_id}, .site = {}}, [&](Transaction& tx) {
    return InsertRefusals(tx, {{.project_id = project_id, .refusal = refusal}});
  });
}

}  // namespace turnpike
