#pragma once
// Hands the event tail to everybody who watches.  One shared batch of events for all; a watcher that falls too far
// behind is cut off and comes back with its resume token.  Thread-safe.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "broker/live/event_tail.h"

namespace turnpike {

struct EventBatch {
  std::vector<LoggedEvent> events;
  // Each event as it goes to those who watch it, made by the first of them; empty: by none yet.  The tail's thread's.
  mutable std::vector<std::string> messages;
};

class WatchHub final : public EventListener {
 public:
  using Batch = std::shared_ptr<const EventBatch>;
  using Receive = std::function<void(const Batch&)>;  // called on the tail's thread; only queues
  using Ticket = int64_t;

  Ticket Subscribe(Receive receive) EXCLUDES(mutex_);
  // After it returns, `receive` is not called any more.
  void Unsubscribe(Ticket ticket) EXCLUDES(mutex_);
  void OnEvents(const std::vector<LoggedEvent>& events) override EXCLUDES(mutex_);

  size_t size() EXCLUDES(mutex_);
  // Watchers that were cut off because they read too slowly.
  Counter& cut() { return cut_; }

 private:
  Counter cut_;
  Mutex mutex_;
  std::map<Ticket, Receive> receivers_ GUARDED_BY(mutex_);
  Ticket next_ GUARDED_BY(mutex_) = 1;
};

}  // namespace turnpike
