#include "broker/core/round_recorder.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "broker/core/recorded_jobs.h"
#include "broker/core/round_fields.h"
#include "broker/core/stored_request.h"

namespace turnpike {
namespace {

constexpr std::chrono::minutes kQuietMax{1};
// A chain ends where to read it from its beginning costs too much, or where its beginning may soon be too old to be
// kept.
constexpr int64_t kChainRecordsMax = 1'000;
constexpr std::chrono::hours kChainTimeMax{1};
// And once its later records are several times the first one: complete ones make what is stored a quarter more at most.
constexpr size_t kLaterTimes = 4;
constexpr size_t kLaterBytesMin = size_t{64} << 10U;

// The same in any order, whatever index a class has.
uint64_t SumOf(const std::vector<ClassRefusal>& refusals, const WaitingIndex& waiting) {
  uint64_t sum = 0;
  for (const ClassRefusal& refusal : refusals) {
    ByteWriter out;
    PutField(out, waiting.class_at(refusal.class_index).id);
    PutField(out, refusal.project_id);
    PutField(out, refusal.refusals);
    sum += Crc32c(out.Take());
  }
  return sum;
}

}  // namespace

std::optional<RoundRecord> RoundRecorder::Note(const DecidedRound& round) {
  const uint64_t refusals_sum = SumOf(round.plan.refusals, round.waiting);
  if (!IsWorthIt(round, refusals_sum)) {
    return std::nullopt;
  }
  if (MustBeComplete(round)) {
    Begin(round);
  } else {
    ++number_;
  }
  RoundRecord record{.lease_epoch = lease_epoch_,
                     .number = number_,
                     .at = round.setting.now,
                     .policy_version = round.setting.policy.version,
                     .waiting = static_cast<int64_t>(round.waiting.size()),
                     .placed = static_cast<int64_t>(round.plan.assignments.size()),
                     .input = EncodeInput(round),
                     .plan = {}};
  record.plan = EncodePlan(RecordOf(round.plan, round.waiting, class_numbers_), refusals_);
  refusals_sum_ = refusals_sum;
  last_record_ = record.at;
  (record.is_complete() ? complete_bytes_ : later_bytes_) += record.bytes();
  return record;
}

bool RoundRecorder::IsWorthIt(const DecidedRound& round, uint64_t refusals_sum) const {
  if (!round.plan.assignments.empty()) {
    return true;
  }
  const bool is_quiet = !has_chain_ || round.setting.now - last_record_ >= kQuietMax;
  return refusals_sum != refusals_sum_ && (round.gives_up || is_quiet);
}

bool RoundRecorder::MustBeComplete(const DecidedRound& round) const {
  return !has_chain_ || round.lease_epoch != lease_epoch_ || round.waiting.changes() == nullptr ||
         number_ >= kChainRecordsMax || round.setting.now - chain_start_ >= kChainTimeMax ||
         later_bytes_ > std::max(kLaterTimes * complete_bytes_, kLaterBytesMin);
}

void RoundRecorder::Begin(const DecidedRound& round) {
  has_chain_ = true;
  lease_epoch_ = round.lease_epoch;
  number_ = 0;
  chain_start_ = round.setting.now;
  complete_bytes_ = later_bytes_ = 0;
  parts_ = {};
  class_numbers_.clear();
  refusals_.clear();
}

std::string RoundRecorder::EncodeInput(const DecidedRound& round) {
  ByteWriter out;
  out.Int(kRoundFormat).Time(round.setting.now);
  RoundParts parts = PartsOf(round.setting);
  PutChange(out, parts_, parts);
  parts_ = std::move(parts);
  const JobChanges changes = number_ == 0 ? AllJobs(round.waiting) : ChangedJobs(round.waiting);
  PutNewClasses(changes.present, round.waiting, out);
  PutJobs(out, changes, {round.waiting, class_numbers_});
  return out.Take();
}

void RoundRecorder::PutNewClasses(const std::vector<const WaitingJob*>& jobs, const WaitingIndex& waiting,
                                  ByteWriter& out) {
  std::vector<const JobClass*> added;
  const WaitingJob* last = nullptr;
  for (const WaitingJob* job : jobs) {
    const WaitingJob* before = std::exchange(last, job);
    if (before != nullptr && before->class_index == job->class_index) {
      continue;  // They stand together.
    }
    const JobClass& job_class = waiting.class_at(job->class_index);
    if (class_numbers_.emplace(job_class.id, class_numbers_.size()).second) {
      added.push_back(&job_class);
    }
  }
  out.Int(static_cast<int64_t>(added.size()));
  for (const JobClass* job_class : added) {
    out.Raw(job_class->id).Text(EncodeJobRequest(job_class->request));
  }
}

}  // namespace turnpike
