#pragma once
// Recorded rounds of placement, in table placement_round.

#include <limits>
#include <vector>

#include "base/pg/transaction_runner.h"
#include "broker/core/round_record.h"

namespace turnpike {

// By the number that the database gave it; numbers rise, with gaps.
struct StoredRound {
  int64_t round = 0;
  RoundRecord record;
};
struct RoundRange {
  int64_t from = 0;
  int64_t to = std::numeric_limits<int64_t>::max();
};

// A small one with the transaction's next statement, or its commit; a large one at once, in pieces.
Status WriteRound(Transaction& tx, const RoundRecord& record);
// The coming days' partitions are made, days that are not kept any more are dropped.
Status KeepRounds(Transaction& tx, std::chrono::days kept);

// As role turnpike_placement.
// Where to begin reading for this round: the last complete record up to it, else the first there is; 0: there is none.
Result<int64_t> ChainStartOf(TransactionRunner& transactions, int64_t round);
// The first ones of the range, in order.
Result<std::vector<StoredRound>> ReadRounds(TransactionRunner& transactions, const RoundRange& range);

}  // namespace turnpike
