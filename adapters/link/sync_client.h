#pragma once
// Keeps the agent's one stream to the broker: dials, says hello, hands the broker's wishes to the agent's loop and the
// loop's reports to the broker, and begins again, for ever, when the stream ends.  Renews the agent's certificate.
//
// Run blocks its caller; Stop and AfterStep may be called from other threads (AfterStep from the loop's, after each of
// its steps).  Outlives the loop that it posts to.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/core/scheduler.h"
#include "adapters/host/agent_loop.h"
#include "adapters/link/identity_store.h"
#include "adapters/link/log_follower.h"
#include "adapters/link/log_sender.h"
#include "adapters/link/network_meter.h"
#include "adapters/link/reconnect_delay.h"
#include "adapters/link/session_outbox.h"
#include "adapters/link/sync_stream.h"
#include "adapters/link/wakeup.h"
#include "base/mutex.h"
#include "base/random.h"
#include "base/status.h"
#include "base/time.h"

namespace turnpike {

struct SyncSettings {
  // "host:port", asked for before each try: a broker may move under a running agent.  Dialled in turn.
  std::function<std::vector<std::string>()> read_addresses;
  std::string ca_pem;  // a CA of the site's own choice; empty: the one kept at enrollment
  std::string agent_version;
  // On the link's thread: the broker has welcomed the agent; its session is over.  May be empty.
  std::function<void(bool)> on_session = {};
  ReconnectDelay::Range delay;
  std::chrono::milliseconds welcome_timeout{30'000};
  std::chrono::milliseconds renewal_timeout{10'000};
  SessionOutbox::Settings outbox;
  LogSender::Settings logs;  // its on_progress and on_sent are set here
  NetworkMeter::Settings network;
  LogFollower::Settings follower;
};

class SyncClient {
 public:
  struct Parts {
    AgentLoop& loop;
    AgentRound& round;  // touched on the loop's thread only
    Scheduler& scheduler;
    const IdentityStore& identity;
    const Clock& clock;
    RandomSource& random;
    SyncSettings settings;
  };
  explicit SyncClient(Parts parts);

  // OK after Stop.  ABORTED: another agent with this site's name took over, nothing is spawned any more.  UNAVAILABLE:
  // the agent's loop has ended.  NOT_FOUND, FAILED_PRECONDITION: no usable identity to begin with.
  Status Run() EXCLUDES(mutex_);
  void Stop() EXCLUDES(mutex_);
  // The loop's hook: reports may have come up.
  void AfterStep();

 private:
  // What one session needs to be judged by.
  struct Session;

  Status RunSession(const std::string& address, const AgentIdentityFiles& identity, bool& welcomed);
  Result<v1::SynchronizeRequest> MakeHello();
  Status Converse(Session& session) EXCLUDES(mutex_);
  Status HandleMessages(Session& session);
  Status Handle(Session& session, v1::SynchronizeResponse message);
  Status StartSession(Session& session, const v1::Welcome& welcome);
  Status ApplyChange(const v1::DesiredChange& change);
  void FollowOutput();
  void SendWhatIsDue(Session& session);
  Status CheckTimes(const Session& session) const;
  MonotonicTime NextTime(const Session& session) const;
  // Ends the session inside the agent; what it had not acknowledged comes again in the next.
  Status EndSession();

  bool RenewIfDue(v1::SiteLinkService::Stub& stub, const CertificateFacts& certificate);
  bool RenewalIsDue() const;
  std::string NextAddress();
  bool WaitBeforeNextTry() EXCLUDES(mutex_);
  bool stopped() const EXCLUDES(mutex_);
  void FailSession(const Status& status) EXCLUDES(mutex_);
  Status TakeFailure() EXCLUDES(mutex_);

  const Parts parts_;
  Wakeup wakeup_;
  NetworkMeter network_;
  LogSender log_sender_;
  LogFollower log_follower_;
  SessionOutbox outbox_;
  ReconnectDelay delay_;
  std::string scheduler_name_;  // of the loop's thread
  size_t next_address_ = 0;
  Timestamp renew_time_{};         // when to ask for the next certificate
  Timestamp renewal_pause_end_{};  // not before

  mutable Mutex mutex_;
  bool stopped_ GUARDED_BY(mutex_) = false;
  Status failure_ GUARDED_BY(mutex_);  // of a task in the agent's loop: the session begins again
};

}  // namespace turnpike
