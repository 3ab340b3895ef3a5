#pragma once
// The jobs that wait, in the record of a round: those that came, went or changed since the record before it.  Pure.

#include <vector>

#include "base/byte_codec.h"
#include "broker/core/recorded_plan.h"
#include "broker/core/waiting_index.h"

namespace turnpike {

struct JobChanges {
  std::vector<JobId> gone;
  std::vector<const WaitingJob*> present;  // ready to be placed; those of one class and project stand together
};
JobChanges AllJobs(const WaitingIndex& waiting);
// Since the index forgot its changes.
JobChanges ChangedJobs(const WaitingIndex& waiting);

// Each class that is present has its number.
struct JobNaming {
  const WaitingIndex& waiting;
  const ClassNumbers& class_numbers;
};
void PutJobs(ByteWriter& out, const JobChanges& changes, const JobNaming& naming);

// A class of the chain that is read, at the place of its number.
struct NumberedClass {
  Uuid id;
  JobRequest request;
};
// Makes the same changes to the index; false: it is damaged.
bool TakeJobs(ByteReader& in, const std::vector<NumberedClass>& classes, WaitingIndex& waiting);

}  // namespace turnpike
