#include "broker/pg/charge_writer.h"

#include <algorithm>
#include <set>

#include "base/failpoint.h"
#include "base/log.h"
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

bool IsProvisional(const ChargeOrder& order) {
  return order.end_kind != AttemptEndKind::kNeverStarted && (!order.usage || order.usage->provisional);
}

// As the view job_status shows it.
void ShowMoney(const LockedHold& hold, JobMoney& money) {
  money.charged_micros = hold.charged_micros - hold.refunded_micros;
  money.released_micros = hold.released_micros + hold.refunded_micros;
  money.settled = hold.open_micros() == 0;
}

// Who used it, where and when; not what, nor what it costs.
SettledUse UseOf(const ChargeOrder& order, const std::string& unit, Timestamp now) {
  const AttemptStanding& standing = order.standing;
  SettledUse use;
  use.attempt_id = standing.attempt_id;
  use.project_id = standing.job.project_id;
  use.job_id = standing.job.job_id;
  use.task_index = standing.job.task_index;
  use.site_id = order.site_id;
  use.share = order.share;
  use.cluster = standing.cluster;
  use.local_job_id = standing.local_job_id;
  use.started_at = standing.started_at;
  use.ended_at = standing.ended_at.value_or(now);
  use.unit = unit;
  use.price_version = standing.price_version;
  return use;
}

}  // namespace

Status ChargeWriter::Lock(const std::vector<ProjectId>& projects, const std::vector<JobId>& jobs) {
  RETURN_IF_ERROR(ledger_.LockAccounts(projects).status());
  ASSIGN_OR_RETURN(holds_, ledger_.LockHolds(jobs));
  return OkStatus();
}

Status ChargeWriter::Charge(std::vector<ChargeOrder>& orders) {
  RETURN_IF_ERROR(LoadRates(orders));
  std::set<JobId> open;  // What is left of their holds is for an order that failed.
  for (ChargeOrder& order : orders) {
    order.release_rest = order.release_rest && !open.contains(order.standing.job.job_id);
    const Status computed = order.provisional_micros ? CorrectOne(order) : ChargeOne(order);
    order.failed = !computed.ok();
    if (order.failed) {
      LogError("an attempt cannot be charged",
               {{"attempt", order.standing.attempt_id.ToString()}, {"why", std::string(MessageOf(computed))}});
    }
    if (order.failed && !order.provisional_micros) {
      open.insert(order.standing.job.job_id);
    }
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
  ASSIGN_OR_RETURN(LockedHold* const hold, HoldOf(order));
  ASSIGN_OR_RETURN(const SettleRequest request, RequestFor(order));
  ASSIGN_OR_RETURN(const FundsHold before, FundsHold::Restore({.unit = hold->unit,
                                                               .reserved_micros = hold->reserved_micros,
                                                               .charged_micros = hold->charged_micros,
                                                               .released_micros = hold->released_micros}));
  ASSIGN_OR_RETURN(const Settlement settlement, Settle(before, request));
  hold->charged_micros += settlement.charge_micros;
  hold->released_micros += settlement.release_micros;
  order.standing.job.money.provisional = order.standing.job.money.provisional || request.provisional;
  ShowMoney(*hold, order.standing.job.money);
  changes_.push_back({.job_id = order.standing.job.job_id,
                      .charge_micros = settlement.charge_micros,
                      .release_micros = settlement.release_micros});
  if (order.end_kind == AttemptEndKind::kNeverStarted && !settlement.disputed()) {
    return OkStatus();
  }
  SettledUse use = UseOf(order, hold->unit, tx_.now());
  use.used = settlement.billed;
  use.charge_micros = settlement.charge_micros;
  use.formula = settlement.formula;
  use.provisional = request.provisional;
  use.disputed = settlement.disputed();
  uses_.push_back(std::move(use));
  return OkStatus();
}

Status ChargeWriter::CorrectOne(ChargeOrder& order) {
  ASSIGN_OR_RETURN(LockedHold* const hold, HoldOf(order));
  ASSIGN_OR_RETURN(const SettleRequest request, RequestFor(order));
  ASSIGN_OR_RETURN(const Correction correction, RefundAfterProvisional(*order.provisional_micros, request));
  hold->refunded_micros += correction.refund_micros;
  ShowMoney(*hold, order.standing.job.money);
  changes_.push_back({.job_id = order.standing.job.job_id, .refund_micros = correction.refund_micros});
  SettledUse use = UseOf(order, hold->unit, tx_.now());
  use.number = 2;
  use.used = correction.billed;
  use.charge_micros = *order.provisional_micros - correction.refund_micros;
  use.refund_micros = correction.refund_micros;
  use.formula = correction.formula;
  use.disputed = !correction.dispute.empty();
  uses_.push_back(std::move(use));
  return OkStatus();
}

Result<LockedHold*> ChargeWriter::HoldOf(const ChargeOrder& order) {
  const auto found = holds_.find(order.standing.job.job_id);
  if (found == holds_.end()) {
    return Internal("job {} has no funds hold", order.standing.job.job_id.ToString());
  }
  return &found->second;
}

// Start and end are the site's word.  No attempt runs before it is offered, nor on after we know that it is over: a
// length of time, since the site's clock may be slow or fast.
std::chrono::seconds ChargeWriter::WallOf(const ChargeOrder& order) const {
  const AttemptStanding& standing = order.standing;
  if (!standing.started_at || !standing.ended_at) {
    return std::chrono::seconds(0);
  }
  const Duration told = *standing.ended_at - *standing.started_at;
  const Duration ours = order.known_at.value_or(tx_.now()) - standing.offered_at;
  return std::max(std::chrono::ceil<std::chrono::seconds>(std::min(told, ours)), std::chrono::seconds(0));
}

// What an agent reports as provisional is what the job asked for, and less than it had where a share gives whole nodes;
// a correction only gives back.
Result<ResourceSeconds> ChargeWriter::UsageOf(const ChargeOrder& order) const {
  if (order.usage && !order.usage->provisional) {
    return order.usage->used;
  }
  if (order.end_kind == AttemptEndKind::kNeverStarted) {
    return ResourceSeconds{};
  }
  return HoldFor(order.standing.amounts, WallOf(order));
}

Result<SettleRequest> ChargeWriter::RequestFor(const ChargeOrder& order) {
  const AttemptStanding& standing = order.standing;
  const std::optional<RateSet> rates = RatesFor(books_[{order.site_id, standing.price_version}], order.share);
  if (!rates) {
    return Internal("share {} has no price in version {} of its site's price book", order.share,
                    standing.price_version);
  }
  ASSIGN_OR_RETURN(const ResourceSeconds usage, UsageOf(order));
  return SettleRequest{.end_kind = order.end_kind,
                       .usage = usage,
                       .bound = {.allocated = standing.amounts, .wall = WallOf(order)},
                       .rates = *rates,
                       .job_over = order.release_rest,
                       .provisional = IsProvisional(order)};
}

}  // namespace turnpike
