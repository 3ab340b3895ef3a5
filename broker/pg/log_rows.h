#pragma once
// How jobs' output lies in the database.

#include <string_view>

#include "base/pg/transaction.h"

namespace turnpike {

// Whether the site is asked for log_wish AS w.  A macro, since SQL constants are joined by the compiler.
#define TURNPIKE_LOG_IS_WANTED(stream_bytes_max, site_bytes_max)                 \
  "(w.until > now() AND w.stored_end < " stream_bytes_max                        \
  " AND NOT EXISTS (SELECT FROM log_volume AS v WHERE v.site_id = w.site_id AND" \
  " v.hour = date_trunc('hour', now(), 'UTC') AND v.bytes >= " site_bytes_max "))"

constexpr std::string_view LogStreamName(bool error_stream) {
  return error_stream ? "error" : "output";
}

// Wishes that nobody can go on with, and what was counted yesterday.
Status DropLapsedLogRows(Transaction& tx);

}  // namespace turnpike
