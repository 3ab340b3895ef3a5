#include "broker/core/capacity_codec.h"

#include <algorithm>

#include "base/byte_codec.h"

namespace turnpike {
namespace {

constexpr int64_t kFormat = 1;
constexpr int64_t kFormatWithWindows = 2;

void Put(ByteWriter& out, const ShareInfo& info) {
  out.Text(info.name).Text(info.pool);
  out.Text(info.node.cpu_architecture).Int(info.node.cores).Int(info.node.memory_mib);
  out.Text(info.node.accelerator_model).Int(info.node.accelerators);
  out.Int(info.limits.time_limit_max.count()).Int(info.limits.time_limit_default.count());
  out.Int(info.limits.nodes_max).Int(info.limits.cores_max);
  out.Bool(info.whole_nodes).Int(info.memory_per_core_mib).Int(info.overrun.count()).Bool(info.guarded);
  out.Int(static_cast<int64_t>(info.account_mode));
}

void Put(ByteWriter& out, const ShareLoad& load) {
  out.Bool(load.open).Text(load.closed_reason).Int(load.jobs_waiting).Int(load.core_seconds_waiting);
  out.Int(load.pool.nodes_total).Int(load.pool.nodes_idle).Int(load.pool.cores_total).Int(load.pool.cores_idle);
  out.Int(load.pool.accelerators_total).Int(load.pool.accelerators_idle).Int(load.pool.core_seconds_running);
  out.Time(load.observed_at);
}

void Put(ByteWriter& out, const std::vector<MaintenanceWindow>& windows) {
  out.Int(static_cast<int64_t>(windows.size()));
  for (const MaintenanceWindow& window : windows) {
    out.Time(window.start).Time(window.end).Text(window.reason);
  }
}

std::vector<MaintenanceWindow> TakeWindows(ByteReader& in) {
  std::vector<MaintenanceWindow> windows;
  for (int64_t left = std::min(in.Int(), static_cast<int64_t>(kWindowsPerShareMax)); left > 0 && in.ok(); --left) {
    MaintenanceWindow window;
    window.start = in.Time();
    window.end = in.Time();
    window.reason = in.Text();
    windows.push_back(std::move(window));
  }
  return windows;
}

ShareInfo TakeInfo(ByteReader& in) {
  ShareInfo info;
  info.name = in.Text();
  info.pool = in.Text();
  info.node.cpu_architecture = in.Text();
  info.node.cores = static_cast<int32_t>(in.Int());
  info.node.memory_mib = in.Int();
  info.node.accelerator_model = in.Text();
  info.node.accelerators = static_cast<int32_t>(in.Int());
  info.limits.time_limit_max = std::chrono::seconds(in.Int());
  info.limits.time_limit_default = std::chrono::seconds(in.Int());
  info.limits.nodes_max = static_cast<int32_t>(in.Int());
  info.limits.cores_max = static_cast<int32_t>(in.Int());
  info.whole_nodes = in.Bool();
  info.memory_per_core_mib = in.Int();
  info.overrun = std::chrono::seconds(in.Int());
  info.guarded = in.Bool();
  info.account_mode = static_cast<AccountMode>(in.Int());
  return info;
}

ShareLoad TakeLoad(ByteReader& in) {
  ShareLoad load;
  load.open = in.Bool();
  load.closed_reason = in.Text();
  load.jobs_waiting = static_cast<int32_t>(in.Int());
  load.core_seconds_waiting = in.Int();
  load.pool.nodes_total = in.Int();
  load.pool.nodes_idle = in.Int();
  load.pool.cores_total = in.Int();
  load.pool.cores_idle = in.Int();
  load.pool.accelerators_total = in.Int();
  load.pool.accelerators_idle = in.Int();
  load.pool.core_seconds_running = in.Int();
  load.observed_at = in.Time();
  return load;
}

}  // namespace

std::string EncodeCapacity(const std::vector<ShareStatus>& shares) {
  ByteWriter out;
  const bool plain = std::ranges::all_of(shares, [](const ShareStatus& share) { return share.load.windows.empty(); });
  out.Int(plain ? kFormat : kFormatWithWindows).Int(static_cast<int64_t>(shares.size()));
  for (const ShareStatus& share : shares) {
    Put(out, share.info);
    Put(out, share.load);
    if (!plain) {
      Put(out, share.load.windows);
    }
  }
  return out.Take();
}

Result<std::vector<ShareStatus>> DecodeCapacity(std::string_view bytes) {
  ByteReader in(bytes);
  const int64_t format = in.Int();
  if (format != kFormat && format != kFormatWithWindows) {
    return DataLoss("a stored capacity has format {}, this broker reads {} to {}", format, kFormat, kFormatWithWindows);
  }
  std::vector<ShareStatus> shares;
  for (int64_t left = std::min(in.Int(), static_cast<int64_t>(kSharesPerSiteMax)); left > 0 && in.ok(); --left) {
    ShareInfo info = TakeInfo(in);
    ShareLoad load = TakeLoad(in);
    if (format == kFormatWithWindows) {
      load.windows = TakeWindows(in);
    }
    shares.push_back({std::move(info), std::move(load)});
  }
  if (!in.finished()) {
    return DataLoss("a stored capacity of {} bytes is damaged", bytes.size());
  }
  return shares;
}

}  // namespace turnpike
