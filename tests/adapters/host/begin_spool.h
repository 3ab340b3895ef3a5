#pragma once
// The spool of a site that is new.

#include <string>
#include <string_view>

#include "adapters/host/attempt_directory.h"
#include "base/check.h"

namespace turnpike {

inline AttemptDirectories BeginSpool(const std::string& spool, std::string_view site_key) {
  AttemptDirectories directories = AttemptDirectories::Open(spool, site_key).value();
  CHECK(directories.Begin().ok());
  return directories;
}

}  // namespace turnpike
