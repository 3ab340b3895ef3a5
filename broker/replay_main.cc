#include "broker/replay_main.h"

#include <fmt/format.h>

#include <iostream>

#include "base/system_clock.h"
#include "broker/core/round_replay.h"

namespace turnpike {
namespace {

// Says of each round of the range how it came out.
class ReplayReport {
 public:
  explicit ReplayReport(const RoundRange& range) : range_(range) {}

  // Rounds before the range are run for what they leave to it.
  void Take(const StoredRound& stored) {
    if (stored.record.is_complete()) {
      chain_is_broken_ = false;
    }
    if (chain_is_broken_) {
      ++not_run_;
      return;
    }
    const Result<ReplayedRound> replayed = replay_.Next(stored.record);
    chain_is_broken_ = !replayed.ok();
    if (chain_is_broken_) {
      ++not_run_;
      Print(stored,
            fmt::format("cannot be run again, nor can those that build on it: {}", MessageOf(replayed.status())));
    } else if (stored.round >= range_.from) {
      ++run_;
      different_ += replayed->difference.empty() ? 0 : 1;
      Print(stored, fmt::format("{} of {} waiting jobs placed, {} kinds stay: {}", replayed->placed,
                                stored.record.waiting, replayed->refused,
                                replayed->difference.empty() ? "the same" : "ANOTHER PLAN: " + replayed->difference));
    }
  }

  // True: all came out as recorded.
  bool Sum() const {
    std::cout << fmt::format("{} rounds run again, {} with another plan, {} could not be run\n", run_, different_,
                             not_run_);
    return different_ == 0 && not_run_ == 0;
  }

 private:
  static void Print(const StoredRound& stored, const std::string& what) {
    std::cout << fmt::format("round {} at {} under policy {}: {}\n", stored.round, FormatTimestamp(stored.record.at),
                             stored.record.policy_version, what);
  }

  const RoundRange range_;
  RoundReplay replay_;
  bool chain_is_broken_ = false;
  size_t run_ = 0;
  size_t different_ = 0;
  size_t not_run_ = 0;
};

}  // namespace

Result<bool> RunReplay(const std::string& database, const RoundRange& range) {
  SystemClock machine;
  DatabaseClock clock(machine);
  ConnectionPoolSettings pool;
  pool.connection.conninfo = database;
  pool.connection.application_name = "turnpike-broker replay";
  TransactionRunner transactions(pool, clock);
  ASSIGN_OR_RETURN(const int64_t start, ChainStartOf(transactions, range.from));
  if (start > range.from && range.from > 0) {
    std::cout << fmt::format("round {} is the first that can be run again: what earlier ones build on is not kept\n",
                             start);
  }
  ReplayReport report(range);
  RoundRange rest{.from = start, .to = range.to};
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<StoredRound> rounds, ReadRounds(transactions, rest));
    if (rounds.empty()) {
      return report.Sum();
    }
    for (const StoredRound& stored : rounds) {
      report.Take(stored);
    }
    rest.from = rounds.back().round + 1;
  }
}

}  // namespace turnpike
