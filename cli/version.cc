#include "cli/version.h"

namespace turnpike {

std::string VersionText() {
  return "turnpike " TURNPIKE_VERSION "\n";
}

}  // namespace turnpike
