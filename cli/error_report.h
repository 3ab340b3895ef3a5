#pragma once
// Says an error once, the same way for every command: for a person on standard error, and with --json also as the one
// document on standard output.

#include <ostream>
#include <string>

#include "base/status.h"

namespace turnpike {

// "turnpike: …", every wrong field on a line of its own, then what to do.
std::string ErrorText(const Status& status);

struct ErrorStreams {
  std::ostream& out;
  std::ostream& err;
  bool json = false;
};
// Returns the exit code.
int ReportError(const Status& status, const ErrorStreams& streams);

}  // namespace turnpike
