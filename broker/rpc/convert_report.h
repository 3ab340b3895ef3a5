#pragma once
// What a site's agent says, between the contract and the core.

#include <string>
#include <vector>

#include "broker/core/federation.h"
#include "broker/ports/link_store.h"
#include "turnpike/v1/site_link.pb.h"
#include "turnpike/v1/site_link_service.pb.h"

namespace turnpike {

// INVALID_ARGUMENT for what no agent of this protocol sends; such a session ends.
Result<SiteReport> FromProto(const v1::Report& report);
Result<std::vector<ShareStatus>> FromProto(const v1::Capacity& capacity);
// The trace that an attempt belongs to: that of the call which submitted its job, else one of the job's own.
std::string TraceParentOf(const AttemptId& attempt_id, const AttemptOrder& order);
v1::DesiredAttempt ToProto(const DesiredAttempt& desired, std::chrono::seconds spawn_lease);
v1::Share ToProto(const ShareStatus& share);

}  // namespace turnpike
