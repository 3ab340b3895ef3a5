#pragma once
// How long it takes to open a TCP connection: one round trip, and nothing is sent but what opening and closing need.

#include <chrono>
#include <optional>

#include "base/numeric_address.h"

namespace turnpike {

// nullopt: nothing accepted the connection within that time.
std::optional<std::chrono::microseconds> MeasureConnectTime(const NumericAddress& address,
                                                            std::chrono::milliseconds timeout);

}  // namespace turnpike
