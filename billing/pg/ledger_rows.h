#pragma once
// How transfers lie in the database.

#include <string_view>
#include <vector>

#include "base/pg/transaction.h"
#include "billing/ports/ledger_store.h"

namespace turnpike {

// The columns that TransferAt reads, in its order.  A macro, since SQL constants are joined by the compiler.
#define TURNPIKE_TRANSFER_COLUMNS \
  " transfer_id, entry_id, kind, debit_account, credit_account, amount_micros, unit, at, job_id, description "

TransferView TransferAt(const Rows& rows, int row);

// Which row, and in which partition it lies.
struct TransferKey {
  TransferId transfer_id;
  Timestamp at{};
};
// NOT_FOUND: none that this transaction may see.
Result<TransferView> ReadTransfer(Transaction& tx, const TransferKey& key);

}  // namespace turnpike
