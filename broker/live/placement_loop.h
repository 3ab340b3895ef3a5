#pragma once
// What keeps running between submissions and sites, on one thread: follow the event log, tell the listeners, look after
// output that is followed; and in the one replica that has the placement lease, run rounds of placement and sweep what
// is overdue.  It looks at once when something was committed here, and by itself every `look_interval`.

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "base/stop_signal.h"
#include "broker/live/event_tail.h"
#include "broker/live/index_follower.h"
#include "broker/live/log_hub.h"
#include "broker/live/site_sessions.h"
#include "broker/ports/placement_lease.h"

namespace turnpike {

class PlacementLoop {
 public:
  struct Parts {
    EventLog& log;
    PlacementStore& store;
    PlacementLease& lease;
    IndexFollower& index;
    const Clock& clock;
    std::vector<EventListener*> listeners;
    LogHub& logs;
    SiteSessions& sessions;  // told which sites are shut out
    Metrics& metrics;
  };
  struct Pace {
    std::chrono::milliseconds look_interval{500};
    std::chrono::milliseconds site_refresh{2'000};
    std::chrono::milliseconds lease_renewal{1'000};
    std::chrono::milliseconds sweep_interval{2'000};
    std::chrono::seconds sign_of_life{15};
    std::chrono::hours maintenance_interval{12};
    std::chrono::seconds offer_lifetime{60};
  };
  PlacementLoop(const Parts& parts, Pace pace);
  ~PlacementLoop() { Stop(); }
  PlacementLoop(const PlacementLoop&) = delete;
  PlacementLoop& operator=(const PlacementLoop&) = delete;

  // Reads the present state, then follows.
  Status Start();
  void Stop();
  // Sites or prices have changed: read them before the next round.  Any thread.
  void NoteSiteChange();
  // How far behind the end of the event log this process is: how long ago it last read to the end of what can be read,
  // or the age of what an open transaction keeps from it.  Any thread.
  double LagSeconds() const;

 private:
  struct Instruments {
    Histogram& round_seconds;
    Counter& planned;
    Counter& placed;
    Counter& hopeless;
    Counter& offers_expired;
    Counter& charges_provisional;
    Gauge& lease_held;
    Gauge& lease_epoch;
  };
  void Run();
  // The same again only after a while: turns that write nothing go well in between.
  void SayWhatFailed(const Status& status);
  // One turn; an error leaves everything to the next.
  Status Turn();
  // After a failover: what was read may be ahead of what is.
  Status MeetServer();
  // Reads events until there are no more; true when there were any.
  Result<bool> Follow();
  // What is written and cannot be read.
  Status NoteUnread();
  // True once, when this replica has become the one that places.
  Result<bool> RenewLease();
  // One round.  Where it leaves work, the next turn goes on: between two rounds events are followed and the lease is
  // renewed.
  Status PlaceWaiting();
  Status CommitPlan(const RoundPlan& round);
  Status Record(const RoundRecord& record);
  RoundPlan PlanRound();
  void CountEvents(const std::vector<LoggedEvent>& events);
  void Tell(const std::vector<LoggedEvent>& events);
  Status Sweep();
  Status Maintain();
  bool Due(MonotonicTime& last, std::chrono::steady_clock::duration interval) const;

  const Parts parts_;
  const Pace pace_;
  const Instruments instruments_;
  StopSignal stop_;
  std::atomic<bool> sites_changed_{true};
  std::atomic<MonotonicTime> followed_{};                          // when the log was last read to its end
  std::atomic<MonotonicTime> unread_since_{MonotonicTime::max()};  // since when something waits to be readable
  EventPosition position_;
  int64_t timeline_ = 0;  // of the server that position_ is of
  LeaseStanding lease_;
  bool rounds_go_on_ = false;
  int64_t old_rows_piece_ = 0;  // the next one; 0: all have been looked at
  bool index_stale_ = false;    // a plan's outcome is not known: the index is to be read again
  MonotonicTime looked_for_unread_{};
  MonotonicTime refreshed_{};
  MonotonicTime renewed_{};
  MonotonicTime swept_{};
  MonotonicTime maintained_{};
  MonotonicTime signalled_{};
  MonotonicTime said_{};
  std::string last_failure_;
  std::thread thread_;
};

}  // namespace turnpike
