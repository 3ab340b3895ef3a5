#include "broker/live/site_sessions.h"

namespace turnpike {

void SiteSessions::Add(SiteId site_id, SiteSession& session) {
  MutexLock lock(mutex_);
  SiteSession*& newest = sessions_[site_id];
  if (newest != nullptr && newest != &session) {
    newest->Replace();
  }
  newest = &session;
}

void SiteSessions::Remove(SiteId site_id, SiteSession& session) {
  MutexLock lock(mutex_);
  const auto found = sessions_.find(site_id);
  if (found != sessions_.end() && found->second == &session) {
    sessions_.erase(found);
  }
}

void SiteSessions::OnEvents(const std::vector<LoggedEvent>& events) {
  std::map<SiteId, std::vector<AttemptId>> changed;
  for (const LoggedEvent& event : events) {
    // Only the broker's own acts change what should be running: the site knows what it reported itself.
    const bool ours = event.kind == "PLACED" || event.kind == "CANCEL_REQUESTED" || event.kind == "CANCELLED";
    if (ours && event.job.site_id && event.job.attempt_id) {
      changed[*event.job.site_id].push_back(*event.job.attempt_id);
    }
  }
  Wake(changed);
}

void SiteSessions::Wake(const std::map<SiteId, std::vector<AttemptId>>& changed) {
  MutexLock lock(mutex_);
  for (const auto& [site_id, attempts] : changed) {
    const auto session = sessions_.find(site_id);
    if (session != sessions_.end()) {
      session->second->Wake(attempts);
    }
  }
}

std::vector<SiteId> SiteSessions::Sites() {
  MutexLock lock(mutex_);
  std::vector<SiteId> sites;
  for (const auto& [site_id, session] : sessions_) {
    sites.push_back(site_id);
  }
  return sites;
}

void SiteSessions::ShutOut(const std::vector<SiteId>& sites) {
  MutexLock lock(mutex_);
  for (const SiteId site_id : sites) {
    if (const auto session = sessions_.find(site_id); session != sessions_.end()) {
      session->second->ShutOut();
    }
  }
}

}  // namespace turnpike
