#pragma once
// Follows the event log and tells everybody in this process who listens.  Part of the placement loop's thread:
// listeners are called there, in order, and only take the news; whoever is slow keeps a queue of its own.

#include <functional>
#include <vector>

#include "broker/ports/event_log.h"

namespace turnpike {

class EventListener {
 public:
  virtual ~EventListener() = default;
  // Committed events in their order; none at all is a sign of life, every 15 s.
  virtual void OnEvents(const std::vector<LoggedEvent>& events) = 0;
};

}  // namespace turnpike
