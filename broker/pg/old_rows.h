#pragma once
// What leaves the database once it is old: request keys, jobs' output, demand that could not be met.

#include "base/pg/transaction.h"
#include "broker/ports/placement_store.h"

namespace turnpike {

// One piece of each table, so that no transaction takes long: from 0, then what the last call returned.  0: that was
// the last piece of all of them.
Result<int64_t> DropOldRows(Transaction& tx, const Retention& retention, int64_t piece);

}  // namespace turnpike
