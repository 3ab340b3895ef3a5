#include "broker/rpc/link_session.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/error_reason.h"
#include "base/grpc/credentials.h"
#include "base/grpc/error_details.h"
#include "base/log.h"
#include "base/log_enabled.h"
#include "broker/core/capacity_codec.h"
#include "broker/rpc/convert_network.h"
#include "broker/rpc/convert_report.h"
#include "broker/rpc/desired_messages.h"

namespace turnpike {
namespace {

constexpr int kProtocol = 1;
constexpr int kReportsPerMessageMax = 256;
constexpr const char* kMeasuresNetwork = "network";  // Welcome.capabilities
constexpr int kReportCredit = 1'024;
constexpr size_t kInboxMax = 8;
constexpr size_t kOutboxMax = 1'000;  // messages; an agent that does not read is cut off
constexpr size_t kCapacityBytesMax = 4U << 20U;
constexpr size_t kWokenAtOnce = 64;            // attempts whose orders, with their scripts, are read together
constexpr size_t kOutboxBytesMax = 8U << 20U;  // unwritten; above it no more orders are read

Status SessionReplaced() {
  return WithReason(Aborted("a newer session of this site took over; this agent must not submit any more"),
                    ErrorReason::kSessionReplaced);
}

Status NoCommonProtocol(const v1::Hello& hello) {
  return WithReason(
      FailedPrecondition("the agent speaks protocols {} to {}, this broker speaks {}; update the older of the two",
                         hello.protocol_min(), hello.protocol_max(), kProtocol),
      ErrorReason::kProtocolTooOld);
}

}  // namespace

LinkSession::LinkSession(const LinkSetting& setting, grpc::CallbackServerContext& context)
    : OwnedStream(setting.pool), setting_(setting), peer_uri_(PeerUri(context)) {
  MutexLock lock(mutex_);
  ReadNext();
}

void LinkSession::ReadNext() {
  if (!read_pending_ && !ended() && inbox_.size() < kInboxMax) {
    read_pending_ = true;
    StartRead(&reading_);
  }
}

void LinkSession::OnReadDone(bool ok) {
  MutexLock lock(mutex_);
  read_pending_ = false;
  if (!ok) {
    End(OkStatus());
    return;
  }
  if (reading_.has_ping() && welcomed_) {  // At once: what waits to be worked off is not the way's length.
    v1::SynchronizeResponse response;
    response.mutable_pong()->set_number(reading_.ping().number());
    Queue(std::move(response));
  } else {
    inbox_.push_back(std::move(reading_));
  }
  reading_.Clear();
  WorkOn();
  ReadNext();
}

void LinkSession::Wake(const std::vector<AttemptId>& attempts) {
  MutexLock lock(mutex_);
  woken_.insert(attempts.begin(), attempts.end());
  WorkOn();
}

void LinkSession::Replace() {
  MutexLock lock(mutex_);
  End(SessionReplaced());
}

void LinkSession::ShutOut() {
  MutexLock lock(mutex_);
  End(PermissionDenied("this site is shut out; the federation's operator decides when it may come back"));
}

bool LinkSession::HasWork() const {
  return !inbox_.empty() || (!woken_.empty() && unwritten_bytes_ < kOutboxBytesMax);
}

std::vector<AttemptId> LinkSession::TakeWoken() {
  const auto end = std::next(woken_.begin(), static_cast<std::ptrdiff_t>(std::min(woken_.size(), kWokenAtOnce)));
  std::vector<AttemptId> taken(woken_.begin(), end);
  woken_.erase(woken_.begin(), end);
  return taken;
}

Status LinkSession::Work() {
  while (true) {
    std::optional<v1::SynchronizeRequest> message;
    std::vector<AttemptId> woken;
    {
      MutexLock lock(mutex_);
      if (ended() || !HasWork()) {
        return OkStatus();
      }
      if (!inbox_.empty()) {
        message = std::move(inbox_.front());
        inbox_.pop_front();
        ReadNext();
      } else if (epoch_ != 0) {
        woken = TakeWoken();
      } else {
        woken_.clear();  // The snapshot of the Welcome will tell it.
      }
    }
    if (message) {
      RETURN_IF_ERROR(Handle(*message));
    }
    if (!woken.empty()) {
      ASSIGN_OR_RETURN(const std::vector<DesiredAttempt> desired, setting_.store.Desired(site_.site_id, woken));
      RETURN_IF_ERROR(SendDesired(desired));
    }
  }
}

Status LinkSession::Admit() {
  ASSIGN_OR_RETURN(const std::string uri, peer_uri_);
  ASSIGN_OR_RETURN(const AgentIdentity agent, setting_.issuer.IdentityOf(uri));
  ASSIGN_OR_RETURN(site_, setting_.sites.Admit(agent));
  admitted_ = true;
  return OkStatus();
}

Status LinkSession::Handle(const v1::SynchronizeRequest& message) {
  if (!admitted_) {
    RETURN_IF_ERROR(Admit());
  }
  if (message.has_hello()) {
    return HandleHello(message.hello());
  }
  if (epoch_ == 0) {
    return FailedPrecondition("the first message of a session must be Hello");
  }
  switch (message.message_case()) {
    case v1::SynchronizeRequest::kReports:
      return HandleReports(message.reports());
    case v1::SynchronizeRequest::kCapacity:
      return HandleCapacity(message.capacity());
    case v1::SynchronizeRequest::kNetwork:
      return HandleNetwork(message.network());
    case v1::SynchronizeRequest::kPing:  // One of a session that had not begun.
      return OkStatus();
    case v1::SynchronizeRequest::kHeartbeat: {
      // Whoever was shut out meanwhile goes now; that nobody can say so does not end a session.
      if (const Status admitted = Admit(); admitted.code() == StatusCode::kPermissionDenied) {
        return admitted;
      }
      v1::SynchronizeResponse response;
      response.mutable_heartbeat();
      Send(std::move(response));
      return OkStatus();
    }
    case v1::SynchronizeRequest::kHello:
    case v1::SynchronizeRequest::MESSAGE_NOT_SET:
      return InvalidArgument("a message of the agent says nothing; is the agent newer than the broker?");
  }
  return InvalidArgument("a message of the agent says what this broker does not know");
}

Status LinkSession::HandleHello(const v1::Hello& hello) {
  if (epoch_ != 0) {
    return FailedPrecondition("Hello came twice");
  }
  if (hello.protocol_min() > kProtocol || hello.protocol_max() < kProtocol) {
    return NoCommonProtocol(hello);
  }
  const std::optional<JournalId> journal = JournalId::Parse(hello.journal_id());
  if (!journal) {
    return InvalidArgument("journal '{}' is no id", hello.journal_id());
  }
  journal_id_ = *journal;
  ASSIGN_OR_RETURN(const OpenedSession session, setting_.store.OpenSession({.site_id = site_.site_id,
                                                                            .replica = setting_.replica,
                                                                            .journal_id = journal_id_,
                                                                            .journal_seq = hello.journal_seq(),
                                                                            .epoch_seen = hello.epoch_seen(),
                                                                            .scheduler = hello.scheduler()}));
  epoch_ = session.epoch;
  // News from here on wakes this session; what is there already is read after it.
  setting_.sessions.Add(site_.site_id, *this);
  ASSIGN_OR_RETURN(const std::vector<DesiredAttempt> desired, setting_.store.DesiredWithoutOrders(site_.site_id));
  v1::SynchronizeResponse response;
  v1::Welcome& welcome = *response.mutable_welcome();
  welcome.set_protocol(kProtocol);
  welcome.set_epoch(session.epoch);
  welcome.set_acked_seq(session.acked_seq);
  welcome.set_recovery(session.recovery);
  welcome.mutable_heartbeat_interval()->set_seconds(setting_.heartbeat_interval.count());
  welcome.set_report_credit(kReportCredit);
  welcome.add_capabilities(kMeasuresNetwork);
  // Offers follow with their orders, in messages of their own, as fast as the agent reads them.
  std::vector<AttemptId> offered;
  for (const DesiredAttempt& attempt : desired) {
    if (attempt.phase == DesiredPhase::kOffered) {
      offered.push_back(attempt.attempt_id);
    } else {
      *welcome.add_desired() = ToProto(attempt, setting_.spawn_lease);
    }
  }
  Send(std::move(response));
  {
    MutexLock lock(mutex_);
    welcomed_ = true;
  }
  setting_.site_changed();
  LogInfo("site connected",
          {{"site", site_.name}, {"epoch", std::to_string(epoch_)}, {"recovery", session.recovery ? "yes" : "no"}});
  Wake(offered);
  return OkStatus();
}

Status LinkSession::HandleReports(const v1::Reports& reports) {
  if (reports.epoch() != epoch_) {
    return SessionReplaced();
  }
  if (reports.reports_size() == 0 || reports.reports_size() > kReportsPerMessageMax) {
    return InvalidArgument("{} reports came in one message, 1 to {} may", reports.reports_size(),
                           kReportsPerMessageMax);
  }
  ReportBatch batch{.site_id = site_.site_id, .epoch = epoch_, .journal_id = journal_id_, .reports = {}};
  for (const v1::Report& report : reports.reports()) {
    SiteReport decoded = FromProto(report);
    if (!batch.reports.empty() && decoded.seq != batch.reports.back().seq + 1) {
      return InvalidArgument("report {} follows report {}; numbers have no gaps", decoded.seq,
                             batch.reports.back().seq);
    }
    if (decoded.kind == ReportKind::kOrphan) {
      LogError("a local job with our tag that nobody knows was ended",
               {{"site", site_.name}, {"tag", decoded.detail}, {"local_job", decoded.local_job_id}});
    } else if (decoded.kind == ReportKind::kUnreadable) {
      LogError("a report of a site cannot be read; it is kept in refused_report",
               {{"site", site_.name}, {"report", std::to_string(decoded.seq)}, {"why", decoded.detail}});
    }
    batch.reports.push_back(std::move(decoded));
  }
  ASSIGN_OR_RETURN(const AppliedReports applied, Apply(batch));
  if (applied.changed_jobs) {
    setting_.committed();
  }
  // First what the claims are waiting for, then the acknowledgement.
  RETURN_IF_ERROR(SendDesired(applied.answers));
  v1::SynchronizeResponse response;
  response.mutable_acknowledge()->set_seq(applied.acked_seq);
  Send(std::move(response));
  return OkStatus();
}

Result<AppliedReports> LinkSession::Apply(const ReportBatch& batch) {
  const SecondsTimer timer(setting_.counts.report_seconds);
  ASSIGN_OR_RETURN(AppliedReports applied, setting_.store.Apply(batch));
  for (const SiteReport& report : batch.reports) {
    setting_.counts.reports.Add(static_cast<size_t>(report.kind));
  }
  return applied;
}

Status LinkSession::HandleCapacity(const v1::Capacity& capacity) {
  ASSIGN_OR_RETURN(const std::vector<ShareStatus> shares, FromProto(capacity));
  const std::string body = EncodeCapacity(shares);
  if (body.size() > kCapacityBytesMax) {
    return InvalidArgument("the site's capacity has {} bytes, {} are allowed", body.size(), kCapacityBytesMax);
  }
  RETURN_IF_ERROR(setting_.store.StoreCapacity(site_.site_id, epoch_, capacity.number(), body));
  // Jobs may wait for a site that comes; from then on its figures are read with all others', every two seconds.
  if (!std::exchange(capacity_stored_, true)) {
    setting_.site_changed();
  }
  return OkStatus();
}

Status LinkSession::HandleNetwork(const v1::NetworkReport& report) {
  NetworkMeasured measured = FromProto(report);
  measured.site_id = site_.site_id;
  measured.epoch = epoch_;
  ASSIGN_OR_RETURN(std::vector<ProbeTarget> targets, setting_.store.StoreNetwork(measured));
  if (targets != probe_targets_) {
    probe_targets_ = std::move(targets);
    v1::SynchronizeResponse response;
    *response.mutable_probe_targets() = ToProto(probe_targets_);
    Send(std::move(response));
  }
  return OkStatus();
}

// What ties a job's call, attempt and site together, for whoever follows one job through the logs.
void LinkSession::NoteOffer(const DesiredAttempt& desired) const {
  if (!desired.order || !IsLogged(LogLevel::kDebug)) {
    return;
  }
  LogDebug("attempt offered", {{"site", site_.name},
                               {"job", desired.order->job_id.ToString()},
                               {"attempt", desired.attempt_id.ToString()},
                               {"traceparent", TraceParentOf(desired.attempt_id, *desired.order)},
                               {"request_id", desired.order->trace.request_id}});
}

Status LinkSession::SendDesired(const std::vector<DesiredAttempt>& desired) {
  for (const DesiredAttempt& attempt : desired) {
    NoteOffer(attempt);
  }
  for (v1::SynchronizeResponse& response : DesiredMessages(desired, setting_.spawn_lease)) {
    Send(std::move(response));
  }
  return OkStatus();
}

void LinkSession::Send(v1::SynchronizeResponse message) {
  MutexLock lock(mutex_);
  Queue(std::move(message));
}

void LinkSession::Queue(v1::SynchronizeResponse message) {
  if (unwritten_.size() >= kOutboxMax) {
    setting_.counts.agents_cut.Add(ended() ? 0 : 1);
    End(Unavailable("the agent reads too slowly; it should connect again"));
    return;
  }
  unwritten_bytes_ += message.ByteSizeLong();
  unwritten_.push_back(std::move(message));
  WriteNext();
}

void LinkSession::NoteWritten(const v1::SynchronizeResponse& message) {
  unwritten_bytes_ -= message.ByteSizeLong();
}

void LinkSession::Close() {
  setting_.pool.Run([this] {
    StoreEnd();
    delete this;
  });
}

void LinkSession::StoreEnd() {
  if (admitted_) {
    setting_.sessions.Remove(site_.site_id, *this);
  }
  if (epoch_ != 0) {
    if (const Status status = setting_.store.CloseSession(site_.site_id, epoch_); !status.ok()) {
      LogWarn("the end of a session could not be stored",
              {{"site", site_.name}, {"error", std::string(MessageOf(status))}});
    }
    LogInfo("site disconnected", {{"site", site_.name}, {"epoch", std::to_string(epoch_)}});
    setting_.site_changed();
  }
}

}  // namespace turnpike
