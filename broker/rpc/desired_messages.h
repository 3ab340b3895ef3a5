#pragma once
// Desired state as the messages of a stream: none larger than an agent takes.

#include <chrono>
#include <cstddef>
#include <vector>

#include "broker/ports/link_store.h"
#include "turnpike/v1/site_link_service.pb.h"

namespace turnpike {

constexpr size_t kAttemptsPerMessageMax = 8;
// Not of one order alone: its script and its spec have limits of their own, far below the 16 MiB of a message.
constexpr size_t kDesiredBytesMax = 4U << 20U;

// In their order; nothing for nothing.
std::vector<v1::SynchronizeResponse> DesiredMessages(const std::vector<DesiredAttempt>& desired,
                                                     std::chrono::seconds spawn_lease);

}  // namespace turnpike
