#pragma once
// Brings together who reads output while it is written and the sites that write it: wakes a site's stream when somebody
// begins or stops to read, and readers when more is kept.  What happens in this process is told at once; what other
// replicas do is seen at the next look.  Thread-safe.

#include <functional>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"
#include "broker/live/site_sessions.h"
#include "broker/ports/log_store.h"

namespace turnpike {

class LogHub {
 public:
  using Ticket = int64_t;
  using Receive = std::function<void()>;  // called on any thread; only takes note

  // `look_soon` makes the thread of Look call it at once.
  LogHub(LogWatch& watch, SiteSessions& sessions, std::function<void()> look_soon)
      : watch_(watch), sessions_(sessions), look_soon_(std::move(look_soon)) {}

  // --- For readers.
  // `receive` is called when there may be more to read of the attempt that Follow named, and every few seconds.
  Ticket Subscribe(Receive receive) EXCLUDES(mutex_);
  void Follow(Ticket ticket, const AttemptId& attempt_id) EXCLUDES(mutex_);
  // After it returns, `receive` is not called any more.
  void Unsubscribe(Ticket ticket) EXCLUDES(mutex_);
  // What is wished for has changed: a wish was made, or a limit reached.
  void NoteWishes() EXCLUDES(mutex_);

  // --- For who stores output.
  void NoteStored(const std::vector<AttemptId>& attempts) EXCLUDES(mutex_);

  // --- On the placement loop's thread, with each of its turns.
  Status Look(MonotonicTime now) EXCLUDES(mutex_);

 private:
  struct Reader {
    Receive receive;
    std::optional<AttemptId> attempt_id;
  };
  using StreamKey = std::tuple<AttemptId, bool>;
  using Wish = std::tuple<Timestamp, bool>;  // until when, and whether it stands

  bool IsDue(MonotonicTime now) EXCLUDES(mutex_);
  std::vector<AttemptId> AttemptsRead() EXCLUDES(mutex_);
  void WakeSites(const std::vector<FollowedStream>& streams);
  void WakeReaders(const std::vector<LogEnd>& ends) EXCLUDES(mutex_);
  void WakeAll(MonotonicTime now) EXCLUDES(mutex_);

  LogWatch& watch_;
  SiteSessions& sessions_;
  const std::function<void()> look_soon_;

  // Of Look's thread alone: as they were last seen.
  std::map<StreamKey, Wish> wishes_;
  std::map<StreamKey, std::tuple<int64_t, bool>> ends_;
  MonotonicTime looked_{};
  MonotonicTime woke_all_{};

  Mutex mutex_;
  std::map<Ticket, Reader> readers_ GUARDED_BY(mutex_);
  Ticket next_ GUARDED_BY(mutex_) = 1;
  bool wishes_changed_ GUARDED_BY(mutex_) = false;
};

}  // namespace turnpike
