#include "adapters/link/report_to_proto.h"

#include "base/grpc/valid_utf8.h"

namespace turnpike {
namespace {

// What a scheduler says may be a whole page.
constexpr size_t kWordsBytesMax = 1024;
constexpr size_t kNameBytesMax = 256;
constexpr int kNanosPerMicro = 1'000;

void Fill(Timestamp at, google::protobuf::Timestamp& proto) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  proto.set_seconds(seconds.time_since_epoch().count());
  proto.set_nanos(static_cast<int>((at - seconds).count()) * kNanosPerMicro);
}

std::string Words(const std::string& text) {
  return ValidUtf8(text, kWordsBytesMax);
}
std::string Name(const std::string& text) {
  return ValidUtf8(text, kNameBytesMax);
}

v1::EndCause ToProto(EndCause cause) {
  switch (cause) {
    case EndCause::kNone:
      return v1::END_CAUSE_UNSPECIFIED;
    case EndCause::kProgramEnded:
      return v1::END_CAUSE_PROGRAM_ENDED;
    case EndCause::kTimeLimit:
      return v1::END_CAUSE_TIME_LIMIT;
    case EndCause::kOutOfMemory:
      return v1::END_CAUSE_OUT_OF_MEMORY;
    case EndCause::kSiteInterrupted:
      return v1::END_CAUSE_SITE_INTERRUPTED;
    case EndCause::kPreempted:
      return v1::END_CAUSE_PREEMPTED;
    case EndCause::kCancelledByUser:
      return v1::END_CAUSE_CANCELLED_BY_USER;
    case EndCause::kCancelledBySite:
      return v1::END_CAUSE_CANCELLED_BY_SITE;
    case EndCause::kRefused:
      return v1::END_CAUSE_REFUSED_BY_SITES;
    case EndCause::kUnknown:
      return v1::END_CAUSE_UNKNOWN;
  }
  return v1::END_CAUSE_UNKNOWN;
}

v1::FaultClass ToProto(FaultClass fault) {
  switch (fault) {
    case FaultClass::kNone:
      return v1::FAULT_CLASS_UNSPECIFIED;
    case FaultClass::kUser:
      return v1::FAULT_CLASS_USER;
    case FaultClass::kSite:
      return v1::FAULT_CLASS_SITE;
    case FaultClass::kBroker:
      return v1::FAULT_CLASS_BROKER;
    case FaultClass::kData:
      return v1::FAULT_CLASS_DATA;
    case FaultClass::kPolicy:
      return v1::FAULT_CLASS_POLICY;
  }
  return v1::FAULT_CLASS_UNSPECIFIED;
}

v1::NotStarted::Kind ToProto(NotStartedKind kind) {
  switch (kind) {
    case NotStartedKind::kRefused:
      return v1::NotStarted::KIND_REFUSED;
    case NotStartedKind::kBackPressure:
      return v1::NotStarted::KIND_BACK_PRESSURE;
    case NotStartedKind::kFenced:
      return v1::NotStarted::KIND_FENCED;
    case NotStartedKind::kNotEligible:
      return v1::NotStarted::KIND_NOT_ELIGIBLE;
  }
  return v1::NotStarted::KIND_UNSPECIFIED;
}

v1::AccountMode ToProto(AccountMode mode) {
  switch (mode) {
    case AccountMode::kOwnAccount:
      return v1::ACCOUNT_MODE_OWN_ACCOUNT;
    case AccountMode::kHelper:
      return v1::ACCOUNT_MODE_HELPER;
    case AccountMode::kCommunityAccount:
      return v1::ACCOUNT_MODE_COMMUNITY_ACCOUNT;
  }
  return v1::ACCOUNT_MODE_UNSPECIFIED;
}

void Fill(const UsageFact& fact, v1::Usage& usage) {
  usage.set_node_seconds(fact.used.node_seconds);
  usage.set_core_seconds(fact.used.core_seconds);
  usage.set_accelerator_seconds(fact.used.accelerator_seconds);
  usage.set_memory_mib_seconds(fact.used.memory_mib_seconds);
  usage.set_provisional(fact.provisional);
}

// Sets the one field of the report's `oneof fact`.
struct FactFiller {
  v1::Report& report;

