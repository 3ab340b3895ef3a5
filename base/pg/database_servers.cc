#include "base/pg/database_servers.h"

#include <algorithm>

#include "base/log.h"
#include "base/pg/connection.h"
#include "base/pg/sql_status.h"

namespace turnpike {
namespace {

constexpr std::chrono::seconds kLookInterval{2};

}  // namespace

DatabaseServers::DatabaseServers() = default;
DatabaseServers::~DatabaseServers() = default;

Status DatabaseServers::Admit(const ServerStanding& standing) {
  if (standing.in_recovery) {
    return DatabaseAway("this server is a standby, and decisions are made on a primary only");
  }
  const MutexLock lock(mutex_);
  if (!system_id_.empty() && standing.system_id != system_id_) {
    return DatabaseAway(
        fmt::format("this server holds another database cluster (system identifier {}) than the one that was used so "
                    "far ({}); take it out of --database",
                    standing.system_id, system_id_));
  }
  if (standing.timeline < timeline_) {
    return DatabaseAway(fmt::format(
        "this server is of timeline {}, and one of timeline {} was promoted since; shut it down, and make it "
        "a standby of the other",
        standing.timeline, timeline_));
  }
  if (timeline_ != 0 && standing.timeline > timeline_) {
    LogWarn("the database has failed over to another server",
            {{"timeline", std::to_string(standing.timeline)}, {"before", std::to_string(timeline_)}});
  }
  timeline_ = standing.timeline;
  system_id_ = standing.system_id;
  return OkStatus();
}

bool DatabaseServers::IsCurrent(const ServerStanding& standing) const {
  const MutexLock lock(mutex_);
  return standing.timeline >= timeline_;
}

int64_t DatabaseServers::timeline() const {
  const MutexLock lock(mutex_);
  return timeline_;
}

size_t DatabaseServers::host_first() const {
  const MutexLock lock(mutex_);
  return host_first_;
}

void DatabaseServers::NoteHost(size_t host) {
  const MutexLock lock(mutex_);
  host_first_ = host;
}

void DatabaseServers::NoteStalled(std::unique_ptr<Connection> waiting) {
  const MutexLock lock(mutex_);
  if (stalled_.empty()) {
    LogWarn("the database does not confirm commits: is its standby away?  New writes are refused until it does");
    looked_ = std::chrono::steady_clock::now();
  }
  stalled_.push_back(std::move(waiting));
}

Status DatabaseServers::MayWrite() {
  const MutexLock lock(mutex_);
  DropResolved();
  return stalled_.empty() ? OkStatus()
                          : DatabaseAway("commits wait for a standby that does not answer; nothing was done");
}

bool DatabaseServers::TakeLook() {
  const MutexLock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (stalled_.empty() || now - looked_ < kLookInterval) {
    return false;
  }
  looked_ = now;
  return true;
}

void DatabaseServers::DropResolved() {
  const bool any = !stalled_.empty();
  std::erase_if(stalled_, [timeline = timeline_](const std::unique_ptr<Connection>& waiting) {
    return waiting->standing().timeline < timeline || !waiting->AnswerIsDue();
  });
  if (any && stalled_.empty()) {
    LogInfo("the database confirms commits again");
  }
}

}  // namespace turnpike
