#include "broker/core/maintenance.h"

#include <algorithm>

namespace turnpike {

const MaintenanceWindow* WindowInTheWay(std::span<const MaintenanceWindow> windows, const RunSpan& run) {
  const MaintenanceWindow* first = nullptr;
  for (const MaintenanceWindow& window : windows) {
    const bool meets = run.start < window.end && window.start < run.start + run.time_limit;
    if (meets && (first == nullptr || window.start < first->start)) {
      first = &window;
    }
  }
  return first;
}

Timestamp StartAround(std::span<const MaintenanceWindow> windows, const RunSpan& run) {
  RunSpan later = run;
  while (const MaintenanceWindow* window = WindowInTheWay(windows, later)) {
    later.start = window->end;
  }
  return later.start;
}

Duration SlackBefore(std::span<const MaintenanceWindow> windows, const RunSpan& run) {
  Duration slack = Duration::max();
  for (const MaintenanceWindow& window : windows) {
    if (window.start >= run.start + run.time_limit) {
      slack = std::min(slack, window.start - (run.start + run.time_limit));
    }
  }
  return slack;
}

}  // namespace turnpike