  void operator()(const ClaimedFact&) const { report.mutable_claimed(); }
  void operator()(const SubmittedFact& fact) const {
    v1::Submitted& submitted = *report.mutable_submitted();
    submitted.set_cluster(Name(fact.cluster));
    submitted.set_local_job_id(Name(fact.local_job_id));
    Fill(fact.submit_time, *submitted.mutable_submit_time());
  }
  void operator()(const AmbiguousFact& fact) const { report.mutable_ambiguous()->set_detail(Words(fact.detail)); }
  void operator()(const StartedFact& fact) const {
    Fill(fact.start_time, *report.mutable_started()->mutable_start_time());
  }
  void operator()(const EndedFact& fact) const {
    v1::Ended& ended = *report.mutable_ended();
    ended.set_cause(ToProto(fact.cause));
    ended.set_fault_class(ToProto(fact.fault));
    if (fact.exit_code) {
      ended.set_exit_code(*fact.exit_code);
    }
    ended.set_exit_signal(fact.exit_signal);
    Fill(fact.start_time, *ended.mutable_start_time());
    Fill(fact.end_time, *ended.mutable_end_time());
    ended.set_site_state(Words(fact.site_state));
    ended.set_site_reason(Words(fact.site_reason));
    if (fact.usage) {
      Fill(*fact.usage, *ended.mutable_usage());
    }
  }
  void operator()(const NotStartedFact& fact) const {
    v1::NotStarted& not_started = *report.mutable_not_started();
    not_started.set_kind(ToProto(fact.kind));
    not_started.set_detail(Words(fact.detail));
  }
  void operator()(const InterruptedFact& fact) const {
    v1::Interrupted& interrupted = *report.mutable_interrupted();
    interrupted.set_detail(Words(fact.detail));
    if (fact.start_time) {
      Fill(*fact.start_time, *interrupted.mutable_start_time());
    }
    if (fact.last_seen_time) {
      Fill(*fact.last_seen_time, *interrupted.mutable_last_seen_time());
    }
    if (fact.usage) {
      Fill(*fact.usage, *interrupted.mutable_usage());
    }
  }
  void operator()(const UsageFact& fact) const { Fill(fact, *report.mutable_usage()); }
  void operator()(const OrphanFact& fact) const {
    report.mutable_orphan()->set_tag(Name(fact.tag));
    report.mutable_orphan()->set_local_job_id(Name(fact.local_job_id));
  }
  void operator()(const SiteStateChangedFact& fact) const {
    report.mutable_site_state()->set_site_state(Words(fact.site_state));
    report.mutable_site_state()->set_site_reason(Words(fact.site_reason));
  }
};

void FillLimits(const ShareCapacity& share, v1::ShareLimits& limits) {
  if (share.time_limit_max.count() > 0) {
    limits.mutable_time_limit_max()->set_seconds(share.time_limit_max.count());
  }
  if (share.time_limit_default.count() > 0) {
    limits.mutable_time_limit_default()->set_seconds(share.time_limit_default.count());
  }
  limits.set_nodes_max(share.nodes_max);
  limits.set_cores_max(share.cores_max);
}

void FillLoad(const ShareCapacity& share, const std::string& pause_reason, v1::ShareLoad& load) {
  load.set_nodes_total(share.nodes_total);
  load.set_nodes_idle(share.nodes_idle);
  load.set_cores_total(share.cores_total);
  load.set_cores_idle(share.cores_idle);
  load.set_accelerators_total(share.accelerators_total);
  load.set_accelerators_idle(share.accelerators_idle);
  load.set_jobs_waiting(share.jobs_waiting);
  load.set_core_seconds_waiting(share.core_seconds_waiting);
  load.set_core_seconds_running(share.core_seconds_running);
  load.set_open(share.open && pause_reason.empty());
  load.set_closed_reason(Words(share.open ? pause_reason : share.closed_reason));
}

}  // namespace

v1::Report ToReport(const JobReport& report) {
  v1::Report proto;
  proto.set_seq(report.seq);
  if (!report.attempt_id.is_nil()) {
    proto.set_attempt_id(report.attempt_id.ToString());
  }
  proto.set_fence(report.fence);
  Fill(report.time, *proto.mutable_time());
  std::visit(FactFiller{proto}, report.fact);
  return proto;
}

v1::KnownAttempt ToKnownAttempt(const KnownAttemptView& attempt) {
  v1::KnownAttempt proto;
  proto.set_attempt_id(attempt.attempt_id.ToString());
  proto.set_fence(attempt.fence);
  return proto;
}

v1::Share ToShare(const ShareCapacity& share, const SiteTraits& traits, const std::string& pause_reason) {
  v1::Share proto;
  proto.set_name(Name(share.name));
  proto.set_pool(Name(share.pool));
  v1::NodeShape& node = *proto.mutable_node();
  node.set_cpu_architecture(Name(share.cpu_architecture));
  node.set_cores(share.cores_per_node);
  node.set_memory_mib(share.memory_per_node_mib);
  node.set_accelerator_model(Name(share.accelerator_model));
  node.set_accelerators(share.accelerators_per_node);
  FillLimits(share, *proto.mutable_limits());
  FillLoad(share, pause_reason, *proto.mutable_load());
  proto.set_whole_nodes(share.whole_nodes);
  proto.set_memory_per_core_mib(share.memory_per_core_mib);
  if (share.overrun.count() > 0) {
    proto.mutable_overrun()->set_seconds(share.overrun.count());
  }
  proto.set_account_mode(ToProto(traits.account_mode));
  proto.set_guarded(traits.guarded);
  for (const ShareMaintenance& maintenance : share.maintenance) {
    v1::MaintenanceWindow& window = *proto.add_maintenance();
    Fill(maintenance.start, *window.mutable_start_time());
    Fill(maintenance.end, *window.mutable_end_time());
    window.set_reason(Name(maintenance.reason));
  }
  return proto;
}

}  // namespace turnpike
