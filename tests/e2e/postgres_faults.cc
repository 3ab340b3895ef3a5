#include "tests/e2e/postgres_faults.h"

namespace turnpike {

Status PostgresFaults::Strike() {
  static constexpr Fault kTurns[] = {Fault::kPrimaryLost, Fault::kPrimaryKilled, Fault::kStandbyKilled};
  fault_ = kTurns[turn_++ % std::size(kTurns)];
  return fault_ == Fault::kStandbyKilled ? pair_.KillStandby() : pair_.KillPrimary();
}

Status PostgresFaults::Heal() {
  switch (fault_) {
    case Fault::kPrimaryLost:
      RETURN_IF_ERROR(pair_.Promote());
      ++takeovers_;
      return pair_.RenewStandby();
    case Fault::kPrimaryKilled:
      return pair_.RestartPrimary();
    case Fault::kStandbyKilled:
      return pair_.RestartStandby();
  }
  return Internal("unreachable");
}

}  // namespace turnpike
