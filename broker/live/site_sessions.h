#pragma once
// The streams of sites that this replica holds, what wakes them and what ends them: a changed attempt, a newer session,
// a site that is shut out.  Thread-safe.

#include <functional>
#include <map>
#include <vector>

#include "base/mutex.h"
#include "broker/live/event_tail.h"

namespace turnpike {

// One stream, as the rest of the broker sees it.  Called on any thread; only queues.
class SiteSession {
 public:
  virtual ~SiteSession() = default;
  // What should be running has changed for these.
  virtual void Wake(const std::vector<AttemptId>& attempts) = 0;
  // A newer session of the site took over.
  virtual void Replace() = 0;
  // Its site is shut out.
  virtual void ShutOut() = 0;
};

class SiteSessions final : public EventListener {
 public:
  // The newest session of a site gets its news; an older one is told that it is over.
  void Add(SiteId site_id, SiteSession& session) EXCLUDES(mutex_);
  // After it returns, `session` is not called any more.
  void Remove(SiteId site_id, SiteSession& session) EXCLUDES(mutex_);
  void OnEvents(const std::vector<LoggedEvent>& events) override EXCLUDES(mutex_);
  // Wakes the sites' streams, where this replica holds them.
  void Wake(const std::map<SiteId, std::vector<AttemptId>>& changed) EXCLUDES(mutex_);
  std::vector<SiteId> Sites() EXCLUDES(mutex_);
  // Ends the streams of these sites, whatever their agents do.
  void ShutOut(const std::vector<SiteId>& sites) EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::map<SiteId, SiteSession*> sessions_ GUARDED_BY(mutex_);
};

}  // namespace turnpike
