#pragma once
// What the operating system knows of the process itself, under the names that every Prometheus dashboard expects.

#include <string>

#include "base/metrics.h"
#include "base/time.h"

namespace turnpike {

struct ProgramName {
  std::string program;  // "turnpike-broker"
  std::string version;
};

// A moment as Prometheus wants it: seconds since 1970.
double SecondsOf(Timestamp at);

// Once, when the program begins.
void MeasureProcess(const ProgramName& name, const Clock& clock, Metrics& metrics);

}  // namespace turnpike
