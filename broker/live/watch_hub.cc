#include "broker/live/watch_hub.h"

namespace turnpike {

WatchHub::Ticket WatchHub::Subscribe(Receive receive) {
  MutexLock lock(mutex_);
  const Ticket ticket = next_++;
  receivers_.emplace(ticket, std::move(receive));
  return ticket;
}

void WatchHub::Unsubscribe(Ticket ticket) {
  MutexLock lock(mutex_);
  receivers_.erase(ticket);
}

size_t WatchHub::size() {
  MutexLock lock(mutex_);
  return receivers_.size();
}

void WatchHub::OnEvents(const std::vector<LoggedEvent>& events) {
  const auto batch = std::make_shared<const EventBatch>(events, std::vector<std::string>(events.size()));
  MutexLock lock(mutex_);
  for (const auto& [ticket, receive] : receivers_) {
    receive(batch);
  }
}

}  // namespace turnpike
