#include "adapters/link/network_meter.h"

#include <algorithm>
#include <utility>

namespace turnpike {
namespace {

constexpr size_t kRoundTripsMax = 20;            // five minutes of pings
constexpr size_t kUploadsMax = 9;                // batches of output
constexpr size_t kUnansweredMax = 16;            // older pings are given up
constexpr size_t kUploadBytesMin = 256U << 10U;  // less than that measures the round trip, not the throughput
constexpr int64_t kFirstPings = 5;               // of a session, sent faster: one figure is none
constexpr std::chrono::milliseconds kFirstPingInterval{1'000};
constexpr int64_t kMicrosPerSecond = 1'000'000;

google::protobuf::Duration ToProto(std::chrono::microseconds time) {
  google::protobuf::Duration out;
  out.set_seconds(time.count() / kMicrosPerSecond);
  out.set_nanos(static_cast<int32_t>(time.count() % kMicrosPerSecond) * 1'000);
  return out;
}

v1::RoundTrip ToProto(const MeasuredRoundTrip& measured) {
  v1::RoundTrip out;
  *out.mutable_shortest() = ToProto(measured.shortest);
  *out.mutable_median() = ToProto(measured.median);
  out.set_samples(measured.samples);
  return out;
}

v1::ProbedSite ToProto(const SiteProber::Measured& measured, MonotonicTime now) {
  v1::ProbedSite out;
  out.set_site(measured.site);
  out.set_unreachable(!measured.round_trip);
  if (measured.round_trip) {
    *out.mutable_round_trip() = ToProto(*measured.round_trip);
  }
  *out.mutable_age() = ToProto(std::chrono::duration_cast<std::chrono::microseconds>(now - measured.at));
  return out;
}

}  // namespace

NetworkMeter::NetworkMeter(Settings settings, RandomSource& random)
    : settings_(std::move(settings)), round_trips_(kRoundTripsMax), uploads_(kUploadsMax) {
  if (settings_.probes.policy != ProbePolicy::kNone) {
    prober_ = std::make_unique<SiteProber>(settings_.probes, random);
  }
}

void NetworkMeter::StartSession(bool understood, MonotonicTime now) {
  in_session_ = understood;
  pings_sent_ = 0;
  reports_sent_ = 0;
  unanswered_.clear();
  round_trips_.Clear();  // Another broker may be elsewhere.
  broker_measured_ = false;
  ping_due_ = now;
  // As soon as the first pings are answered.
  report_due_ = now + std::min(settings_.report_interval, kFirstPingInterval * kFirstPings);
}

std::optional<v1::SynchronizeRequest> NetworkMeter::Next(MonotonicTime now) {
  if (!in_session_) {
    return std::nullopt;
  }
  if (now >= ping_due_) {
    const auto interval =
        pings_sent_ < kFirstPings ? std::min(settings_.ping_interval, kFirstPingInterval) : settings_.ping_interval;
    ping_due_ = now + interval;
    unanswered_[++pings_sent_] = now;
    if (unanswered_.size() > kUnansweredMax) {
      unanswered_.erase(unanswered_.begin());
    }
    v1::SynchronizeRequest message;
    message.mutable_ping()->set_number(pings_sent_);
    return message;
  }
  if (now >= report_due_) {
    report_due_ = now + settings_.report_interval;
    return Report(now);
  }
  return std::nullopt;
}

std::optional<MonotonicTime> NetworkMeter::DueTime() const {
  return in_session_ ? std::optional(std::min(ping_due_, report_due_)) : std::nullopt;
}

void NetworkMeter::TakePong(const v1::Pong& pong, MonotonicTime now) {
  const auto ping = unanswered_.find(pong.number());
  if (ping == unanswered_.end()) {
    return;
  }
  const auto took = std::chrono::ceil<std::chrono::microseconds>(now - ping->second);
  unanswered_.erase(ping);
  round_trips_.Add(std::max<int64_t>(took.count(), 1));
  broker_measured_ = true;
}

void NetworkMeter::TakeTargets(const v1::ProbeTargets& targets) {
  if (prober_ == nullptr) {
    return;
  }
  std::vector<SiteProber::Target> sites;
  for (const v1::ProbeTarget& target : targets.targets()) {
    sites.push_back({.site = target.site(), .address = target.address()});
  }
  prober_->SetTargets(sites);
}

void NetworkMeter::NoteUpload(size_t bytes, std::chrono::microseconds time) {
  if (bytes < kUploadBytesMin || time.count() <= 0) {
    return;
  }
  const MutexLock lock(mutex_);
  uploads_.Add(static_cast<int64_t>(bytes) * kMicrosPerSecond / time.count());
  upload_measured_ = true;
}

v1::SynchronizeRequest NetworkMeter::Report(MonotonicTime now) {
  v1::SynchronizeRequest message;
  v1::NetworkReport& report = *message.mutable_network();
  report.set_number(++reports_sent_);
  report.set_probe_address(settings_.probe_address);
  if (std::exchange(broker_measured_, false)) {
    *report.mutable_broker() = ToProto(RoundTripOf(round_trips_));
  }
  {
    const MutexLock lock(mutex_);
    if (std::exchange(upload_measured_, false)) {
      report.set_upload_bytes_per_second(uploads_.Median());
    }
  }
  if (prober_ != nullptr) {
    for (const SiteProber::Measured& measured : prober_->TakeMeasured()) {
      *report.add_sites() = ToProto(measured, now);
    }
  }
  return message;
}

}  // namespace turnpike
