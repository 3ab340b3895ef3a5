#pragma once
// Runs recorded rounds again: the same matcher over the same input, record after record of a chain.  Not for several
// threads.

#include <string>
#include <vector>

#include "broker/core/recorded_jobs.h"
#include "broker/core/round_parts.h"
#include "broker/core/round_record.h"

namespace turnpike {

struct ReplayedRound {
  size_t placed = 0;       // by the record
  size_t refused = 0;      // classes, or projects of them, of which jobs stayed
  std::string difference;  // empty: the same plan came out; else the first one, for a person
};

class RoundReplay {
 public:
  // FAILED_PRECONDITION: the record does not follow the one before it.  UNIMPLEMENTED: another version of the broker
  // wrote it.  DATA_LOSS: it is damaged.  After any of these go on with a complete record.
  Result<ReplayedRound> Next(const RoundRecord& record);

 private:
  Result<ReplayedRound> Run(const RoundRecord& record);
  Status TakeInput(const RoundRecord& record);
  bool TakeNewClasses(ByteReader& in);

  bool has_chain_ = false;
  int64_t lease_epoch_ = 0;
  int64_t number_ = 0;
  RoundParts parts_;
  std::vector<NumberedClass> classes_;
  ClassNumbers class_numbers_;
  std::string refusals_;
  WaitingIndex waiting_;
};

}  // namespace turnpike
