#pragma once
// What a chaos run does to its pair of PostgreSQL servers, in turn: the primary is lost and the standby takes over, the
// primary dies and comes back, the standby dies and comes back.  Each is over, with the pair whole, before the next
// begins.  Not shared by threads.

#include <cstdint>
#include <string>
#include <utility>

#include "tests/e2e/postgres_pair.h"

namespace turnpike {

class PostgresFaults {
 public:
  // The seed says which of the three comes first.
  PostgresFaults(PostgresPair pair, uint64_t seed) : pair_(std::move(pair)), turn_(seed) {}

  PostgresPair& pair() { return pair_; }
  Status Strike();
  // Ends what Strike began.
  Status Heal();
  int takeovers() const { return takeovers_; }

 private:
  enum class Fault { kPrimaryLost, kPrimaryKilled, kStandbyKilled };

  PostgresPair pair_;
  uint64_t turn_;
  Fault fault_ = Fault::kPrimaryLost;
  int takeovers_ = 0;
};

}  // namespace turnpike
