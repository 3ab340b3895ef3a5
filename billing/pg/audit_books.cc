#include "billing/pg/audit_books.h"

namespace turnpike {
namespace {

// A project's account keeps its balance; of another one it is what was rolled up.
constexpr char kAccounts[] = R"sql(
    SELECT a.account_id, a.unit, CASE WHEN a.kind = 'project' THEN a.balance_micros ELSE r.balance_micros END,
           CASE WHEN a.kind = 'project' THEN NULL ELSE r.through_xid END, a.held_micros
      FROM account AS a
      LEFT JOIN account_rollup AS r
        ON r.account_id = a.account_id
     ORDER BY a.account_id
)sql";

// In no order: sums need none, and sorting all that ever moved takes long.
constexpr char kTransfers[] = R"sql(
    SELECT transfer_id, debit_account, credit_account, unit, amount_micros, xid
      FROM transfer
)sql";

// Also the jobs that have one without the others: no foreign key speaks for them.
constexpr char kHolds[] = R"sql(
    SELECT coalesce(j.job_id, h.job_id, t.job_id), j.job_id IS NOT NULL,
           EXISTS (SELECT FROM job_state AS s WHERE s.job_id = j.job_id),
           EXISTS (SELECT FROM job_end AS e WHERE e.job_id = j.job_id),
           EXISTS (SELECT FROM attempt_end AS a WHERE a.job_id = j.job_id AND a.charge_state = 'PENDING'),
           h.account_id, coalesce(h.unit, ''), coalesce(h.reserved_micros, 0),
           coalesce(h.charged_micros, 0), coalesce(h.released_micros, 0), coalesce(h.refunded_micros, 0),
           coalesce(t.charges, 0)::bigint, coalesce(t.refunds, 0)::bigint
      FROM job AS j
      FULL JOIN funds_hold AS h
        ON h.job_id = j.job_id
      FULL JOIN (SELECT job_id, sum(amount_micros) FILTER (WHERE kind = 'CHARGE') AS charges,
                        sum(amount_micros) FILTER (WHERE kind = 'REFUND') AS refunds
                   FROM transfer
                  WHERE job_id IS NOT NULL
                  GROUP BY job_id) AS t
        ON t.job_id = coalesce(j.job_id, h.job_id)
     ORDER BY 1
)sql";

// A charge of no attempt is one of the attempt without a number.
constexpr char kAttempts[] = R"sql(
    SELECT t.attempt_id, coalesce(e.charge_state IN ('PROVISIONAL', 'FINAL'), false), t.charges, t.receivers, t.refunds, t.refunders
      FROM (SELECT coalesce(attempt_id, '00000000-0000-0000-0000-000000000000') AS attempt_id,
                   count(*) FILTER (WHERE kind = 'CHARGE') AS charges,
                   count(DISTINCT credit_account) FILTER (WHERE kind = 'CHARGE') AS receivers,
                   count(*) FILTER (WHERE kind = 'REFUND') AS refunds,
                   count(DISTINCT debit_account) FILTER (WHERE kind = 'REFUND') AS refunders
              FROM transfer
             WHERE kind IN ('CHARGE', 'REFUND')
             GROUP BY 1) AS t
      LEFT JOIN attempt_end AS e
        ON e.attempt_id = t.attempt_id
     ORDER BY t.attempt_id
)sql";

AuditedAccount AccountAt(const Rows& rows, int row) {
  return {.account_id = rows.Id<AccountId>(row, 0),
          .unit = std::string(rows.Text(row, 1)),
          .balance_micros = rows.OptionalInt(row, 2),
          .through_xid = rows.OptionalInt(row, 3),
          .held_micros = rows.Int(row, 4)};
}

AuditedTransfer TransferAt(const Rows& rows, int row) {
  return {.transfer_id = rows.Id<TransferId>(row, 0),
          .debit_account = rows.Id<AccountId>(row, 1),
          .credit_account = rows.Id<AccountId>(row, 2),
          .unit = std::string(rows.Text(row, 3)),
          .amount_micros = rows.Int(row, 4),
          .xid = rows.Int(row, 5)};
}

AuditedHold HoldAt(const Rows& rows, int row) {
  return {.job_id = rows.Id<JobId>(row, 0),
          .job_is_there = rows.Bool(row, 1),
          .job_is_live = rows.Bool(row, 2),
          .job_is_over = rows.Bool(row, 3),
          .charge_is_due = rows.Bool(row, 4),
          .account_id = rows.OptionalId<AccountId>(row, 5),
          .unit = std::string(rows.Text(row, 6)),
          .reserved_micros = rows.Int(row, 7),
          .charged_micros = rows.Int(row, 8),
          .released_micros = rows.Int(row, 9),
          .refunded_micros = rows.Int(row, 10),
          .charges_micros = rows.Int(row, 11),
          .refunds_micros = rows.Int(row, 12)};
}

AuditedAttempt AttemptAt(const Rows& rows, int row) {
  return {.attempt_id = rows.Id<AttemptId>(row, 0),
          .charged = rows.Bool(row, 1),
          .charges = rows.Int(row, 2),
          .receivers = rows.Int(row, 3),
          .refunds = rows.Int(row, 4),
          .refunders = rows.Int(row, 5)};
}

template <class RowOf>
Status TakeAll(Transaction& tx, const char* sql, RowOf row_of, BookAudit& audit) {
  return tx.ReadInBatches({.sql = sql}, [&](const Rows& rows) -> Status {
    for (int row = 0; row < rows.size(); ++row) {
      audit.Take(row_of(rows, row));
    }
    return OkStatus();
  });
}

}  // namespace

Result<std::vector<AuditCheck>> AuditBooks(TransactionRunner& transactions) {
  std::vector<AuditCheck> checks;
  const TransactionSettings one_moment{.read_only = true, .isolation = Isolation::kRepeatableRead};
  RETURN_IF_ERROR(transactions.Run(one_moment, [&](Transaction& tx) -> Status {
    BookAudit audit;
    RETURN_IF_ERROR(TakeAll(tx, kAccounts, AccountAt, audit));
    RETURN_IF_ERROR(TakeAll(tx, kTransfers, TransferAt, audit));
    RETURN_IF_ERROR(TakeAll(tx, kHolds, HoldAt, audit));
    RETURN_IF_ERROR(TakeAll(tx, kAttempts, AttemptAt, audit));
    checks = audit.Finish();
    return OkStatus();
  }));
  return checks;
}

}  // namespace turnpike
