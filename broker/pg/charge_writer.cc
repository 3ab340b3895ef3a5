#include "broker/pg/charge_writer.h"

#include <algorithm>
#include <set>

#include "base/failpoint.h"
#include "billing/core/allocation.h"

namespace turnpike {
namespace {

// $1 sites, $2 versions.
constexpr char kLoadRates[] = R"sql(
    SELECT b.site_id, b.version, b.unit, r.share, r.resource, r.micros
      FROM unnest($1::uuid[], $2::bigint[]) AS wanted(site_id, version)
      JOIN price_book AS b
        ON b.site_id = wanted.site_id
       AND b.version = wanted.version
      JOIN price_rate AS r
        ON r.site_id = b.site_id
       AND r.version = b.version
     ORDER BY b.site_id, b.version, r.share, r.resource
)sql";

std::chrono::seconds WallOf(const AttemptStanding& standing) {
  if (!standing.started_at || !standing.ended_at) {
    return std::chrono::seconds(0);
  }
  const Duration wall = *standing.ended_at - *standing.started_at;
  return std::max(std::chrono::ceil<std::chrono::seconds>(wall), std::chrono::seconds(0));
}

// Where the site said nothing: all that was allocated, from start to end.
Result<ResourceSeconds> UsageOf(const ChargeOrder& order) {
  if (order.usage) {
    return order.usage->used;
  }
  if (order.end_kind == AttemptEndKind::kNeverStarted) {
    return ResourceSeconds{};
  }
  return HoldFor(order.standing.amounts, WallOf(order.standing));
}

}  // namespace

Status ChargeWriter::Lock(const std::vector<ProjectId>& projects, const std::vector<JobId>& jobs) {
  RETURN_IF_ERROR(ledger_.LockAccounts(projects).status());
  ASSIGN_OR_RETURN(holds_, ledger_.LockHolds(jobs));
  return OkStatus();
}

Status ChargeWriter::Charge(std::vector<ChargeOrder>& orders) {
  RETURN_IF_ERROR(LoadRates(orders));
  for (ChargeOrder& order : orders) {
    RETURN_IF_ERROR(ChargeOne(order));
  }
  TURNPIKE_FAILPOINT("settle.mid");
  return ledger_.Settle(changes_, uses_);
}

Status ChargeWriter::LoadRates(const std::vector<ChargeOrder>& orders) {
  std::set<std::pair<SiteId, int64_t>> wanted;
  for (const ChargeOrder& order : orders) {
    wanted.emplace(order.site_id, order.standing.price_version);
  }
  std::vector<SiteId> sites;
  std::vector<int64_t> versions;
  for (const auto& [site, version] : wanted) {
    sites.push_back(site);
    versions.push_back(version);
  }
  ASSIGN_OR_RETURN(const Rows rows, tx_.Execute(kLoadRates, Params().IdArray(sites).IntArray(versions)));
  for (int row = 0; row < rows.size(); ++row) {
    PriceBook& book = books_[{rows.Id<SiteId>(row, 0), rows.Int(row, 1)}];
    book.unit = rows.Text(row, 2);
    const std::optional<PricedResource> resource = ParsePricedResource(rows.Text(row, 4));
    if (!resource) {
      return Internal("price book {} has a rate for '{}', which nobody knows", book.version, rows.Text(row, 4));
    }
    book.rates.push_back(
        {.share = std::string(rows.Text(row, 3)), .resource = *resource, .micros_per_hour = rows.Int(row, 5)});
  }
  return OkStatus();
}

Status ChargeWriter::ChargeOne(ChargeOrder& order) {
  AttemptStanding& standing = order.standing;
  const auto found = holds_.find(standing.job.job_id);
  if (found == holds_.end()) {
    return Internal("job {} has no funds hold", standing.job.job_id.ToString());
  }
  LockedHold& hold = found->second;
  const std::optional<RateSet> rates = RatesFor(books_[{order.site_id, standing.price_version}], order.share);
  if (!rates) {
    return Internal("share {} has no price in version {} of its site's price book", order.share,
                    standing.price_version);
  }
  ASSIGN_OR_RETURN(const FundsHold before, FundsHold::Restore({.unit = hold.unit,
                                                               .reserved_micros = hold.reserved_micros,
                                                               .charged_micros = hold.charged_micros,
                                                               .released_micros = hold.released_micros}));
  ASSIGN_OR_RETURN(const ResourceSeconds usage, UsageOf(order));
  const bool provisional = order.end_kind == AttemptEndKind::kRan && (!order.usage || order.usage->provisional);
  const SettleRequest request{.end_kind = order.end_kind,
                              .usage = usage,
                              .bound = {.allocated = standing.amounts, .wall = WallOf(standing)},
                              .rates = *rates,
                              .job_over = order.job_over,
                              .provisional = provisional};
  ASSIGN_OR_RETURN(const Settlement settlement, Settle(before, request));
  hold.charged_micros += settlement.charge_micros;
  hold.released_micros += settlement.release_micros;
  standing.job.money.charged_micros = hold.charged_micros;
  standing.job.money.released_micros = hold.released_micros;
  standing.job.money.settled = hold.open_micros() == 0;
  standing.job.money.provisional = standing.job.money.provisional || provisional;
  changes_.push_back({.job_id = standing.job.job_id,
                      .charge_micros = settlement.charge_micros,
                      .release_micros = settlement.release_micros});
  if (order.end_kind == AttemptEndKind::kNeverStarted && !settlement.disputed()) {
    return OkStatus();
  }
  uses_.push_back({.attempt_id = standing.attempt_id,
                   .number = 1,
                   .project_id = standing.job.project_id,
                   .job_id = standing.job.job_id,
                   .task_index = standing.job.task_index,
                   .site_id = order.site_id,
                   .share = order.share,
                   .cluster = standing.cluster,
                   .local_job_id = standing.local_job_id,
                   .started_at = standing.started_at,
                   .ended_at = standing.ended_at.value_or(tx_.now()),
                   .used = settlement.billed,
                   .charge_micros = settlement.charge_micros,
                   .unit = hold.unit,
                   .price_version = standing.price_version,
                   .formula = settlement.formula,
                   .provisional = provisional,
                   .disputed = settlement.disputed()});
  return OkStatus();
}

}  // namespace turnpike
