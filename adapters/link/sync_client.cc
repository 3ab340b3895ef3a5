#include "adapters/link/sync_client.h"

#include <algorithm>
#include <utility>

#include "adapters/link/order_from_proto.h"
#include "adapters/link/report_to_proto.h"
#include "base/error_reason.h"
#include "base/failpoint.h"
#include "base/grpc/channel.h"
#include "base/log.h"

namespace turnpike {
namespace {

using std::chrono::steady_clock;

constexpr int kProtocol = 1;
constexpr int kSilentIntervalsMax = 3;  // heartbeats missed before the stream counts as dead
constexpr std::chrono::milliseconds kHeartbeatDefault{15'000};
constexpr std::chrono::milliseconds kHeartbeatMin{10};
constexpr std::chrono::milliseconds kHeartbeatMax{600'000};
constexpr int64_t kNanosPerMilli = 1'000'000;

std::chrono::milliseconds HeartbeatInterval(const v1::Welcome& welcome) {
  if (!welcome.has_heartbeat_interval()) {
    return kHeartbeatDefault;
  }
  const auto seconds = std::clamp<int64_t>(welcome.heartbeat_interval().seconds(), 0, kHeartbeatMax.count() / 1'000);
  const auto nanos = welcome.heartbeat_interval().nanos();
  return std::clamp(std::chrono::milliseconds(seconds * 1'000 + nanos / kNanosPerMilli), kHeartbeatMin, kHeartbeatMax);
}

// A broker of the version before takes a message that it does not know for an error.
bool MeasuresNetwork(const v1::Welcome& welcome) {
  return std::ranges::find(welcome.capabilities(), "network") != welcome.capabilities().end();
}

bool IsReplaced(const Status& status) {
  return DetailsOf(status).reason == ErrorReason::kSessionReplaced;
}

LogSender::Settings Watched(LogSender::Settings settings, Wakeup& wakeup, NetworkMeter& network) {
  settings.on_progress = [&wakeup] { wakeup.Notify(); };
  settings.on_sent = [&network](size_t bytes, std::chrono::microseconds time) { network.NoteUpload(bytes, time); };
  return settings;
}

}  // namespace

struct SyncClient::Session {
  SyncStream& stream;
  bool welcomed = false;
  std::chrono::milliseconds heartbeat{kHeartbeatDefault};
  MonotonicTime welcome_until{};
  MonotonicTime heard{};           // the last message from the broker
  MonotonicTime next_heartbeat{};  // when to send ours
};

SyncClient::SyncClient(Parts parts)
    : parts_(std::move(parts)),
      network_(parts_.settings.network, parts_.random),
      log_sender_(Watched(parts_.settings.logs, wakeup_, network_)),
      log_follower_(log_sender_, parts_.settings.follower),
      outbox_({.scheduler = parts_.scheduler,
               .log_sender = log_sender_,
               .log_follower = log_follower_,
               .clock = parts_.clock,
               .wakeup = wakeup_,
               .settings = parts_.settings.outbox}),
      delay_(parts_.settings.delay, parts_.random) {}

Status SyncClient::Run() {
  RETURN_IF_ERROR(parts_.identity.Load().status());
  while (!stopped()) {
    const std::string address = NextAddress();
    const Result<AgentIdentityFiles> identity = parts_.identity.Load();
    bool welcomed = false;
    const Status status = identity.ok() ? RunSession(address, *identity, welcomed) : identity.status();
    const Status ended = EndSession();
    if (stopped()) {
      break;
    }
    RETURN_IF_ERROR(ended);
    if (IsReplaced(status)) {
      RETURN_IF_ERROR(parts_.loop.Call([](AgentRound& round) {
        round.StopSpawning();
        return OkStatus();
      }));
      return status;
    }
    if (welcomed) {
      delay_.Reset();
    }
    if (status.ok()) {
      continue;  // Ended by us, for a new certificate.
    }
    LogWarn("no stream to the broker, tried again", {{"broker", address}, {"why", std::string(MessageOf(status))}});
    if (!WaitBeforeNextTry()) {
      break;
    }
  }
  return OkStatus();
}

void SyncClient::AfterStep() {
  outbox_.Collect(parts_.round);
  if (log_follower_.Advance(parts_.round, steady_clock::now())) {
    wakeup_.Notify();
  }
}

void SyncClient::Stop() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
  }
  wakeup_.Notify();
}

// --- One session.

Status SyncClient::RunSession(const std::string& address, const AgentIdentityFiles& identity, bool& welcomed) {
  if (identity.certificate.not_after <= parts_.clock.Now()) {
    return Unauthenticated(
        "the agent's certificate ended at {}; move {} away and enroll again with a new token of the broker's operator",
        FormatTimestamp(identity.certificate.not_after), parts_.identity.folder());
  }
  TlsIdentity tls = identity.tls;
  if (!parts_.settings.ca_pem.empty()) {
    tls.ca_pem = parts_.settings.ca_pem;
  }
  ASSIGN_OR_RETURN(const auto credentials, ClientCredentials(tls));
  const std::shared_ptr<v1::SiteLinkService::Stub> stub = v1::SiteLinkService::NewStub(MakeChannel(
      {.address = address, .credentials = credentials, .keepalive_without_calls = true, .service_config_json = ""}));
  if (RenewIfDue(*stub, identity.certificate)) {
    return OkStatus();  // The next session uses the new one.
  }
  log_sender_.UseStub(stub);
  ASSIGN_OR_RETURN(v1::SynchronizeRequest hello, MakeHello());
  SyncStream stream(*stub, std::move(hello), wakeup_);
  const MonotonicTime now = steady_clock::now();
  Session session{
      .stream = stream, .welcome_until = now + parts_.settings.welcome_timeout, .heard = now, .next_heartbeat = now};
  const Status why = Converse(session);
  welcomed = session.welcomed;
  if (welcomed && parts_.settings.on_session) {
    parts_.settings.on_session(false);
  }
  const bool was_broken = stream.broken();
  const Status ended = stream.Close();
  if (!was_broken) {
    return why;
  }
  return ended.ok() ? Unavailable("the broker ended the stream") : ended;
}

Result<v1::SynchronizeRequest> SyncClient::MakeHello() {
  v1::SynchronizeRequest message;
  v1::Hello& hello = *message.mutable_hello();
  hello.set_protocol_min(kProtocol);
  hello.set_protocol_max(kProtocol);
  hello.set_agent_version(parts_.settings.agent_version);
  RETURN_IF_ERROR(parts_.loop.Call([this, &hello](AgentRound& round) {
    const JournalState& journal = round.journal_state();
    hello.set_journal_id(journal.id.ToString());
    hello.set_journal_seq(journal.report_seq);
    hello.set_epoch_seen(journal.epoch_seen);
    for (const KnownAttemptView& attempt : round.KnownAttempts()) {
      *hello.add_attempts() = ToKnownAttempt(attempt);
    }
    if (scheduler_name_.empty()) {
      const Result<std::string> name = parts_.scheduler.Describe();
      scheduler_name_ = name.ok() ? *name : std::string();
    }
    hello.set_scheduler(scheduler_name_);
    return OkStatus();
  }));
  return message;
}

// Until the stream ends, the session fails, or we are to end it; OK in the last case.
Status SyncClient::Converse(Session& session) {
  for (;;) {
    if (stopped() || (session.welcomed && RenewalIsDue())) {
      return OkStatus();
    }
    RETURN_IF_ERROR(TakeFailure());
    RETURN_IF_ERROR(HandleMessages(session));
    if (session.stream.broken()) {
      return Unavailable("the stream is broken");
    }
    RETURN_IF_ERROR(CheckTimes(session));
    SendWhatIsDue(session);
    FollowOutput();
    wakeup_.WaitUntil(NextTime(session));
  }
}

Status SyncClient::HandleMessages(Session& session) {
  while (std::optional<v1::SynchronizeResponse> message = session.stream.Take()) {
    session.heard = steady_clock::now();
    RETURN_IF_ERROR(Handle(session, *std::move(message)));
  }
  return OkStatus();
}

Status SyncClient::Handle(Session& session, v1::SynchronizeResponse message) {
  if (message.has_welcome() == session.welcomed) {
    return Internal("the broker's welcome did not come exactly once, and first");
  }
  switch (message.message_case()) {
    case v1::SynchronizeResponse::kWelcome:
      return StartSession(session, message.welcome());
    case v1::SynchronizeResponse::kHeartbeat:
      return OkStatus();
    case v1::SynchronizeResponse::kAcknowledge:
      return parts_.loop.Post(
          [seq = message.acknowledge().seq()](AgentRound& round) { return round.Acknowledge(seq); });
    case v1::SynchronizeResponse::kDesiredChange:
      return ApplyChange(message.desired_change());
    case v1::SynchronizeResponse::kPong:
      network_.TakePong(message.pong(), session.heard);
      return OkStatus();
    case v1::SynchronizeResponse::kProbeTargets:
      network_.TakeTargets(message.probe_targets());
      return OkStatus();
    case v1::SynchronizeResponse::MESSAGE_NOT_SET:
      return OkStatus();  // Of a newer broker, and no more than a sign of life to us.
  }
  return OkStatus();
}

Status SyncClient::StartSession(Session& session, const v1::Welcome& welcome) {
  if (welcome.protocol() != kProtocol) {
    return FailedPrecondition("the broker wants to speak protocol {}, this agent speaks {}", welcome.protocol(),
                              kProtocol);
  }
  ASSIGN_OR_RETURN(SessionStart start, ToSessionStart(welcome));
  session.welcomed = true;
  if (parts_.settings.on_session) {
    parts_.settings.on_session(true);
  }
  session.heartbeat = HeartbeatInterval(welcome);
  session.next_heartbeat = steady_clock::now();
  network_.StartSession(MeasuresNetwork(welcome), session.next_heartbeat);
  const SessionTerms terms{
      .epoch = start.epoch, .acked_seq = start.acked_seq, .report_credit = std::max(welcome.report_credit(), 1)};
  return parts_.loop.Post(
      [this, start = std::move(start), terms, wished = ToWishedOutput(welcome.desired())](AgentRound& round) {
        const Status started = round.StartSession(start);
        if (started.ok()) {
          outbox_.Open(terms);
          log_follower_.Want(wished);
        } else {
          FailSession(started);
        }
        return started;
      });
}

// A change that cannot be applied (a full disk) is not lost: the session begins again, with everything in full.
Status SyncClient::ApplyChange(const v1::DesiredChange& change) {
  std::vector<DesiredView> views;
  for (const v1::DesiredAttempt& desired : change.attempts()) {
    ASSIGN_OR_RETURN(DesiredView view, ToDesiredView(desired));
    views.push_back(std::move(view));
  }
  return parts_.loop.Post(
      [this, views = std::move(views), wished = ToWishedOutput(change.attempts())](AgentRound& round) {
        log_follower_.Want(wished);
        for (const DesiredView& view : views) {
          const Status applied = round.Apply(view);
          if (!applied.ok()) {
            FailSession(applied);
            return applied;
          }
        }
        return OkStatus();
      });
}

// A step of the loop looks after it; the link only says when.
void SyncClient::FollowOutput() {
  if (log_follower_.TakeDue(steady_clock::now())) {
    parts_.loop.Post([](AgentRound&) { return OkStatus(); }).IgnoreError();
  }
}

void SyncClient::SendWhatIsDue(Session& session) {
  if (!session.welcomed || !session.stream.CanWrite()) {
    return;
  }
  const MonotonicTime now = steady_clock::now();
  if (now >= session.next_heartbeat) {
    session.next_heartbeat = now + session.heartbeat;
    v1::SynchronizeRequest message;
    message.mutable_heartbeat();
    session.stream.Write(std::move(message));
  } else if (std::optional<v1::SynchronizeRequest> measured = network_.Next(now)) {
    session.stream.Write(*std::move(measured));
  } else if (std::optional<v1::SynchronizeRequest> message = outbox_.Next()) {
    if (message->has_reports()) {
      TURNPIKE_FAILPOINT("agent.pre_report");
    }
    session.stream.Write(*std::move(message));
  }
}

Status SyncClient::CheckTimes(const Session& session) const {
  const MonotonicTime now = steady_clock::now();
  if (!session.welcomed && now >= session.welcome_until) {
    return DeadlineExceeded("the broker did not answer the agent's hello within {} ms",
                            parts_.settings.welcome_timeout.count());
  }
  if (session.welcomed && now >= session.heard + session.heartbeat * kSilentIntervalsMax) {
    return DeadlineExceeded("nothing has come from the broker for {} heartbeats of {} ms: the stream is dead",
                            kSilentIntervalsMax, session.heartbeat.count());
  }
  return OkStatus();
}

MonotonicTime SyncClient::NextTime(const Session& session) const {
  if (!session.welcomed) {
    return session.welcome_until;
  }
  MonotonicTime next = session.heard + session.heartbeat * kSilentIntervalsMax;
  next = std::min(next, log_follower_.DueTime().value_or(next));
  if (session.stream.CanWrite()) {
    next = std::min(next, session.next_heartbeat);
    next = std::min(next, outbox_.WaitEnd().value_or(next));
    next = std::min(next, network_.DueTime().value_or(next));
  }
  return next;
}

Status SyncClient::EndSession() {
  const Status ended = parts_.loop.Call([this](AgentRound& round) {
    round.EndSession();
    outbox_.Close();
    log_follower_.Forget();
    return OkStatus();
  });
  network_.EndSession();
  TakeFailure().IgnoreError();
  return ended;
}

}  // namespace turnpike
