#include "billing/core/settle.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "billing/core/rate.h"

namespace turnpike {
namespace {

constexpr int64_t kMillion = 1'000'000;

struct UsageLine {
  std::string_view name;
  int64_t reported;
  int64_t allocated;
  int64_t rate;
};

// allocated x time, the largest number where that does not fit.
int64_t Most(int64_t allocated, std::chrono::seconds time) {
  int64_t most = 0;
  return __builtin_mul_overflow(allocated, time.count(), &most) ? std::numeric_limits<int64_t>::max() : most;
}

int64_t CheckLine(const UsageLine& line, const UsageBound& bound, std::string& dispute) {
  const int64_t most = Most(line.allocated, bound.wall + bound.tolerance);
  const int64_t believed = std::clamp<int64_t>(line.reported, 0, std::max<int64_t>(most, 0));
  if (believed != line.reported && line.rate > 0) {
    dispute +=
        fmt::format("{}{} {}-seconds reported, 0 to {} can be true for {} held for {} s", dispute.empty() ? "" : "; ",
                    line.reported, line.name, most, line.allocated, bound.wall.count());
  }
  return believed;
}

bool IsNothing(const ResourceSeconds& use) {
  return use == ResourceSeconds{};
}

// What the site is owed for the believed use: nothing unless the attempt ran by its own will to its end.
int64_t OwedMicros(AttemptEndKind kind, int64_t price_micros) {
  switch (kind) {
    case AttemptEndKind::kRan:
      return price_micros;
    case AttemptEndKind::kNeverStarted:
    case AttemptEndKind::kInterruptedBySite:
      return 0;
  }
  __builtin_unreachable();
}

UsageCheck CheckFor(const SettleRequest& request) {
  if (request.end_kind != AttemptEndKind::kNeverStarted) {
    return CheckUsage(request.usage, request.bound, request.rates);
  }
  UsageCheck check;
  if (!IsNothing(request.usage)) {
    check.dispute =
        fmt::format("{} core-seconds reported for an attempt that never started", request.usage.core_seconds);
  }
  return check;
}

}  // namespace

UsageCheck CheckUsage(const ResourceSeconds& reported, const UsageBound& bound, const RateSet& rates) {
  UsageCheck check;
  const ResourceAmounts& held = bound.allocated;
  check.believed.node_seconds =
      CheckLine({"node", reported.node_seconds, held.nodes, rates.node_hour_micros}, bound, check.dispute);
  check.believed.core_seconds =
      CheckLine({"core", reported.core_seconds, held.cores, rates.core_hour_micros}, bound, check.dispute);
  check.believed.accelerator_seconds =
      CheckLine({"accelerator", reported.accelerator_seconds, held.accelerators, rates.accelerator_hour_micros}, bound,
                check.dispute);
  check.believed.memory_mib_seconds = CheckLine(
      {"MiB", reported.memory_mib_seconds, held.memory_mib, rates.memory_gib_hour_micros}, bound, check.dispute);
  return check;
}

Result<Settlement> Settle(const FundsHold& hold, const SettleRequest& request) {
  if (hold.unit() != request.rates.unit) {
    return FailedPrecondition("a hold in {} cannot settle a price in {}", hold.unit(), request.rates.unit);
  }
  UsageCheck check = CheckFor(request);
  ASSIGN_OR_RETURN(const Money price, PriceOf(check.believed, request.rates));
  FundsHold after = hold;
  const int64_t charge = after.Charge(OwedMicros(request.end_kind, price.micros));
  const int64_t release = request.job_over ? after.Release(after.rest_micros()) : 0;
  return Settlement{.charge_micros = charge,
                    .release_micros = release,
                    .price_micros = price.micros,
                    .hold_after = after,
                    .billed = check.believed,
                    .formula = PriceFormula(check.believed, request.rates),
                    .dispute = std::move(check.dispute),
                    .provisional = request.provisional};
}

Result<std::vector<Transfer>> TransfersFor(const Settlement& settlement, const SettlementAccounts& accounts) {
  if (accounts.federation_fee_ppm < 0 || accounts.federation_fee_ppm > kMillion) {
    return InvalidArgument("a federation fee of {} millionths is not between 0 and 1000000",
                           accounts.federation_fee_ppm);
  }
  const std::string& unit = settlement.hold_after.unit();
  const Int128 fee_exact = static_cast<Int128>(settlement.charge_micros) * accounts.federation_fee_ppm;
  const int64_t fee = static_cast<int64_t>(DivideHalfEven(fee_exact, kMillion));
  std::vector<Transfer> transfers;
  for (const auto& [credit, micros] :
       {std::pair(&accounts.site, settlement.charge_micros - fee), std::pair(&accounts.federation, fee)}) {
    if (micros > 0) {
      ASSIGN_OR_RETURN(Transfer transfer, Transfer::Make({.debit = accounts.project, .credit = *credit},
                                                         {.micros = micros, .unit = unit}));
      transfers.push_back(std::move(transfer));
    }
  }
  return transfers;
}

Result<Correction> RefundAfterProvisional(int64_t charged_micros, const SettleRequest& final_request) {
  UsageCheck check = CheckFor(final_request);
  ASSIGN_OR_RETURN(const Money price, PriceOf(check.believed, final_request.rates));
  const int64_t owed = OwedMicros(final_request.end_kind, price.micros);
  return Correction{.refund_micros = std::max<int64_t>(0, charged_micros - owed),
                    .billed = check.believed,
                    .formula = PriceFormula(check.believed, final_request.rates),
                    .dispute = std::move(check.dispute)};
}

}  // namespace turnpike
