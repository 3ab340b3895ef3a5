#include "broker/core/round_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "broker/core/stored_request.h"

namespace turnpike {
namespace {

std::string SentenceOf(const Assignment* assignment, const FederationView& federation) {
  if (assignment == nullptr) {
    return "nothing more";
  }
  const Assignment& a = *assignment;
  const std::string where = a.share < federation.shares.size() ? ShareLabel(federation.shares[a.share].info)
                                                               : fmt::format("share {}", a.share);
  return fmt::format(
      "job {} version {} to {}, {} nodes, {} cores, {} accelerators, {} MiB, {} s, ceiling {}, from {} to {}, {}, "
      "score {}+{} ({} {})",
      a.job_id.ToString(), a.version, where, a.amounts.nodes, a.amounts.cores, a.amounts.accelerators,
      a.amounts.memory_mib, a.time_limit.count(), a.ceiling_micros, FormatTimestamp(a.expected_start),
      FormatTimestamp(a.expected_end), a.fits_now ? "at once" : "queued", a.score.time_points, a.score.price_points,
      a.score.time_ppm, a.score.price_ppm);
}

template <class T>
const T* At(const std::vector<T>& values, size_t index) {
  return index < values.size() ? &values[index] : nullptr;
}

template <class T>
size_t FirstDifference(const std::vector<T>& one, const std::vector<T>& other) {
  return static_cast<size_t>(std::ranges::mismatch(one, other).in1 - one.begin());
}

struct TwoPlans {
  const RecordedPlan& recorded;
  const RecordedPlan& replayed;
  const FederationView& federation;
  const std::vector<NumberedClass>& classes;
};

std::string RefusalsDifference(const TwoPlans& plans) {
  const std::vector<RecordedRefusal>& recorded = plans.recorded.refusals;
  const std::vector<RecordedRefusal>& replayed = plans.replayed.refusals;
  const size_t place = FirstDifference(recorded, replayed);
  const RecordedRefusal* was = At(recorded, place);
  const RecordedRefusal* is = At(replayed, place);
  const auto order = [](const RecordedRefusal& refusal) { return std::pair(refusal.class_number, refusal.project_id); };
  const bool only_recorded = is == nullptr || (was != nullptr && order(*was) < order(*is));
  const bool only_replayed = was == nullptr || (is != nullptr && order(*is) < order(*was));
  const RecordedRefusal& first = only_replayed ? *is : *was;
  const NumberedClass* job_class = At(plans.classes, static_cast<size_t>(first.class_number));
  const std::string whose =
      fmt::format("class {}{}", job_class == nullptr ? "that is not known" : job_class->id.ToString(),
                  first.project_id ? " of project " + first.project_id->ToString() : "");
  if (only_recorded || only_replayed) {
    return fmt::format("jobs of {} stay {}", whose, only_recorded ? "by the record only" : "in the replay only");
  }
  return fmt::format("jobs of {} stay, and a share refuses them for another reason", whose);
}

std::string DifferenceOf(const TwoPlans& plans) {
  const auto& [recorded, replayed, federation, classes] = plans;
  if (recorded == replayed) {
    return {};
  }
  if (recorded.assignments != replayed.assignments) {
    const size_t place = FirstDifference(recorded.assignments, replayed.assignments);
    return fmt::format("placement {}: recorded: {}; replayed: {}", place + 1,
                       SentenceOf(At(recorded.assignments, place), federation),
                       SentenceOf(At(replayed.assignments, place), federation));
  }
  if (recorded.refusals != replayed.refusals) {
    return RefusalsDifference(plans);
  }
  return fmt::format("recorded: {}; replayed: {}", recorded.cut_short ? "cut short" : "looked at every job",
                     replayed.cut_short ? "cut short" : "looked at every job");
}

}  // namespace

Result<ReplayedRound> RoundReplay::Next(const RoundRecord& record) {
  if (!record.is_complete()) {
    if (!has_chain_ || record.lease_epoch != lease_epoch_ || record.number != number_ + 1) {
      has_chain_ = false;
      return FailedPrecondition("the record before it, number {} under epoch {} of the lease, is not there",
                                record.number - 1, record.lease_epoch);
    }
  } else {
    *this = RoundReplay();
  }
  lease_epoch_ = record.lease_epoch;
  number_ = record.number;
  Result<ReplayedRound> replayed = Run(record);
  has_chain_ = replayed.ok();
  return replayed;
}

Result<ReplayedRound> RoundReplay::Run(const RoundRecord& record) {
  RETURN_IF_ERROR(TakeInput(record));
  ASSIGN_OR_RETURN(const RecordedPlan recorded, DecodePlan(record.plan, refusals_));
  ASSIGN_OR_RETURN(const RoundInput input, InputOf(parts_, record.at));
  const Plan plan = Match(waiting_, SettingOf(input));
  const RecordedPlan replayed = RecordOf(plan, waiting_, class_numbers_);
  ReplayedRound round{.placed = recorded.assignments.size(), .refused = recorded.refusals.size(), .difference = {}};
  round.difference = DifferenceOf({recorded, replayed, input.federation, classes_});
  for (const Assignment& assignment : recorded.assignments) {
    waiting_.Remove(assignment.job_id);
  }
  return round;
}

Status RoundReplay::TakeInput(const RoundRecord& record) {
  ByteReader in(record.input);
  const int64_t format = in.Int();
  if (format != kRoundFormat) {
    return Unimplemented("it was written in format {}, this program reads {}: replay it with the broker of its time",
                         format, kRoundFormat);
  }
  const Timestamp at = in.Time();
  if (at != record.at || !TakeChange(in, parts_) || !TakeNewClasses(in) || !TakeJobs(in, classes_, waiting_) ||
      !in.finished()) {
    return DataLoss("its input of {} bytes is damaged", record.input.size());
  }
  return OkStatus();
}

bool RoundReplay::TakeNewClasses(ByteReader& in) {
  for (int64_t left = in.Int(); left > 0 && in.ok(); --left) {
    const Uuid id = in.Raw();
    Result<JobRequest> request = DecodeJobRequest(in.Text());
    if (!request.ok() || !class_numbers_.emplace(id, classes_.size()).second) {
      return false;
    }
    classes_.push_back({.id = id, .request = *std::move(request)});
  }
  return in.ok();
}

}  // namespace turnpike
