#pragma once
// A site's key and its spool.  They belong together: the guards in the spool's folders are named under the key, so
// another key, or another disk in the spool's place, would show every guard as free.

#include <string>

#include "adapters/host/attempt_directory.h"
#include "base/random.h"
#include "base/status.h"

namespace turnpike {

struct SitePaths {
  std::string data_directory;
  std::string spool_directory;

  std::string key() const { return data_directory + "/site.key"; }
  std::string journal_folder() const { return data_directory + "/journal"; }
};

struct SiteFolders {
  std::string key;
  AttemptDirectories directories;
};

// Makes what is missing where the site is new: key, spool and its mark.  FAILED_PRECONDITION: the key is missing and
// attempts were made under one.  A spool that is not there is no error: it counts once it is (CheckSpool).
Result<SiteFolders> OpenSiteFolders(const SitePaths& paths, RandomSource& random);

}  // namespace turnpike
