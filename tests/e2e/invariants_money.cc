// What must hold for the money of a run: I6 to I9 of docs/faults.md.
#include "tests/e2e/invariants.h"
#include "tests/e2e/violation.h"

namespace turnpike {
namespace {

constexpr InvariantRule kRules[] = {
    {"I6", "a project's balance is not what its transfers add up to", R"sql(
    SELECT a.account_id, 'balance ' || a.balance_micros, 'by transfers ' || coalesce(sum(t.micros), 0)
      FROM account AS a
      LEFT JOIN (SELECT credit_account AS account_id, unit, amount_micros AS micros FROM transfer
                  UNION ALL
                 SELECT debit_account, unit, -amount_micros FROM transfer) AS t
        ON t.account_id = a.account_id
       AND t.unit = a.unit
     WHERE a.kind = 'project'
     GROUP BY a.account_id, a.balance_micros
    HAVING coalesce(sum(t.micros), 0) <> a.balance_micros
)sql"},
    {"I6", "a transfer names an account that is not there, or one of another unit", R"sql(
    SELECT t.transfer_id, t.kind, t.amount_micros || ' ' || t.unit
      FROM transfer AS t
      LEFT JOIN account AS d ON d.account_id = t.debit_account AND d.unit = t.unit
      LEFT JOIN account AS c ON c.account_id = t.credit_account AND c.unit = t.unit
     WHERE d.account_id IS NULL OR c.account_id IS NULL
)sql"},
    {"I6", "a roll-up is not what the transfers before its mark add up to", R"sql(
    SELECT r.account_id, 'rolled up ' || r.balance_micros, 'by transfers ' || coalesce(sum(t.micros), 0)
      FROM account_rollup AS r
      LEFT JOIN (SELECT credit_account AS account_id, xid, amount_micros AS micros FROM transfer
                  UNION ALL
                 SELECT debit_account, xid, -amount_micros FROM transfer) AS t
        ON t.account_id = r.account_id
       AND t.xid < r.through_xid
     GROUP BY r.account_id, r.balance_micros
    HAVING coalesce(sum(t.micros), 0) <> r.balance_micros
)sql"},
    {"I7", "a job has no funds hold, or one that is still open", R"sql(
    SELECT j.job_id, j.name, 'reserved ' || h.reserved_micros, 'charged ' || h.charged_micros,
           'released ' || h.released_micros
      FROM job AS j
      LEFT JOIN funds_hold AS h ON h.job_id = j.job_id
     WHERE h.job_id IS NULL OR h.charged_micros + h.released_micros <> h.reserved_micros
)sql"},
    {"I7", "the funds holds of an account do not add up to what it holds", R"sql(
    SELECT a.account_id, 'held ' || a.held_micros,
           'by holds ' || coalesce(sum(h.reserved_micros - h.charged_micros - h.released_micros), 0)
      FROM account AS a
      LEFT JOIN funds_hold AS h ON h.account_id = a.account_id
     GROUP BY a.account_id, a.held_micros
    HAVING coalesce(sum(h.reserved_micros - h.charged_micros - h.released_micros), 0) <> a.held_micros
)sql"},
    {"I7", "what was charged on a hold is not what its transfers say", R"sql(
    SELECT h.job_id, 'charged ' || h.charged_micros, 'by transfers ' || coalesce(sum(t.amount_micros), 0)
      FROM funds_hold AS h
      LEFT JOIN transfer AS t ON t.job_id = h.job_id AND t.kind = 'CHARGE'
     GROUP BY h.job_id, h.charged_micros
    HAVING coalesce(sum(t.amount_micros), 0) <> h.charged_micros
)sql"},
    {"I9", "a project spent below its floor", R"sql(
    SELECT account_id, 'balance ' || balance_micros, 'held ' || held_micros, 'floor ' || floor_micros
      FROM account
     WHERE kind = 'project'
       AND balance_micros - held_micros < floor_micros
)sql"},
    {"I9", "a project's balance was below its floor in between", R"sql(
    SELECT account_id, 'after transfer ' || transfer_id, 'balance ' || balance
      FROM (SELECT a.account_id, t.transfer_id, a.floor_micros,
                   sum(CASE WHEN t.credit_account = a.account_id THEN t.amount_micros ELSE -t.amount_micros END)
                     OVER (PARTITION BY a.account_id ORDER BY t.xid, t.transfer_id) AS balance
              FROM account AS a
              JOIN transfer AS t ON a.account_id IN (t.credit_account, t.debit_account)
             WHERE a.kind = 'project') AS replay
     WHERE balance < floor_micros
)sql"},
    {"I8", "a started attempt was not billed exactly once", R"sql(
    SELECT a.attempt_id, a.state, a.charge_state, 'usage records: ' || count(u.attempt_id)
      FROM attempt_end AS a
      LEFT JOIN usage_record AS u ON u.attempt_id = a.attempt_id AND u.number = 1
     WHERE a.started_at IS NOT NULL
     GROUP BY a.attempt_id, a.state, a.charge_state
    HAVING count(u.attempt_id) <> 1 OR a.charge_state NOT IN ('PROVISIONAL', 'FINAL')
)sql"},
    {"I8", "an attempt that never started was billed", R"sql(
    SELECT a.attempt_id, a.state, 'transfers: ' || count(t.transfer_id), 'usage records: ' || count(u.attempt_id)
      FROM attempt_end AS a
      LEFT JOIN transfer AS t ON t.attempt_id = a.attempt_id
      LEFT JOIN usage_record AS u ON u.attempt_id = a.attempt_id
     WHERE a.started_at IS NULL
     GROUP BY a.attempt_id, a.state
    HAVING count(t.transfer_id) + count(u.attempt_id) > 0
)sql"},
    {"I8", "an attempt was charged by more transfers than it has parties to pay", R"sql(
    SELECT attempt_id, 'transfers: ' || count(*), 'receivers: ' || count(DISTINCT credit_account)
      FROM transfer
     WHERE kind = 'CHARGE'
     GROUP BY attempt_id
    HAVING count(*) <> count(DISTINCT credit_account) OR attempt_id IS NULL
)sql"},
    {"I8", "an attempt that the site lost was charged", R"sql(
    SELECT a.attempt_id, sum(t.amount_micros)
      FROM attempt_end AS a
      JOIN transfer AS t ON t.attempt_id = a.attempt_id AND t.kind = 'CHARGE'
     WHERE a.state = 'INTERRUPTED'
     GROUP BY a.attempt_id
)sql"},
};

}  // namespace

Status CheckMoney(const RunEvidence& evidence) {
  for (const InvariantRule& rule : kRules) {
    RETURN_IF_ERROR(CheckRule(evidence.database, rule));
  }
  return OkStatus();
}

}  // namespace turnpike
