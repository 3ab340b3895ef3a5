#pragma once
// The committed changes of all jobs, in one order that every replica sees.  Thread-safe.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/job_view.h"

namespace turnpike {

// Where in the order an event stands.
struct EventPosition {
  int64_t xid = 0;
  int64_t seq = 0;
  friend auto operator<=>(const EventPosition&, const EventPosition&) = default;
};

struct LoggedEvent {
  EventPosition position;
  Timestamp at{};
  std::string kind;
  JobView job;
};

class EventLog {
 public:
  virtual ~EventLog() = default;
  // Nothing at or before this position can appear later.  What is committed by now may stand behind it: as long as an
  // older transaction is open, all younger ones do.
  virtual Result<EventPosition> Head() = 0;
  // Events after `after`, in order, at most `limit`; only such as nothing can still slip in before.
  virtual Result<std::vector<LoggedEvent>> ReadAfter(EventPosition after, size_t limit) = 0;
  // How long ago the first event after `after` was written, also where it cannot be read yet because an older
  // transaction is open; nullopt: there is none.
  virtual Result<std::optional<Duration>> AgeOfNext(EventPosition after) = 0;
  // Waits for a hint that something was committed, or until the time has passed.
  virtual void WaitForHint(std::chrono::milliseconds time) = 0;
  // Ends a wait at once; called from other threads after a commit of our own.
  virtual void Poke() = 0;
  // Part of resume tokens: rises when the database was restored to the past.
  virtual Result<int64_t> RestoreEpoch() = 0;
  // Rises when another server was promoted: it may lack what nobody was promised, and count on from there.
  virtual int64_t Timeline() const = 0;
};

}  // namespace turnpike
