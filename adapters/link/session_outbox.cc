#include "adapters/link/session_outbox.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace turnpike {
namespace {

constexpr int64_t kReportsPerMessageMax = 256;
constexpr int64_t kMicrosPerSecond = 1'000'000;

// The job's program is over, and its output is complete.
bool HasOutput(const JobReport& report) {
  return std::holds_alternative<EndedFact>(report.fact) || std::holds_alternative<InterruptedFact>(report.fact);
}

v1::Capacity MakeCapacity(const std::vector<ShareCapacity>& shares, const SiteTraits& traits, const AgentRound& round) {
  v1::Capacity capacity;
  const std::string pause_reason = round.PauseReason();
  for (const ShareCapacity& share : shares) {
    *capacity.add_shares() = ToShare(share, traits, pause_reason);
  }
  for (const AttemptId& attempt_id : round.AttemptsInScheduler()) {
    capacity.add_counted_attempt_ids(attempt_id.ToString());
  }
  return capacity;
}

}  // namespace

void SessionOutbox::Open(const SessionTerms& terms) {
  terms_ = terms;
  collected_seq_ = terms.acked_seq;
  capacity_read_.reset();
  const MutexLock lock(mutex_);
  batches_.clear();
  capacity_.reset();
  capacities_sent_ = 0;
}

void SessionOutbox::Close() {
  terms_.reset();
  const MutexLock lock(mutex_);
  batches_.clear();
  capacity_.reset();
}

void SessionOutbox::Collect(AgentRound& round) {
  if (!terms_) {
    return;
  }
  CollectReports(round);
  const MonotonicTime now = parts_.clock.Monotonic();
  if (!capacity_read_ || now - *capacity_read_ >= parts_.settings.capacity_interval) {
    capacity_read_ = now;
    CollectCapacity(round);
  }
}

void SessionOutbox::CollectReports(AgentRound& round) {
  for (;;) {
    const int64_t unacked = std::max<int64_t>(collected_seq_ - round.journal_state().acked_seq, 0);
    const int64_t room = std::min(terms_->report_credit - unacked, kReportsPerMessageMax);
    const std::vector<JobReport> reports =
        room > 0 ? round.PendingReports(static_cast<size_t>(room)) : std::vector<JobReport>{};
    if (reports.empty()) {
      return;
    }
    collected_seq_ = reports.back().seq;
    const auto first_ending =
        static_cast<size_t>(std::distance(reports.begin(), std::find_if(reports.begin(), reports.end(), HasOutput)));
    ReportBatch ahead = MakeBatch(reports, 0, first_ending);
    ReportBatch endings = MakeBatch(reports, first_ending, reports.size());
    SendOutputs(round, reports, first_ending, endings);
    {
      const MutexLock lock(mutex_);
      for (ReportBatch* batch : {&ahead, &endings}) {
        if (batch->message.reports().reports_size() > 0) {
          batches_.push_back(std::move(*batch));
        }
      }
    }
    parts_.wakeup.Notify();
  }
}

SessionOutbox::ReportBatch SessionOutbox::MakeBatch(const std::vector<JobReport>& reports, size_t begin,
                                                    size_t end) const {
  ReportBatch batch;
  batch.message.mutable_reports()->set_epoch(terms_->epoch);
  for (size_t index = begin; index < end; ++index) {
    *batch.message.mutable_reports()->add_reports() = ToReport(reports[index]);
  }
  return batch;
}

void SessionOutbox::SendOutputs(const AgentRound& round, const std::vector<JobReport>& reports, size_t begin,
                                ReportBatch& batch) {
  std::vector<LogPiece> tails;
  for (size_t index = begin; index < reports.size(); ++index) {
    if (!HasOutput(reports[index])) {
      continue;
    }
    for (const OutputStream which : {OutputStream::kStandardOutput, OutputStream::kStandardError}) {
      const LogFollower::StreamKey stream{reports[index].attempt_id, which};
      if (parts_.log_follower.Finish(stream)) {
        batch.awaited.followed.push_back(stream);
      } else if (std::optional<LogPiece> tail = ReadTail(round, stream)) {
        tails.push_back(*std::move(tail));
      }
    }
  }
  batch.awaited.ticket = tails.empty() ? 0 : parts_.log_sender.Add(std::move(tails));
  batch.wait_end = parts_.clock.Monotonic() + parts_.settings.log_wait_max;
}

std::optional<LogPiece> SessionOutbox::ReadTail(const AgentRound& round, const LogFollower::StreamKey& stream) const {
  const auto& [attempt_id, which] = stream;
  Result<OutputTail> tail = round.ReadOutputTail(attempt_id, which, parts_.settings.tail_bytes);
  if (tail.ok() && !tail->bytes.empty()) {
    return LogPiece{.attempt_id = attempt_id, .stream = which, .offset = tail->offset, .bytes = std::move(tail->bytes)};
  }
  if (!tail.ok() && tail.status().code() != StatusCode::kNotFound) {
    LogWarn("a job's output cannot be read and is not sent",
            {{"attempt", attempt_id.ToString()}, {"why", std::string(MessageOf(tail.status()))}});
  }
  return std::nullopt;
}

void SessionOutbox::CollectCapacity(const AgentRound& round) {
  const Result<std::vector<ShareCapacity>> shares = parts_.scheduler.ReadCapacity();
  if (!shares.ok()) {
    LogWarn("the scheduler's capacity cannot be read, the broker keeps the last one",
            {{"why", std::string(MessageOf(shares.status()))}});
    return;
  }
  v1::SynchronizeRequest message;
  *message.mutable_capacity() = MakeCapacity(*shares, parts_.settings.traits, round);
  const int64_t micros = MicrosOf(parts_.clock.Now());
  google::protobuf::Timestamp& time = *message.mutable_capacity()->mutable_time();
  time.set_seconds(micros / kMicrosPerSecond);
  time.set_nanos(static_cast<int>(micros % kMicrosPerSecond) * 1'000);
  {
    const MutexLock lock(mutex_);
    capacity_ = std::move(message);
  }
  parts_.wakeup.Notify();
}

std::optional<v1::SynchronizeRequest> SessionOutbox::Next() {
  const Awaited awaited = FrontAwaited();
  const bool is_sent = IsSent(awaited);
  const MonotonicTime now = parts_.clock.Monotonic();
  const MutexLock lock(mutex_);
  if (!batches_.empty() && batches_.front().awaited == awaited && (is_sent || now >= batches_.front().wait_end)) {
    v1::SynchronizeRequest message = std::move(batches_.front().message);
    batches_.pop_front();
    return message;
  }
  if (std::optional<v1::SynchronizeRequest> message = std::exchange(capacity_, std::nullopt)) {
    message->mutable_capacity()->set_number(++capacities_sent_);
    return message;
  }
  return std::nullopt;
}

SessionOutbox::Awaited SessionOutbox::FrontAwaited() const {
  const MutexLock lock(mutex_);
  return batches_.empty() ? Awaited() : batches_.front().awaited;
}

bool SessionOutbox::IsSent(const Awaited& awaited) const {
  const auto is_finished = [this](const auto& stream) { return parts_.log_follower.IsFinished(stream); };
  return (awaited.ticket == 0 || parts_.log_sender.IsDone(awaited.ticket)) &&
         std::ranges::all_of(awaited.followed, is_finished);
}

std::optional<MonotonicTime> SessionOutbox::WaitEnd() const {
  const MutexLock lock(mutex_);
  return batches_.empty() || batches_.front().awaited == Awaited() ? std::nullopt
                                                                   : std::optional(batches_.front().wait_end);
}

}  // namespace turnpike
