#pragma once
// Reads the books of one moment and judges them (billing/core/book_audit.h), without changing anything and without
// keeping more in memory than an entry for each account.

#include <vector>

#include "base/pg/transaction_runner.h"
#include "billing/core/book_audit.h"

namespace turnpike {

// As role turnpike_placement, which sees the rows of every project.
Result<std::vector<AuditCheck>> AuditBooks(TransactionRunner& transactions);

}  // namespace turnpike
