#pragma once
// What the exit code of `turnpike` tells a script.  Pure.  `turnpike --help` lists it.

#include "base/status.h"
#include "turnpike/v1/job.pb.h"

namespace turnpike {

constexpr int kExitOk = 0;
constexpr int kExitOther = 1;
constexpr int kExitInvalid = 2;  // wrong flags or a wrong job
constexpr int kExitNotFound = 3;
constexpr int kExitNoToken = 4;       // none, or not valid any more
constexpr int kExitDenied = 5;        // no right, no funds, no quota
constexpr int kExitNoSiteFits = 6;    // no registered site can run it
constexpr int kExitPrecondition = 7;  // the object's state does not allow it
constexpr int kExitTimedOut = 8;
constexpr int kExitBrokerAway = 9;
constexpr int kExitInterrupted = 130;  // Ctrl-C: the job keeps running

// With --wait the job's own code, 128 + signal, or one of these.
constexpr int kExitJobFailed = 100;  // failed without a code of its own
constexpr int kExitJobCancelled = 103;
constexpr int kExitJobTimeLimit = 124;

int ExitCodeOf(const Status& status);
bool HasEnded(v1::JobState state);
// For a job that has ended.
int ExitCodeOf(const v1::Job& job);

}  // namespace turnpike
