#include "broker/live/log_hub.h"

#include <algorithm>
#include <set>
#include <utility>

namespace turnpike {
namespace {

constexpr std::chrono::milliseconds kLookInterval{400};
// So that whoever missed something, or has to renew a wish, goes on.
constexpr std::chrono::seconds kWakeInterval{5};

}  // namespace

LogHub::Ticket LogHub::Subscribe(Receive receive) {
  MutexLock lock(mutex_);
  readers_.emplace(next_, Reader{.receive = std::move(receive), .attempt_id = {}});
  return next_++;
}

void LogHub::Follow(Ticket ticket, const AttemptId& attempt_id) {
  MutexLock lock(mutex_);
  readers_.at(ticket).attempt_id = attempt_id;
}

void LogHub::Unsubscribe(Ticket ticket) {
  MutexLock lock(mutex_);
  readers_.erase(ticket);
}

void LogHub::NoteWishes() {
  {
    MutexLock lock(mutex_);
    wishes_changed_ = true;
  }
  look_soon_();
}

void LogHub::NoteStored(const std::vector<AttemptId>& attempts) {
  MutexLock lock(mutex_);
  for (const auto& [ticket, reader] : readers_) {
    if (reader.attempt_id && std::ranges::find(attempts, *reader.attempt_id) != attempts.end()) {
      reader.receive();
    }
  }
}

Status LogHub::Look(MonotonicTime now) {
  if (!IsDue(now)) {
    return OkStatus();
  }
  const std::vector<SiteId> sites = sessions_.Sites();
  const std::vector<AttemptId> attempts = AttemptsRead();
  LogNews news;
  if (!sites.empty() || !attempts.empty()) {
    ASSIGN_OR_RETURN(news, watch_.Look(sites, attempts));
  }
  WakeSites(news.streams);
  WakeReaders(news.ends);
  WakeAll(now);
  return OkStatus();
}

bool LogHub::IsDue(MonotonicTime now) {
  MutexLock lock(mutex_);
  const bool due = wishes_changed_ || looked_ == MonotonicTime{} || now - looked_ >= kLookInterval;
  if (due) {
    wishes_changed_ = false;
    looked_ = now;
  }
  return due;
}

std::vector<AttemptId> LogHub::AttemptsRead() {
  MutexLock lock(mutex_);
  std::set<AttemptId> attempts;
  for (const auto& [ticket, reader] : readers_) {
    if (reader.attempt_id) {
      attempts.insert(*reader.attempt_id);
    }
  }
  return {attempts.begin(), attempts.end()};
}

// A wish that is renewed is told again too: the site then goes on from what is kept, whatever was lost on the way.
void LogHub::WakeSites(const std::vector<FollowedStream>& streams) {
  std::map<StreamKey, Wish> wishes;
  std::map<SiteId, std::vector<AttemptId>> changed;
  for (const FollowedStream& stream : streams) {
    const StreamKey key{stream.attempt_id, stream.error_stream};
    const Wish wish{stream.until, stream.wanted};
    const auto before = wishes_.find(key);
    const bool is_news = before == wishes_.end() ? stream.wanted : before->second != wish;
    if (is_news) {
      changed[stream.site_id].push_back(stream.attempt_id);
    }
    wishes.emplace(key, wish);
  }
  wishes_ = std::move(wishes);
  sessions_.Wake(changed);
}

void LogHub::WakeReaders(const std::vector<LogEnd>& ends) {
  std::map<StreamKey, std::tuple<int64_t, bool>> seen;
  std::vector<AttemptId> grown;
  for (const LogEnd& end : ends) {
    const StreamKey key{end.attempt_id, end.error_stream};
    const std::tuple<int64_t, bool> now{end.stored_end, end.closed};
    const auto before = ends_.find(key);
    if (before == ends_.end() || before->second != now) {
      grown.push_back(end.attempt_id);
    }
    seen.emplace(key, now);
  }
  ends_ = std::move(seen);
  NoteStored(grown);
}

void LogHub::WakeAll(MonotonicTime now) {
  if (now - woke_all_ < kWakeInterval) {
    return;
  }
  woke_all_ = now;
  MutexLock lock(mutex_);
  for (const auto& [ticket, reader] : readers_) {
    reader.receive();
  }
}

}  // namespace turnpike
