#include "broker/rpc/convert_site.h"

#include <algorithm>

#include "base/grpc/valid_utf8.h"
#include "base/log.h"
#include "base/money.h"
#include "broker/core/capacity_codec.h"
#include "broker/rpc/convert_network.h"
#include "broker/rpc/convert_report.h"
#include "broker/rpc/convert_time.h"

namespace turnpike {
namespace {

static_assert(static_cast<int>(SiteState::kQuarantined) + 1 == v1::SITE_STATE_QUARANTINED);
static_assert(static_cast<int>(BreakerState::kHalfOpen) + 1 == v1::ShareBreaker::STATE_HALF_OPEN);
static_assert(static_cast<int>(PricedResource::kMemoryGibHour) + 1 == v1::Rate::RESOURCE_MEMORY_GIB_HOUR);

v1::ShareBreaker BreakerToProto(const BreakerStanding& breaker, Timestamp now) {
  v1::ShareBreaker out;
  out.set_state(static_cast<v1::ShareBreaker::State>(static_cast<int>(StateOf(breaker, now)) + 1));
  out.set_failures(breaker.failures);
  if (breaker.open_until) {
    *out.mutable_retry_time() = ToProto(*breaker.open_until);
  }
  out.set_last_failure(ValidUtf8(breaker.last_failure));
  return out;
}

}  // namespace

v1::MaintenanceWindow ToProto(const MaintenanceWindow& window) {
  v1::MaintenanceWindow out;
  out.set_window_id(window.window_id.ToString());
  out.set_share(window.share);
  *out.mutable_start_time() = ToProto(window.start);
  *out.mutable_end_time() = ToProto(window.end);
  out.set_reason(ValidUtf8(window.reason));
  return out;
}

v1::Site ToProto(const SiteRecord& site, const NetworkView* network, Timestamp now) {
  v1::Site out;
  out.set_site_id(site.site_id.ToString());
  out.set_name(site.name);
  out.set_display_name(site.display_name);
  out.set_region(site.region);
  out.set_time_zone(site.time_zone);
  out.set_state(static_cast<v1::SiteState>(static_cast<int>(site.state) + 1));
  out.set_state_reason(site.state_reason);
  out.set_connected(site.connected);
  if (site.last_seen_at) {
    *out.mutable_last_seen_time() = ToProto(*site.last_seen_at);
  }
  out.set_price_book_version(site.price_book_version);
  out.set_scheduler(ValidUtf8(site.scheduler));
  for (const MaintenanceWindow& window : site.maintenance) {
    *out.add_maintenance() = ToProto(window);
  }
  *out.mutable_network() = NetworkToProto(site, network, now);
  if (site.capacity.empty()) {
    return out;
  }
  const Result<std::vector<ShareStatus>> shares = DecodeCapacity(site.capacity);
  if (!shares.ok()) {
    LogError("a stored capacity cannot be read",
             {{"site", site.name}, {"error", std::string(MessageOf(shares.status()))}});
    return out;
  }
  for (const ShareStatus& share : *shares) {
    v1::Share& line = *out.add_shares();
    line = ToProto(share);
    const auto breaker = std::ranges::find(site.breakers, share.info.name, [](const auto& one) { return one.first; });
    if (breaker != site.breakers.end()) {
      *line.mutable_breaker() = BreakerToProto(breaker->second, now);
    }
  }
  return out;
}

v1::PriceBook ToProto(const PriceBook& book) {
  v1::PriceBook out;
  out.set_version(book.version);
  *out.mutable_effective_time() = ToProto(book.effective_time);
  out.set_unit(book.unit);
  for (const Rate& rate : book.rates) {
    v1::Rate& line = *out.add_rates();
    line.set_share(rate.share);
    line.set_resource(static_cast<v1::Rate::Resource>(static_cast<int>(rate.resource) + 1));
    line.set_price(FormatMicros(rate.micros_per_hour));
  }
  return out;
}

PriceBook BookFrom(const std::string& unit, const google::protobuf::RepeatedPtrField<v1::Rate>& rates,
                   FieldViolations& violations) {
  PriceBook book;
  book.unit = unit;
  for (int i = 0; i < rates.size(); ++i) {
    const v1::Rate& line = rates[i];
    Rate rate{.share = line.share(), .resource = PricedResource::kCoreHour, .micros_per_hour = 0};
    if (line.resource() < v1::Rate::RESOURCE_NODE_HOUR || line.resource() > v1::Rate::RESOURCE_MEMORY_GIB_HOUR) {
      violations.Add(fmt::format("rates[{}].resource", i), "is not set; say what the price is for");
    } else {
      rate.resource = static_cast<PricedResource>(static_cast<int>(line.resource()) - 1);
    }
    const Result<int64_t> micros = ParseMicros(line.price());
    if (micros.ok()) {
      rate.micros_per_hour = *micros;
    } else {
      violations.Add(fmt::format("rates[{}].price", i), std::string(MessageOf(micros.status())));
    }
    book.rates.push_back(std::move(rate));
  }
  return book;
}

}  // namespace turnpike
