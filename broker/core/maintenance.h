#pragma once
// Times in which nothing of ours may run at a share: its operators' word, or the scheduler's own reservation.  Pure.

#include <chrono>
#include <span>
#include <string>

#include "base/ids.h"
#include "base/time.h"

namespace turnpike {

struct MaintenanceWindow {
  Uuid window_id{};   // nil: the scheduler's own
  std::string share;  // empty: every share of the site
  Timestamp start{};
  Timestamp end{};
  std::string reason;
  friend bool operator==(const MaintenanceWindow&, const MaintenanceWindow&) = default;
};

// A job that starts then and runs for its whole time limit.
struct RunSpan {
  Timestamp start{};
  std::chrono::seconds time_limit{0};
};

// The earliest window that the job would run into; nullptr: none.
const MaintenanceWindow* WindowInTheWay(std::span<const MaintenanceWindow> windows, const RunSpan& run);
// The next moment from which on it could run through.
Timestamp StartAround(std::span<const MaintenanceWindow> windows, const RunSpan& run);
// How much later it may start before it runs into the next window; Duration::max(): as late as you like.
Duration SlackBefore(std::span<const MaintenanceWindow> windows, const RunSpan& run);

}  // namespace turnpike
