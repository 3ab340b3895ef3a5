#include "broker/rpc/convert_report.h"

#include <algorithm>

#include "base/grpc/valid_utf8.h"
#include "broker/core/capacity_codec.h"
#include "broker/rpc/convert_time.h"

namespace turnpike {
namespace {

constexpr size_t kWordsBytesMax = 1'000;  // of a scheduler's own words

// As the database can keep it.
std::string Words(const std::string& text) {
  std::string words = ValidUtf8(text, kWordsBytesMax);
  std::ranges::replace(words, '\0', '?');
  return words;
}

std::optional<Timestamp> TimeIf(bool present, const google::protobuf::Timestamp& at) {
  return present ? std::optional<Timestamp>(FromProto(at)) : std::nullopt;
}

UsageFigures UsageOf(const v1::Usage& usage) {
  return {.used = {.node_seconds = usage.node_seconds(),
                   .core_seconds = usage.core_seconds(),
                   .accelerator_seconds = usage.accelerator_seconds(),
                   .memory_mib_seconds = usage.memory_mib_seconds()},
          .provisional = usage.provisional()};
}

// The job has ended, whatever the word for it is.
void Take(const v1::Ended& ended, SiteReport& out) {
  out.kind = ReportKind::kEnded;
  out.cause = v1::EndCause_IsValid(ended.cause()) ? static_cast<EndCause>(ended.cause()) : EndCause::kUnknown;
  out.fault =
      v1::FaultClass_IsValid(ended.fault_class()) ? static_cast<FaultClass>(ended.fault_class()) : FaultClass::kNone;
  out.exit_code = ended.has_exit_code() ? std::optional<int64_t>(ended.exit_code()) : std::nullopt;
  out.exit_signal = ended.exit_signal();
  out.start_time = TimeIf(ended.has_start_time(), ended.start_time());
  out.end_time = TimeIf(ended.has_end_time(), ended.end_time());
  out.site_state = Words(ended.site_state());
  out.site_reason = Words(ended.site_reason());
  if (ended.has_usage()) {
    out.usage = UsageOf(ended.usage());
  }
}

// Nothing started: a job whose refusal is not understood waits and is tried again, which loses nothing.
void Take(const v1::NotStarted& not_started, SiteReport& out) {
  const bool known =
      v1::NotStarted::Kind_IsValid(not_started.kind()) && not_started.kind() != v1::NotStarted::KIND_UNSPECIFIED;
  out.kind = ReportKind::kNotStarted;
  out.not_started =
      known ? static_cast<NotStartedKind>(static_cast<int>(not_started.kind()) - 1) : NotStartedKind::kBackPressure;
  out.detail = Words(not_started.detail());
}

void SetUnreadable(SiteReport& out, std::string why) {
  out.kind = ReportKind::kUnreadable;
  out.detail = std::move(why);
}

void Take(const v1::Interrupted& interrupted, SiteReport& out) {
  out.kind = ReportKind::kInterrupted;
  out.detail = Words(interrupted.detail());
  out.start_time = TimeIf(interrupted.has_start_time(), interrupted.start_time());
  out.end_time = TimeIf(interrupted.has_last_seen_time(), interrupted.last_seen_time());
  if (interrupted.has_usage()) {
    out.usage = UsageOf(interrupted.usage());
  }
}

void TakeFact(const v1::Report& report, SiteReport& out) {
  switch (report.fact_case()) {
    case v1::Report::kClaimed:
      out.kind = ReportKind::kClaimed;
      return;
    case v1::Report::kSubmitted:
      out.kind = ReportKind::kSubmitted;
      out.cluster = Words(report.submitted().cluster());
      out.local_job_id = Words(report.submitted().local_job_id());
      out.submit_time = TimeIf(report.submitted().has_submit_time(), report.submitted().submit_time());
      return;
    case v1::Report::kAmbiguous:
      out.kind = ReportKind::kAmbiguous;
      out.detail = Words(report.ambiguous().detail());
      return;
    case v1::Report::kStarted:
      out.kind = ReportKind::kStarted;
      out.start_time = TimeIf(report.started().has_start_time(), report.started().start_time());
      return;
    case v1::Report::kEnded:
      Take(report.ended(), out);
      return;
    case v1::Report::kNotStarted:
      Take(report.not_started(), out);
      return;
    case v1::Report::kInterrupted:
      Take(report.interrupted(), out);
      return;
    case v1::Report::kUsage:
      out.kind = ReportKind::kUsage;
      out.usage = UsageOf(report.usage());
      return;
    case v1::Report::kOrphan:
      out.kind = ReportKind::kOrphan;
      out.local_job_id = Words(report.orphan().local_job_id());
      out.detail = Words(report.orphan().tag());
      return;
    case v1::Report::kSiteState:
      out.kind = ReportKind::kSiteState;
      out.site_state = Words(report.site_state().site_state());
      out.site_reason = Words(report.site_state().site_reason());
      return;
    case v1::Report::FACT_NOT_SET:
      SetUnreadable(out, "the report says nothing that this broker knows; the agent may be newer");
      return;
  }
}

// The enums of core and contract stand in the same order, the contract's with "unspecified" before.
static_assert(static_cast<int>(NotStartedKind::kNotEligible) + 1 == v1::NotStarted::KIND_NOT_ELIGIBLE);
static_assert(static_cast<int>(DesiredPhase::kGone) + 1 == v1::DESIRED_PHASE_GONE);
static_assert(static_cast<int>(AccountMode::kCommunityAccount) + 1 == v1::ACCOUNT_MODE_COMMUNITY_ACCOUNT);

AccountMode ModeOf(v1::AccountMode mode) {
  const bool known = v1::AccountMode_IsValid(mode) && mode != v1::ACCOUNT_MODE_UNSPECIFIED;
  return known ? static_cast<AccountMode>(static_cast<int>(mode) - 1) : AccountMode::kOwnAccount;
}

ShareStatus StatusOf(const v1::Share& share, Timestamp at) {
  ShareStatus out;
  out.info.name = Words(share.name());
  out.info.pool = Words(share.pool());
  out.info.node = {.cpu_architecture = Words(share.node().cpu_architecture()),
                   .cores = share.node().cores(),
                   .memory_mib = share.node().memory_mib(),
                   .accelerator_model = Words(share.node().accelerator_model()),
                   .accelerators = share.node().accelerators()};
  out.info.limits = {.time_limit_max = std::chrono::seconds(share.limits().time_limit_max().seconds()),
                     .time_limit_default = std::chrono::seconds(share.limits().time_limit_default().seconds()),
                     .nodes_max = share.limits().nodes_max(),
                     .cores_max = share.limits().cores_max()};
  out.info.whole_nodes = share.whole_nodes();
  out.info.memory_per_core_mib = share.memory_per_core_mib();
  out.info.overrun = std::chrono::seconds(share.overrun().seconds());
  out.info.guarded = share.guarded();
  out.info.account_mode = ModeOf(share.account_mode());
  const v1::ShareLoad& load = share.load();
  out.load.open = load.open();
  out.load.closed_reason = Words(load.closed_reason());
  out.load.jobs_waiting = load.jobs_waiting();
  out.load.core_seconds_waiting = load.core_seconds_waiting();
  out.load.pool = {.nodes_total = load.nodes_total(),
                   .nodes_idle = load.nodes_idle(),
                   .cores_total = load.cores_total(),
                   .cores_idle = load.cores_idle(),
                   .accelerators_total = load.accelerators_total(),
                   .accelerators_idle = load.accelerators_idle(),
                   .core_seconds_running = load.core_seconds_running()};
  out.load.observed_at = at;
  for (const v1::MaintenanceWindow& window : share.maintenance()) {
    out.load.windows.push_back({.window_id = {},
                                .share = {},
                                .start = FromProto(window.start_time()),
                                .end = FromProto(window.end_time()),
                                .reason = Words(window.reason())});
  }
  return out;
}

}  // namespace

SiteReport FromProto(const v1::Report& report) {
  SiteReport out;
  out.seq = report.seq();
  out.fence = report.fence();
  out.at = FromProto(report.time());
  out.attempt_id = AttemptId::Parse(report.attempt_id());
  if (!out.attempt_id && !report.attempt_id().empty()) {
    SetUnreadable(out, fmt::format("attempt '{}' is no id", Words(report.attempt_id())));
    return out;
  }
  TakeFact(report, out);
  return out;
}

Result<std::vector<ShareStatus>> FromProto(const v1::Capacity& capacity) {
  if (static_cast<size_t>(capacity.shares_size()) > kSharesPerSiteMax) {
    return InvalidArgument("the site reports {} shares, {} are allowed; name those to offer in the agent's settings",
                           capacity.shares_size(), kSharesPerSiteMax);
  }
  std::vector<ShareStatus> shares;
  for (const v1::Share& share : capacity.shares()) {
    if (share.name().empty()) {
      return InvalidArgument("a share without a name was reported");
    }
    if (static_cast<size_t>(share.maintenance_size()) > kWindowsPerShareMax) {
      return InvalidArgument("share {} is reported with {} windows of maintenance, {} are allowed", share.name(),
                             share.maintenance_size(), kWindowsPerShareMax);
    }
    shares.push_back(StatusOf(share, FromProto(capacity.time())));
  }
  return shares;
}

std::string TraceParentOf(const AttemptId& attempt_id, const AttemptOrder& order) {
  return order.trace.traceparent.empty() ? MakeTraceParent(order.job_id, attempt_id) : order.trace.traceparent;
}

v1::DesiredAttempt ToProto(const DesiredAttempt& desired, std::chrono::seconds spawn_lease) {
  v1::DesiredAttempt out;
  out.set_attempt_id(desired.attempt_id.ToString());
  out.set_fence(desired.fence);
  out.set_phase(static_cast<v1::DesiredPhase>(static_cast<int>(desired.phase) + 1));
  if (desired.phase == DesiredPhase::kGo) {
    out.mutable_spawn_lease()->set_seconds(spawn_lease.count());
  }
  for (const LogWish& wish : desired.log_wishes) {
    v1::LogWish& wished = *out.add_log_wishes();
    wished.set_error_stream(wish.error_stream);
    wished.set_offset(wish.offset);
  }
  if (!desired.order) {
    return out;
  }
  v1::AttemptOrder& order = *out.mutable_order();
  order.set_job_id(desired.order->job_id.ToString());
  order.set_task_index(desired.order->task_index);
  order.set_job_number(desired.order->job_number);
  order.set_project_id(desired.order->project_id.ToString());
  order.set_project_name(desired.order->project_name);
  order.set_user(desired.order->subject);
  order.set_share(desired.order->share);
  order.mutable_time_limit()->set_seconds(desired.order->time_limit_seconds);
  order.set_traceparent(TraceParentOf(desired.attempt_id, *desired.order));
  order.set_request_id(desired.order->trace.request_id);
  // Was checked when it was accepted; what cannot be read now is refused by the agent, by name.
  if (order.mutable_spec()->ParseFromString(desired.order->spec) && order.spec().has_script()) {
    order.mutable_spec()->mutable_script()->set_content(desired.order->script);
  }
  return out;
}

v1::Share ToProto(const ShareStatus& share) {
  v1::Share out;
  out.set_name(ValidUtf8(share.info.name));
  out.set_pool(ValidUtf8(share.info.pool));
  out.mutable_node()->set_cpu_architecture(ValidUtf8(share.info.node.cpu_architecture));
  out.mutable_node()->set_cores(share.info.node.cores);
  out.mutable_node()->set_memory_mib(share.info.node.memory_mib);
  out.mutable_node()->set_accelerator_model(ValidUtf8(share.info.node.accelerator_model));
  out.mutable_node()->set_accelerators(share.info.node.accelerators);
  out.mutable_limits()->mutable_time_limit_max()->set_seconds(share.info.limits.time_limit_max.count());
  out.mutable_limits()->mutable_time_limit_default()->set_seconds(share.info.limits.time_limit_default.count());
  out.mutable_limits()->set_nodes_max(share.info.limits.nodes_max);
  out.mutable_limits()->set_cores_max(share.info.limits.cores_max);
  out.set_whole_nodes(share.info.whole_nodes);
  out.set_memory_per_core_mib(share.info.memory_per_core_mib);
  out.mutable_overrun()->set_seconds(share.info.overrun.count());
  out.set_guarded(share.info.guarded);
  out.set_account_mode(static_cast<v1::AccountMode>(static_cast<int>(share.info.account_mode) + 1));
  v1::ShareLoad& load = *out.mutable_load();
  load.set_nodes_total(static_cast<int32_t>(share.load.pool.nodes_total));
  load.set_nodes_idle(static_cast<int32_t>(share.load.pool.nodes_idle));
  load.set_cores_total(share.load.pool.cores_total);
  load.set_cores_idle(share.load.pool.cores_idle);
  load.set_accelerators_total(share.load.pool.accelerators_total);
  load.set_accelerators_idle(share.load.pool.accelerators_idle);
  load.set_core_seconds_running(share.load.pool.core_seconds_running);
  load.set_core_seconds_waiting(share.load.core_seconds_waiting);
  load.set_jobs_waiting(share.load.jobs_waiting);
  load.set_open(share.load.open);
  load.set_closed_reason(ValidUtf8(share.load.closed_reason));
  for (const MaintenanceWindow& window : share.load.windows) {
    v1::MaintenanceWindow& line = *out.add_maintenance();
    *line.mutable_start_time() = ToProto(window.start);
    *line.mutable_end_time() = ToProto(window.end);
    line.set_reason(ValidUtf8(window.reason));
  }
  return out;
}

}  // namespace turnpike
