#pragma once
// A share that is left alone for a project after one of the site's own limits turned a job of it away.  Repeated
// refusals make the pause longer; the first job that the site takes after it makes an end of that.  Pure.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/time.h"

namespace turnpike {

constexpr std::chrono::seconds kPauseMin{15};
constexpr std::chrono::seconds kPauseMax{900};

// As matching sees it: nothing more of the project goes there until then.
struct SharePause {
  uint32_t share = 0;  // index into FederationView::shares
  ProjectId project_id;
  Timestamp until{};
  std::string limit = {};  // which one, in the site's words
};

// What is remembered of one share and one project.
struct PauseStanding {
  Timestamp until{};
  std::chrono::seconds length{0};
  std::string limit;  // which one, in the site's words
  friend bool operator==(const PauseStanding&, const PauseStanding&) = default;
};

// While a pause runs, a refusal is no news: that job was on its way already.  After it, the next pause is twice as
// long; it begins anew where the last one ended longer than kPauseMax ago.
PauseStanding PauseAfterRefusal(const std::optional<PauseStanding>& last, std::string limit, Timestamp now);

// The site took a job of the project: true when the pause may be forgotten, which it may not be while it runs.
bool EndsWithSuccess(const PauseStanding& pause, Timestamp now);

}  // namespace turnpike
