#pragma once
// What the agent has to say in the session that is open: reports as far as the broker's credit goes, and the site's
// capacity.  The agent's loop fills it after each of its steps, the link's thread empties it.  An ending waits, for a
// bounded moment, until the job's output has been sent, so that who sees the end finds the output.

#include <turnpike/v1/site_link_service.pb.h>

#include <chrono>
#include <deque>
#include <optional>
#include <vector>

#include "adapters/core/scheduler.h"
#include "adapters/host/agent_round.h"
#include "adapters/link/log_follower.h"
#include "adapters/link/log_sender.h"
#include "adapters/link/report_to_proto.h"
#include "adapters/link/wakeup.h"
#include "base/mutex.h"
#include "base/time.h"

namespace turnpike {

struct SessionTerms {
  int64_t epoch = 0;
  int64_t acked_seq = 0;      // of the welcome
  int64_t report_credit = 0;  // reports that may be unacknowledged
};

class SessionOutbox {
 public:
  struct Settings {
    SiteTraits traits;
    std::chrono::milliseconds capacity_interval{10'000};
    std::chrono::milliseconds log_wait_max{10'000};  // how long an ending waits for its output
    size_t tail_bytes = 64 << 10;
  };
  struct Parts {
    Scheduler& scheduler;
    LogSender& log_sender;
    LogFollower& log_follower;
    const Clock& clock;
    Wakeup& wakeup;
    Settings settings;
  };
  explicit SessionOutbox(Parts parts) : parts_(std::move(parts)) {}

  // --- On the loop's thread.
  void Open(const SessionTerms& terms) EXCLUDES(mutex_);
  void Close() EXCLUDES(mutex_);
  // Takes what has come up.
  void Collect(AgentRound& round) EXCLUDES(mutex_);

  // --- On the link's thread.
  // The next message to send, if any may go now.
  std::optional<v1::SynchronizeRequest> Next() EXCLUDES(mutex_);
  // When a message that waits for output goes without it; nullopt: none does.
  std::optional<MonotonicTime> WaitEnd() const EXCLUDES(mutex_);

 private:
  // Output that goes first.
  struct Awaited {
    int64_t ticket = 0;                            // 0: no tail
    std::vector<LogFollower::StreamKey> followed;  // to their ends
    bool operator==(const Awaited&) const = default;
  };
  struct ReportBatch {
    v1::SynchronizeRequest message;
    Awaited awaited;
    MonotonicTime wait_end{};
  };

  void CollectReports(AgentRound& round) EXCLUDES(mutex_);
  ReportBatch MakeBatch(const std::vector<JobReport>& reports, size_t begin, size_t end) const;
  // The output that has to go before the reports from `begin` on.
  void SendOutputs(const AgentRound& round, const std::vector<JobReport>& reports, size_t begin, ReportBatch& batch);
  std::optional<LogPiece> ReadTail(const AgentRound& round, const LogFollower::StreamKey& stream) const;
  void CollectCapacity(const AgentRound& round) EXCLUDES(mutex_);
  Awaited FrontAwaited() const EXCLUDES(mutex_);
  bool IsSent(const Awaited& awaited) const;

  const Parts parts_;

  // Of the loop's thread alone.
  std::optional<SessionTerms> terms_;
  int64_t collected_seq_ = 0;
  std::optional<MonotonicTime> capacity_read_;

  mutable Mutex mutex_;
  std::deque<ReportBatch> batches_ GUARDED_BY(mutex_);
  std::optional<v1::SynchronizeRequest> capacity_ GUARDED_BY(mutex_);  // only the newest counts
  int64_t capacities_sent_ GUARDED_BY(mutex_) = 0;
};

}  // namespace turnpike
