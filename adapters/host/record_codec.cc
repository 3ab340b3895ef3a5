#include "adapters/host/record_codec.h"

#include "base/byte_codec.h"

namespace turnpike {
namespace {

template <class Enum>
void PutEnum(ByteWriter& out, Enum value) {
  out.Int(static_cast<int64_t>(value));
}
template <class Enum>
Enum GetEnum(ByteReader& in) {
  return static_cast<Enum>(in.Int());
}

void PutMonotonic(ByteWriter& out, std::optional<MonotonicTime> at) {
  out.OptionalInt(at ? std::optional<int64_t>(at->time_since_epoch().count()) : std::nullopt);
}
std::optional<MonotonicTime> GetMonotonic(ByteReader& in) {
  const std::optional<int64_t> ticks = in.OptionalInt();
  return ticks ? std::optional<MonotonicTime>(MonotonicTime::duration(*ticks)) : std::nullopt;
}

// --- One pair for each fact.

void Put(ByteWriter& out, const UsageFact& fact) {
  out.Int(fact.used.node_seconds).Int(fact.used.core_seconds).Int(fact.used.accelerator_seconds);
  out.Int(fact.used.memory_mib_seconds).Bool(fact.provisional);
}
void Get(ByteReader& in, UsageFact& fact) {
  fact.used.node_seconds = in.Int();
  fact.used.core_seconds = in.Int();
  fact.used.accelerator_seconds = in.Int();
  fact.used.memory_mib_seconds = in.Int();
  fact.provisional = in.Bool();
}

// Declared early: the templates below find only what stands above them.
void Put(ByteWriter& out, const EndedFact& fact);
void Get(ByteReader& in, EndedFact& fact);
void Put(ByteWriter& out, const NotStartedFact& fact);
void Get(ByteReader& in, NotStartedFact& fact);
void Put(ByteWriter& out, const LocalJobIdentity& identity);
void Get(ByteReader& in, LocalJobIdentity& identity);

template <class Value>
void PutOptional(ByteWriter& out, const std::optional<Value>& value) {
  out.Bool(value.has_value());
  if (value) {
    Put(out, *value);
  }
}
template <class Value>
void GetOptional(ByteReader& in, std::optional<Value>& value) {
  if (in.Bool()) {
    Get(in, value.emplace());
  }
}

void Put(ByteWriter&, const ClaimedFact&) {}
void Get(ByteReader&, ClaimedFact&) {}

void Put(ByteWriter& out, const SubmittedFact& fact) {
  out.Text(fact.cluster).Text(fact.local_job_id).Time(fact.submit_time);
}
void Get(ByteReader& in, SubmittedFact& fact) {
  fact.cluster = in.Text();
  fact.local_job_id = in.Text();
  fact.submit_time = in.Time();
}

void Put(ByteWriter& out, const AmbiguousFact& fact) {
  out.Text(fact.detail);
}
void Get(ByteReader& in, AmbiguousFact& fact) {
  fact.detail = in.Text();
}

void Put(ByteWriter& out, const StartedFact& fact) {
  out.Time(fact.start_time);
}
void Get(ByteReader& in, StartedFact& fact) {
  fact.start_time = in.Time();
}

void Put(ByteWriter& out, const EndedFact& fact) {
  PutEnum(out, fact.cause);
  PutEnum(out, fact.fault);
  out.OptionalInt(fact.exit_code).Int(fact.exit_signal).Time(fact.start_time).Time(fact.end_time);
  out.Text(fact.site_state).Text(fact.site_reason);
  PutOptional(out, fact.usage);
}
void Get(ByteReader& in, EndedFact& fact) {
  fact.cause = GetEnum<EndCause>(in);
  fact.fault = GetEnum<FaultClass>(in);
  if (const std::optional<int64_t> code = in.OptionalInt()) {
    fact.exit_code = static_cast<int>(*code);
  }
  fact.exit_signal = static_cast<int>(in.Int());
  fact.start_time = in.Time();
  fact.end_time = in.Time();
  fact.site_state = in.Text();
  fact.site_reason = in.Text();
  GetOptional(in, fact.usage);
}

void Put(ByteWriter& out, const NotStartedFact& fact) {
  PutEnum(out, fact.kind);
  out.Text(fact.detail);
}
void Get(ByteReader& in, NotStartedFact& fact) {
  fact.kind = GetEnum<NotStartedKind>(in);
  fact.detail = in.Text();
}

void Put(ByteWriter& out, const InterruptedFact& fact) {
  out.Text(fact.detail).OptionalTime(fact.start_time).OptionalTime(fact.last_seen_time);
  PutOptional(out, fact.usage);
}
void Get(ByteReader& in, InterruptedFact& fact) {
  fact.detail = in.Text();
  fact.start_time = in.OptionalTime();
  fact.last_seen_time = in.OptionalTime();
  GetOptional(in, fact.usage);
}

void Put(ByteWriter& out, const OrphanFact& fact) {
  out.Text(fact.tag).Text(fact.local_job_id);
}
void Get(ByteReader& in, OrphanFact& fact) {
  fact.tag = in.Text();
  fact.local_job_id = in.Text();
}

void Put(ByteWriter& out, const SiteStateChangedFact& fact) {
  out.Text(fact.site_state).Text(fact.site_reason);
}
void Get(ByteReader& in, SiteStateChangedFact& fact) {
  fact.site_state = in.Text();
  fact.site_reason = in.Text();
}

void Put(ByteWriter& out, const LocalJobIdentity& identity) {
  out.Text(identity.cluster).Text(identity.local_job_id).Time(identity.submit_time).Text(identity.tag);
}
void Get(ByteReader& in, LocalJobIdentity& identity) {
  identity.cluster = in.Text();
  identity.local_job_id = in.Text();
  identity.submit_time = in.Time();
  identity.tag = in.Text();
}

// Makes the fact whose place in the variant is `index`, and reads it.
template <size_t Place = 0>
bool GetFact(ByteReader& in, size_t index, Fact& fact) {
  if constexpr (Place == std::variant_size_v<Fact>) {
    return false;
  } else {
    if (index != Place) {
      return GetFact<Place + 1>(in, index, fact);
    }
    Get(in, fact.emplace<Place>());
    return true;
  }
}

}  // namespace

std::string EncodeAttempt(const AttemptRecord& record) {
  ByteWriter out;
  out.AnyId(record.attempt_id).AnyId(record.job_id).Int(record.task_index).Int(record.fence);
  PutEnum(out, record.phase);
  out.Text(record.local_user).Int(record.requested.nodes).Int(record.requested.cores);
  out.Int(record.requested.accelerators).Int(record.requested.memory_mib);
  out.Bool(record.cancel_wanted).Bool(record.submit_unsure);
  PutOptional(out, record.give_up);
  PutMonotonic(out, record.lease_end);
  PutOptional(out, record.identity);
  out.OptionalTime(record.start_time).OptionalTime(record.last_seen_time);
  PutOptional(out, record.last_usage);
  out.Text(record.site_state).Text(record.site_reason).Bool(record.usage_owed);
  PutOptional(out, record.end);
  out.Bool(record.usage_provisional);
  return out.Take();
}

Result<AttemptRecord> DecodeAttempt(std::string_view bytes) {
  ByteReader in(bytes);
  AttemptRecord record;
  record.attempt_id = in.IdOf<AttemptId>();
  record.job_id = in.IdOf<JobId>();
  record.task_index = static_cast<int>(in.Int());
  record.fence = in.Int();
  record.phase = GetEnum<AttemptPhase>(in);
  record.local_user = in.Text();
  record.requested.nodes = in.Int();
  record.requested.cores = in.Int();
  record.requested.accelerators = in.Int();
  record.requested.memory_mib = in.Int();
  record.cancel_wanted = in.Bool();
  record.submit_unsure = in.Bool();
  GetOptional(in, record.give_up);
  record.lease_end = GetMonotonic(in);
  GetOptional(in, record.identity);
  record.start_time = in.OptionalTime();
  record.last_seen_time = in.OptionalTime();
  GetOptional(in, record.last_usage);
  record.site_state = in.Text();
  record.site_reason = in.Text();
  record.usage_owed = in.Bool();
  GetOptional(in, record.end);
  record.usage_provisional = !in.finished() && in.Bool();  // older versions end here
  if (!in.ok() || static_cast<size_t>(record.phase) >= kAttemptPhaseCount) {
    return DataLoss("an attempt in the journal cannot be read");
  }
  return record;
}

std::string EncodeReport(const JobReport& report) {
  ByteWriter out;
  out.Int(report.seq).AnyId(report.attempt_id).Int(report.fence).Time(report.time);
  out.Int(static_cast<int64_t>(report.fact.index()));
  std::visit([&out](const auto& fact) { Put(out, fact); }, report.fact);
  return out.Take();
}

Result<JobReport> DecodeReport(std::string_view bytes) {
  ByteReader in(bytes);
  JobReport report;
  report.seq = in.Int();
  report.attempt_id = in.IdOf<AttemptId>();
  report.fence = in.Int();
  report.time = in.Time();
  const auto index = static_cast<size_t>(in.Int());
  if (!GetFact(in, index, report.fact) || !in.ok()) {
    return DataLoss("a report in the journal cannot be read");
  }
  return report;
}

}  // namespace turnpike
