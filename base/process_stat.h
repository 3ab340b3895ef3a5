#pragma once
// What /proc/PID/stat tells of a process.

#include "base/status.h"

namespace turnpike {

struct ProcessStat {
  char state = 'R';                    // field 3
  unsigned long long start_ticks = 0;  // field 22: with the pid, a name that is never given twice

  bool is_zombie() const { return state == 'Z' || state == 'X' || state == 'x'; }
};

// NOT_FOUND: no such process.  Anything else tells nothing about it: RESOURCE_EXHAUSTED means that no file could be
// opened.
Result<ProcessStat> ReadProcessStat(int pid);

}  // namespace turnpike
