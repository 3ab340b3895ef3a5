#pragma once
// How jobs and their events lie in the database: read from the view job_status, written to job_event.

#include <string_view>
#include <vector>

#include "base/pg/transaction.h"
#include "broker/core/job_view.h"

namespace turnpike {

// The columns that JobViewAt reads, in its order.  A macro, since SQL constants are joined by the compiler.
#define TURNPIKE_JOB_STATUS_COLUMNS                                                                                    \
  " project_id, job_id, task_index, number, name, class_id, priority, state, reason, version, created_at, started_at," \
  " ended_at, attempt_id, site_id, site_name, share, local_job_id, site_state, exit_code, exit_signal, cause, fault,"  \
  " attempt_count, cancel_requested, time_limit_seconds, unit, reserved_micros, charged_micros, released_micros,"      \
  " provisional, settled "
constexpr int kJobStatusColumns = 32;  // further columns of a query stand behind these

JobView JobViewAt(const Rows& rows, int row);

// A column of a statement that locks rows of job_state AS s: whether a transaction that is younger than this one
// changed the row.  Events are followed in the order of their transactions: this one's would stand before those that it
// follows. A million transactions are more than one of ours lives through, and much less than after what xmin counts
// anew.
#define TURNPIKE_CHANGED_BY_YOUNGER                                                                             \
  " (s.xmin::text::bigint - pg_current_xact_id()::text::bigint % 4294967296 + 4294967296) % 4294967296 BETWEEN" \
  " 1 AND 1000000 "
// Lets the transaction run again, with an id of its own that is younger, where a row says so in that column.
Status CheckYoungest(const Rows& locked, int column);

// Kinds of events beside the names of JobEvent.
constexpr std::string_view kEventSubmitted = "SUBMITTED";
constexpr std::string_view kEventCancelRequested = "CANCEL_REQUESTED";
constexpr std::string_view kEventUpdated = "UPDATED";  // the site's words or the reason changed, the state did not
constexpr std::string_view kEventCharged = "CHARGED";

struct NewEvent {
  std::string_view kind;
  JobView job;  // after the change
};
// In the order given; one statement, which travels with the next one or the commit.
void WriteEvents(Transaction& tx, const std::vector<NewEvent>& events);

// The live row becomes the ended one.  `starts` of each are with the attempt.
Status WriteJobEnds(Transaction& tx, const std::vector<JobView>& ended);

}  // namespace turnpike
