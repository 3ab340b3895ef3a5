#pragma once
// What the broker keeps for a site's agent: its session, what should be running, what it reported.  Thread-safe; every
// call is a transaction that sees the attempts of one site only.

#include <optional>
#include <string>
#include <vector>

#include "base/call_trace.h"
#include "base/status.h"
#include "broker/core/network.h"
#include "broker/core/site_report.h"
#include "broker/ports/event_log.h"

namespace turnpike {

struct SessionRequest {
  SiteId site_id;
  std::string replica;
  JournalId journal_id;
  int64_t journal_seq = 0;  // the newest report in the agent's journal
  int64_t epoch_seen = 0;   // the newest session epoch there
  std::string scheduler;
};

struct OpenedSession {
  int64_t epoch = 0;
  int64_t acked_seq = 0;
  bool recovery = false;  // the journal was lost or rolled back
};

enum class DesiredPhase { kOffered, kGo, kCancel, kGone };

// What to run, and where; with kOffered.
struct AttemptOrder {
  JobId job_id;
  int32_t task_index = 0;
  int64_t job_number = 0;
  ProjectId project_id;
  std::string project_name;
  std::string subject;
  std::string share;
  std::string spec;  // the contract's JobSpec without its script
  std::string script;
  int64_t time_limit_seconds = 0;
  CallTrace trace;  // of the call that submitted the job
};

// A stream that somebody reads while it is written.
struct LogWish {
  bool error_stream = false;
  int64_t offset = 0;  // what is before it is kept
};

struct DesiredAttempt {
  AttemptId attempt_id;
  int64_t fence = 0;
  DesiredPhase phase = DesiredPhase::kOffered;
  std::optional<AttemptOrder> order;
  std::vector<LogWish> log_wishes = {};
};

// Reports of one session, in the journal's order.
struct ReportBatch {
  SiteId site_id;
  int64_t epoch = 0;
  JournalId journal_id;
  std::vector<SiteReport> reports;
};

struct AppliedReports {
  int64_t acked_seq = 0;
  std::vector<DesiredAttempt> answers;  // GO or GONE for each claim, GONE for what is over
  bool changed_jobs = false;            // the event tail has something to read
};

struct LogPiece {
  AttemptId attempt_id;
  bool error_stream = false;
  int64_t offset = 0;
  std::string bytes;  // none: the stream ends here
};

// What became of pieces that were stored.
struct StoredLog {
  std::vector<AttemptId> followed;  // there is more to read of what is followed of these
  bool stream_is_full = false;      // a stream has reached kFollowedBytesMax
  bool site_is_full = false;        // the site has reached kSiteBytesPerHourMax (broker/core/log_limits.h)
};

// What an agent measured of the network since it last said so.
struct NetworkMeasured {
  struct Pair {
    std::string site;                     // by name
    std::optional<RoundTrip> round_trip;  // nullopt: nothing answered there
    Duration age{0};
  };
  SiteId site_id;
  int64_t epoch = 0;
  int64_t number = 0;
  std::optional<RoundTrip> broker = {};
  std::optional<int64_t> upload_bytes_per_second = {};
  std::vector<Pair> pairs = {};
  std::string probe_address = {};
};

// Another site, and where it answers.
struct ProbeTarget {
  std::string site;
  std::string address;
  friend bool operator==(const ProbeTarget&, const ProbeTarget&) = default;
};

class LinkStore {
 public:
  virtual ~LinkStore() = default;

  // A new epoch for the site; every older session is refused from now on.
  virtual Result<OpenedSession> OpenSession(const SessionRequest& request) = 0;
  // Marks the session as gone if it is still the newest.
  virtual Status CloseSession(SiteId site_id, int64_t epoch) = 0;
  // All open attempts of the site, without the orders of those that are offered.
  virtual Result<std::vector<DesiredAttempt>> DesiredWithoutOrders(SiteId site_id) = 0;
  // The named ones, offers with their orders.  What is not open comes back as kGone.
  virtual Result<std::vector<DesiredAttempt>> Desired(SiteId site_id, const std::vector<AttemptId>& attempts) = 0;
  // Applies each report once.  ABORTED (SESSION_REPLACED) when a newer session exists; FAILED_PRECONDITION when there
  // is a gap before the first.
  virtual Result<AppliedReports> Apply(const ReportBatch& batch) = 0;
  virtual Status StoreCapacity(SiteId site_id, int64_t epoch, int64_t number, const std::string& body) = 0;
  // Keeps it unless a newer session or report was stored, and returns the sites that this one should measure.
  virtual Result<std::vector<ProbeTarget>> StoreNetwork(const NetworkMeasured& measured) = 0;
  // Of a stream that is followed every byte once; of others each piece as it comes.  Safe to repeat.
  virtual Result<StoredLog> StoreLog(SiteId site_id, const std::vector<LogPiece>& pieces) = 0;
};

}  // namespace turnpike
