#pragma once
// Keys that every replica needs.  Thread-safe; every call is a transaction.

#include <string>
#include <string_view>

#include "base/status.h"

namespace turnpike {

class SecretStore {
 public:
  virtual ~SecretStore() = default;
  // The secret of this name; where there is none yet, `fresh` becomes it.  Of several that ask at once, all get the
  // same.
  virtual Result<std::string> FindOrKeep(std::string_view name, const std::string& fresh) = 0;
};

}  // namespace turnpike
