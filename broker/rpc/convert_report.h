#pragma once
// What a site's agent says, between the contract and the core.

#include <string>
#include <vector>

#include "broker/core/federation.h"
#include "broker/ports/link_store.h"
#include "turnpike/v1/site_link.pb.h"
#include "turnpike/v1/site_link_service.pb.h"

namespace turnpike {

// What cannot be read is kUnreadable and says why: the journal that holds it must go on.  A newer agent's word for a
// cause, a fault or a reason is read as the broadest one that is known here.
SiteReport FromProto(const v1::Report& report);
// INVALID_ARGUMENT for what no agent of this protocol sends; such a session ends.
Result<std::vector<ShareStatus>> FromProto(const v1::Capacity& capacity);
// The trace that an attempt belongs to: that of the call which submitted its job, else one of the job's own.
std::string TraceParentOf(const AttemptId& attempt_id, const AttemptOrder& order);
v1::DesiredAttempt ToProto(const DesiredAttempt& desired, std::chrono::seconds spawn_lease);
v1::Share ToProto(const ShareStatus& share);

}  // namespace turnpike
