#pragma once
// What a site's operator asks the running agent to end, without the broker: a request is a file in a folder of the data
// directory, named by the attempt's tag.

#include <string>

#include "adapters/core/scheduler.h"
#include "adapters/host/journal_state.h"
#include "base/status.h"

namespace turnpike {

class CancelRequests {
 public:
  CancelRequests(Scheduler& scheduler, std::string folder) : scheduler_(scheduler), folder_(std::move(folder)) {}

  // The operator's side, in another process.
  static Status Ask(const std::string& folder, const std::string& tag);
  // The running agent's: does what has been asked for since.  A request for an attempt whose local job is not known yet
  // waits until it is.
  void Serve(const JournalState& journal);

 private:
  bool ServeOne(const std::string& tag, const JournalState& journal);  // false: it waits

  Scheduler& scheduler_;
  const std::string folder_;
};

}  // namespace turnpike
