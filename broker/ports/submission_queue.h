#pragma once
// Where validated submissions wait for the next group commit.  Thread-safe.

#include <functional>

#include "broker/ports/job_store.h"

namespace turnpike {

class SubmissionQueue {
 public:
  using Done = std::function<void(Result<SubmitVerdict>)>;

  virtual ~SubmissionQueue() = default;
  // `done` is called once, from another thread, after the commit.  RESOURCE_EXHAUSTED at once (also through `done`)
  // when too many wait.
  virtual void Enqueue(SubmitCall call, Done done) = 0;
};

}  // namespace turnpike
