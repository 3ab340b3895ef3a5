#pragma once
// How much processor time programs have used: steadier than the clock on a machine that others use too.

namespace turnpike {

// In seconds, to a hundredth: user and system time of all threads.  0 for a process that is gone.
double CpuOfProcess(int pid);
// Of a process, its children, and those of its children that have ended: PostgreSQL with all its backends.
double CpuOfFamily(int pid);

}  // namespace turnpike
