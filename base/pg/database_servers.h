#pragma once
// What a program has seen of the servers behind its database, shared by all its pools: which of them may be used, and
// whether commits wait for a standby that is away.  A promotion raises the timeline; a server of a lower one has been
// left behind, even where it still takes writes.  Known as long as the program runs.  Thread-safe.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"

namespace turnpike {

class Connection;

// What a server is, asked when a session begins.
struct ServerStanding {
  bool in_recovery = false;  // a standby
  int64_t timeline = 0;      // 0 of a standby
  std::string system_id;     // the same for a primary and its standbys
};

class DatabaseServers {
 public:
  DatabaseServers();
  ~DatabaseServers();
  DatabaseServers(const DatabaseServers&) = delete;
  DatabaseServers& operator=(const DatabaseServers&) = delete;

  // UNAVAILABLE for a standby, for a server that was left behind, and for one of another database.
  Status Admit(const ServerStanding& standing) EXCLUDES(mutex_);
  // No server of a higher timeline has been seen.
  bool IsCurrent(const ServerStanding& standing) const EXCLUDES(mutex_);
  // The highest seen; 0: none yet.
  int64_t timeline() const EXCLUDES(mutex_);

  // Which of the servers that are named was the last to be admitted: it is asked first.
  size_t host_first() const EXCLUDES(mutex_);
  void NoteHost(size_t host) EXCLUDES(mutex_);

  // --- Commits that the server has not answered.  Each holds a session and its locks at the server until the standby
  // is back; a writer after the other would fill the server with such sessions.

  // A session whose COMMIT was not answered in time.  Kept until it is, or until there is another server.
  void NoteStalled(std::unique_ptr<Connection> waiting) EXCLUDES(mutex_);
  // UNAVAILABLE while such a session waits.
  Status MayWrite() EXCLUDES(mutex_);
  // True for one caller every two seconds, while commits are stalled: it meets all servers, in case another one was
  // promoted.
  bool TakeLook() EXCLUDES(mutex_);

 private:
  void DropResolved() REQUIRES(mutex_);

  mutable Mutex mutex_;
  int64_t timeline_ GUARDED_BY(mutex_) = 0;
  std::string system_id_ GUARDED_BY(mutex_);
  size_t host_first_ GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<Connection>> stalled_ GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point looked_ GUARDED_BY(mutex_){};
};

}  // namespace turnpike
