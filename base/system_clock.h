#pragma once
// The one place that asks the machine for the time.

#include "base/time.h"

namespace turnpike {

class SystemClock final : public Clock {
 public:
  Timestamp Now() const override;
  MonotonicTime Monotonic() const override;
};

}  // namespace turnpike
