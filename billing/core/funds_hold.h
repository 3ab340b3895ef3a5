#pragma once
// Money set aside for one job: reserved once, then charged and released within what was reserved, never beyond.  A
// value.

#include <cstdint>
#include <string>

#include "base/money.h"
#include "base/status.h"

namespace turnpike {

class FundsHold {
 public:
  // INVALID_ARGUMENT: a negative amount.  Zero is allowed: a free share.
  static Result<FundsHold> Reserve(const Money& amount);

  // What a store kept.
  struct Stored {
    std::string unit;
    int64_t reserved_micros = 0;
    int64_t charged_micros = 0;
    int64_t released_micros = 0;
  };
  // DATA_LOSS: the row breaks charged + released <= reserved.
  static Result<FundsHold> Restore(const Stored& stored);

  const std::string& unit() const { return unit_; }
  int64_t reserved_micros() const { return reserved_; }
  int64_t charged_micros() const { return charged_; }
  int64_t released_micros() const { return released_; }
  int64_t rest_micros() const { return reserved_ - charged_ - released_; }
  bool settled() const { return rest_micros() == 0; }

  // Takes min(micros, rest) and returns it.  CHECK: micros is not negative.
  int64_t Charge(int64_t micros);
  // Gives min(micros, rest) back and returns it.  CHECK: micros is not negative.
  int64_t Release(int64_t micros);

  friend bool operator==(const FundsHold&, const FundsHold&) = default;

 private:
  explicit FundsHold(const Stored& stored);

  std::string unit_;
  int64_t reserved_ = 0;
  int64_t charged_ = 0;
  int64_t released_ = 0;
};

}  // namespace turnpike
