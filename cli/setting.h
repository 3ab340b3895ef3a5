#pragma once
// One thing that a user said about a job, and where it was said.  Plain values.

#include <string>
#include <string_view>

#include "cli/submit_option.h"

namespace turnpike {

// Weakest first: a later layer overrides an earlier one.
enum class SettingLayer { kDirective, kEnvironment, kFlag };

struct SettingOrigin {
  SettingLayer layer = SettingLayer::kFlag;
  std::string where;  // "job.sh line 3", "TURNPIKE_TIME", "--time"
};

struct Setting {
  const SubmitOption* option = nullptr;
  std::string value;  // empty for a switch
  bool has_value = false;
  SettingOrigin origin;
};

}  // namespace turnpike
