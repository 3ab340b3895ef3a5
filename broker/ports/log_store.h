#pragma once
// What jobs wrote, as their users read it, and who reads along while they write.  Thread-safe; every call is a
// transaction of its own.

#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"

namespace turnpike {

// A place in one stream of a job.
struct LogPlace {
  ProjectId project_id;
  JobId job_id;
  int64_t attempt = 0;  // 1 for the first; 0: the latest
  bool error_stream = false;
  int64_t offset = 0;  // negative: from the end of what is kept
};

struct LogChunk {
  int64_t offset = 0;
  std::string bytes;
  Timestamp at{};
};

struct LogPage {
  std::optional<AttemptId> attempt_id;  // nullopt: the job has no such attempt, or not yet
  int64_t attempt = 0;
  int64_t attempts = 0;          // how many the job has had
  std::vector<LogChunk> chunks;  // in order, each byte once; a gap is a jump of the offset
  int64_t next_offset = 0;
  bool complete = false;   // no more will come of this attempt than can be read now
  bool full = false;       // what is followed of it has reached its limit
  bool renew_due = false;  // who wants to read on must say so now
};

class LogStore {
 public:
  virtual ~LogStore() = default;

  // At most half a MiB.  `follows`: only what has no gap before it, until the attempt is complete.
  virtual Result<LogPage> Read(const LogPlace& place, bool follows) = 0;
  // For the next minute the site is to send what a live attempt writes.
  virtual Status Renew(ProjectId project_id, const AttemptId& attempt_id, bool error_stream) = 0;
};

// One stream of a live attempt that is or was followed.
struct FollowedStream {
  SiteId site_id;
  AttemptId attempt_id;
  bool error_stream = false;
  Timestamp until{};
  bool wanted = false;  // not lapsed, and within its limits
};

struct LogEnd {
  AttemptId attempt_id;
  bool error_stream = false;
  int64_t stored_end = 0;
  bool closed = false;
};

struct LogNews {
  std::vector<FollowedStream> streams;
  std::vector<LogEnd> ends;
};

// The same over all projects, for the replica that holds sites' streams and readers' calls.
class LogWatch {
 public:
  virtual ~LogWatch() = default;
  // The followed streams of these sites, and how far those of these attempts are kept.
  virtual Result<LogNews> Look(const std::vector<SiteId>& sites, const std::vector<AttemptId>& attempts) = 0;
};

}  // namespace turnpike
