#pragma once
// What is left to do once an attempt is final: end copies that must not run any more, and report its usage when that
// comes late.

#include "adapters/core/reconcile.h"

namespace turnpike {

struct Sighting {
  const Evidence& evidence;
  const LocalJobView* job = nullptr;  // the attempt's own, as PickJob chose it
};

Decision AfterEnd(const AttemptRecord& record, const Sighting& seen, const ReconcilePolicy& policy, const Moment& now);

}  // namespace turnpike
