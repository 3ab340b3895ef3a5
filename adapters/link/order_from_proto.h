#pragma once
// What the broker says, in the agent's own plain values.  Whatever cannot be read is refused with INVALID_ARGUMENT that
// names the field: an order is never run in part.

#include <turnpike/v1/site_link.pb.h>

#include <string>
#include <string_view>
#include <vector>

#include "adapters/host/agent_round.h"
#include "adapters/host/order_view.h"
#include "adapters/link/log_follower.h"
#include "base/status.h"

namespace turnpike {

Result<SessionStart> ToSessionStart(const v1::Welcome& welcome);
// The order stays serialized; a decoder reads it.
Result<DesiredView> ToDesiredView(const v1::DesiredAttempt& desired);

// Of attempts whose ids can be read.
std::vector<WishedOutput> ToWishedOutput(const google::protobuf::RepeatedPtrField<v1::DesiredAttempt>& attempts);

// `scheduler` is the kind of this site, as site flags name it: "slurm", "process".  Flags for other kinds are left out.
Result<OrderView> ToOrderView(const v1::AttemptOrder& order, std::string_view scheduler);
// Reads the bytes of an AttemptOrder.
OrderDecoder MakeOrderDecoder(std::string scheduler);

}  // namespace turnpike
