#pragma once
// Writes down what rounds of placement took and decided, each as what changed since the last record.  Owned by whoever
// runs the rounds; not for several threads.  RoundReplay reads it.

#include <optional>

#include "broker/core/recorded_plan.h"
#include "broker/core/round_parts.h"
#include "broker/core/round_record.h"

namespace turnpike {

struct DecidedRound {
  const WaitingIndex& waiting;  // before the plan is taken out of it
  const MatchSetting& setting;
  const Plan& plan;
  int64_t lease_epoch = 0;
  bool gives_up = false;  // jobs of classes that stay are given up
};

class RoundRecorder {
 public:
  // A round that places a job is worth a record.  One that does not is worth it when its refusals are others than the
  // last record's and it gives jobs up, or the last record is a minute old.  Once a record is there, take what is
  // placed out of the index and let it forget its changes: the next record tells those that come then.
  std::optional<RoundRecord> Note(const DecidedRound& round);
  // The next record is complete: the last one may not have been stored.
  void StartChain() { has_chain_ = false; }

 private:
  bool IsWorthIt(const DecidedRound& round, uint64_t refusals_sum) const;
  bool MustBeComplete(const DecidedRound& round) const;
  void Begin(const DecidedRound& round);
  std::string EncodeInput(const DecidedRound& round);
  void PutNewClasses(const std::vector<const WaitingJob*>& jobs, const WaitingIndex& waiting, ByteWriter& out);

  bool has_chain_ = false;
  int64_t lease_epoch_ = 0;
  int64_t number_ = 0;
  Timestamp chain_start_{};
  Timestamp last_record_{};
  size_t complete_bytes_ = 0;  // of the chain's first record
  size_t later_bytes_ = 0;     // of those since
  RoundParts parts_;
  ClassNumbers class_numbers_;
  uint64_t refusals_sum_ = 0;  // of the last record's
  std::string refusals_;       // as they stand in it
};

}  // namespace turnpike
