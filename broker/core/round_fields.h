#pragma once
// Every field of what a round of placement takes and decides, named once for writing and reading.  A field that is
// added to one of these types and not named here does not compile: so no round can go by something that its record
// lacks. After a change raise kRoundFormat (round_record.h): what was recorded before cannot be read any more.

#include <chrono>
#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/byte_codec.h"
#include "broker/core/matcher.h"

namespace turnpike {

// `T` is `Wanted`, or const.
template <class T, class Wanted>
concept Either = std::same_as<std::remove_const_t<T>, Wanted>;

void EachField(Either<SiteInfo> auto& site, auto&& visit) {
  auto& [site_id, name, region, state, connected, last_seen, price_book_version, offer_room] = site;
  visit(site_id, name, region, state, connected, last_seen, price_book_version, offer_room);
}

void EachField(Either<NodeShape> auto& node, auto&& visit) {
  auto& [cpu_architecture, cores, memory_mib, accelerator_model, accelerators] = node;
  visit(cpu_architecture, cores, memory_mib, accelerator_model, accelerators);
}

void EachField(Either<ShareLimits> auto& limits, auto&& visit) {
  auto& [time_limit_max, time_limit_default, nodes_max, cores_max] = limits;
  visit(time_limit_max, time_limit_default, nodes_max, cores_max);
}

void EachField(Either<ShareInfo> auto& info, auto&& visit) {
  auto& [site_id, site_name, name, pool, node, limits, whole_nodes, memory_per_core_mib, overrun, guarded, mode] = info;
  visit(site_id, site_name, name, pool, node, limits, whole_nodes, memory_per_core_mib, overrun, guarded, mode);
}

void EachField(Either<PoolLoad> auto& pool, auto&& visit) {
  auto& [nodes, nodes_idle, cores, cores_idle, accelerators, accelerators_idle, core_seconds_running] = pool;
  visit(nodes, nodes_idle, cores, cores_idle, accelerators, accelerators_idle, core_seconds_running);
}

void EachField(Either<PoolView> auto& pool, auto&& visit) {
  auto& [load] = pool;
  visit(load);
}

void EachField(Either<MaintenanceWindow> auto& window, auto&& visit) {
  auto& [window_id, share, start, end, reason] = window;
  visit(window_id, share, start, end, reason);
}

void EachField(Either<ShareLoad> auto& load, auto&& visit) {
  auto& [open, closed_reason, jobs_waiting, core_seconds_waiting, pool, observed_at, windows] = load;
  visit(open, closed_reason, jobs_waiting, core_seconds_waiting, pool, observed_at, windows);
}

void EachField(Either<BreakerStanding> auto& breaker, auto&& visit) {
  auto& [failures, open_until, length, last_failure, failed_at] = breaker;
  visit(failures, open_until, length, last_failure, failed_at);
}

void EachField(Either<AttemptsAtShare> auto& attempts, auto&& visit) {
  auto& [unstarted, last_start] = attempts;
  visit(unstarted, last_start);
}

void EachField(Either<ShareView> auto& share, auto&& visit) {
  auto& [info, load, site, pool, buffered, breaker, attempts] = share;
  visit(info, load, site, pool, buffered, breaker, attempts);
}

void EachField(Either<RateSet> auto& rates, auto&& visit) {
  auto& [unit, node_hour, core_hour, accelerator_hour, memory_gib_hour] = rates;
  visit(unit, node_hour, core_hour, accelerator_hour, memory_gib_hour);
}

void EachField(Either<PriceList> auto& list, auto&& visit) {
  auto& [id, rates] = list;
  visit(id, rates);
}

void EachField(Either<MatchPolicy> auto& policy, auto&& visit) {
  auto& [version, site_silence_max, load_age_max, buffer_base, buffer_permille_of_nodes, assignments_max,
         balanced_time_weight, balanced_price_weight, balanced_price_excess, cheapest_price_excess, time_scale_min,
         usage_half_life_days, queue_wait_min] = policy;
  visit(version, site_silence_max, load_age_max, buffer_base, buffer_permille_of_nodes, assignments_max,
        balanced_time_weight, balanced_price_weight, balanced_price_excess, cheapest_price_excess, time_scale_min,
        usage_half_life_days, queue_wait_min);
}

void EachField(Either<SharePause> auto& pause, auto&& visit) {
  auto& [share, project_id, until, limit] = pause;
  visit(share, project_id, until, limit);
}

void EachField(Either<ProjectStanding> auto& standing, auto&& visit) {
  auto& [project_id, used_micros, weight] = standing;
  visit(project_id, used_micros, weight);
}

void EachField(Either<RegionRoundTrip> auto& known, auto&& visit) {
  auto& [region, site_id, median, pairs] = known;
  visit(region, site_id, median, pairs);
}

void EachField(Either<BrokerRoundTrip> auto& known, auto&& visit) {
  auto& [site_id, median] = known;
  visit(site_id, median);
}

void EachField(Either<ResourceAmounts> auto& amounts, auto&& visit) {
  auto& [nodes, cores, accelerators, memory_mib] = amounts;
  visit(nodes, cores, accelerators, memory_mib);
}

void EachField(Either<Score> auto& score, auto&& visit) {
  auto& [time_ppm, price_ppm, time_points, price_points] = score;
  visit(time_ppm, price_ppm, time_points, price_points);
}

void EachField(Either<Assignment> auto& assignment, auto&& visit) {
  auto& [job_id, version, share, amounts, time_limit, ceiling_micros, expected_start, expected_end, fits_now, score] =
      assignment;
  visit(job_id, version, share, amounts, time_limit, ceiling_micros, expected_start, expected_end, fits_now, score);
}

void EachField(Either<ShareRefusal> auto& refusal, auto&& visit) {
  auto& [share, reason] = refusal;
  visit(share, reason);
}

template <class T>
concept Number = std::integral<T> || std::is_enum_v<T>;

void PutField(ByteWriter& out, const Number auto& value) {
  out.Int(static_cast<int64_t>(value));
}
inline void PutField(ByteWriter& out, const std::string& value) {
  out.Text(value);
}
inline void PutField(ByteWriter& out, const Uuid& value) {
  out.Raw(value);
}
inline void PutField(ByteWriter& out, Timestamp value) {
  out.Time(value);
}
inline void PutField(ByteWriter& out, std::chrono::seconds value) {
  out.Int(value.count());
}
inline void PutField(ByteWriter& out, std::chrono::microseconds value) {
  out.Int(value.count());
}
template <class Tag>
void PutField(ByteWriter& out, const Id<Tag>& value) {
  out.AnyId(value);
}
template <class T>
void PutField(ByteWriter& out, const std::optional<T>& value);
template <class T>
void PutField(ByteWriter& out, const std::vector<T>& values);
template <class T>
  requires requires(const T& value) { EachField(value, [](const auto&...) {}); }
void PutField(ByteWriter& out, const T& value) {
  EachField(value, [&](const auto&... fields) { (PutField(out, fields), ...); });
}
template <class T>
void PutField(ByteWriter& out, const std::optional<T>& value) {
  out.Bool(value.has_value());
  if (value) {
    PutField(out, *value);
  }
}
template <class T>
void PutField(ByteWriter& out, const std::vector<T>& values) {
  out.Int(static_cast<int64_t>(values.size()));
  for (const T& value : values) {
    PutField(out, value);
  }
}

template <Number T>
void TakeField(ByteReader& in, T& value) {
  value = static_cast<T>(in.Int());
}
inline void TakeField(ByteReader& in, std::string& value) {
  value = in.Text();
}
inline void TakeField(ByteReader& in, Uuid& value) {
  value = in.Raw();
}
inline void TakeField(ByteReader& in, Timestamp& value) {
  value = in.Time();
}
inline void TakeField(ByteReader& in, std::chrono::seconds& value) {
  value = std::chrono::seconds(in.Int());
}
inline void TakeField(ByteReader& in, std::chrono::microseconds& value) {
  value = std::chrono::microseconds(in.Int());
}
template <class Tag>
void TakeField(ByteReader& in, Id<Tag>& value) {
  value = in.IdOf<Id<Tag>>();
}
template <class T>
void TakeField(ByteReader& in, std::optional<T>& value);
template <class T>
void TakeField(ByteReader& in, std::vector<T>& values);
template <class T>
  requires requires(T& value) { EachField(value, [](auto&...) {}); }
void TakeField(ByteReader& in, T& value) {
  EachField(value, [&](auto&... fields) { (TakeField(in, fields), ...); });
}
template <class T>
void TakeField(ByteReader& in, std::optional<T>& value) {
  value.reset();
  if (in.Bool()) {
    TakeField(in, value.emplace());
  }
}
// Damage ends it: each value is a byte at least.
template <class T>
void TakeField(ByteReader& in, std::vector<T>& values) {
  values.clear();
  for (int64_t left = in.Int(); left > 0 && in.ok(); --left) {
    TakeField(in, values.emplace_back());
  }
}

}  // namespace turnpike
