#include "billing/pg/ledger_rows.h"

#include "base/check.h"
#include "base/error_reason.h"

namespace turnpike {
namespace {

// $1 transfer, $2 when.
constexpr char kReadTransfer[] = "SELECT" TURNPIKE_TRANSFER_COLUMNS R"sql(
      FROM transfer
     WHERE transfer_id = $1
       AND at = $2
)sql";

}  // namespace

TransferView TransferAt(const Rows& rows, int row) {
  TransferView transfer;
  int column = 0;
  transfer.transfer_id = rows.Id<TransferId>(row, column++);
  transfer.entry_id = rows.Id<EntryId>(row, column++);
  const std::optional<TransferKind> kind = ParseTransferKind(rows.Text(row, column++));
  CHECK(kind.has_value());
  transfer.kind = *kind;
  transfer.debit_account = rows.Id<AccountId>(row, column++);
  transfer.credit_account = rows.Id<AccountId>(row, column++);
  transfer.amount.micros = rows.Int(row, column++);
  transfer.amount.unit = rows.Text(row, column++);
  transfer.at = rows.Time(row, column++);
  transfer.job_id = rows.OptionalId<JobId>(row, column++);
  transfer.description = rows.Text(row, column++);
  return transfer;
}

Result<TransferView> ReadTransfer(Transaction& tx, const TransferKey& key) {
  ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kReadTransfer, Params().Id(key.transfer_id).Time(key.at)));
  if (rows.empty()) {
    return WithReason(NotFound("transfer {} does not exist", key.transfer_id.ToString()), ErrorReason::kNotFound,
                      {{"transfer", key.transfer_id.ToString()}});
  }
  return TransferAt(rows, 0);
}

}  // namespace turnpike
