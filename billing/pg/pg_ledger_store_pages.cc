#include "base/check.h"
#include "billing/pg/ledger_rows.h"
#include "billing/pg/pg_ledger_store.h"

namespace turnpike {
namespace {

// $1 project.
constexpr char kProjectAccounts[] = R"sql(
    SELECT a.account_id, a.kind, p.name, a.unit, a.balance_micros, a.held_micros, a.floor_micros
      FROM account AS a
      JOIN project AS p
        ON p.project_id = a.project_id
     WHERE a.kind = 'project'
       AND a.project_id = $1
     ORDER BY a.unit
)sql";

// What was rolled up, and what came since: everything, where nothing was rolled up yet.  $1 site.
constexpr char kSiteAccounts[] = R"sql(
    SELECT a.account_id, a.kind, s.name, a.unit,
           (coalesce(r.balance_micros, 0) + since.credited - since.debited)::bigint, a.held_micros, a.floor_micros
      FROM account AS a
      JOIN site AS s
        ON s.site_id = a.site_id
      LEFT JOIN account_rollup AS r
        ON r.account_id = a.account_id
     CROSS JOIN LATERAL (
           SELECT coalesce((SELECT sum(t.amount_micros)
                              FROM transfer AS t
                             WHERE t.credit_account = a.account_id
                               AND t.xid >= coalesce(r.through_xid, '0')), 0) AS credited,
                  coalesce((SELECT sum(t.amount_micros)
                              FROM transfer AS t
                             WHERE t.debit_account = a.account_id
                               AND t.xid >= coalesce(r.through_xid, '0')), 0) AS debited) AS since
     WHERE a.kind = 'site'
       AND a.site_id = $1
     ORDER BY a.unit
)sql";

// The two legs are two index scans; no transfer has both in one owner's books, since their units differ.
// $1 project or NULL, $2 site or NULL, $3 and $4 before this moment and id, $5 how many.
constexpr char kTransfers[] = "SELECT" TURNPIKE_TRANSFER_COLUMNS R"sql(
      FROM (SELECT a.account_id AS book
              FROM account AS a
             WHERE (a.kind = 'project' AND a.project_id = $1)
                OR (a.kind = 'site' AND a.site_id = $2)) AS own
     CROSS JOIN LATERAL (
           (SELECT d.transfer_id, d.entry_id, d.kind, d.debit_account, d.credit_account, d.amount_micros, d.unit, d.at,
                   d.job_id, d.description
              FROM transfer AS d
             WHERE d.debit_account = own.book
               AND d.at <= $3
               AND (d.at, d.transfer_id) < ($3, $4)
             ORDER BY d.at DESC, d.transfer_id DESC
             LIMIT $5)
            UNION ALL
           (SELECT c.transfer_id, c.entry_id, c.kind, c.debit_account, c.credit_account, c.amount_micros, c.unit, c.at,
                   c.job_id, c.description
              FROM transfer AS c
             WHERE c.credit_account = own.book
               AND c.at <= $3
               AND (c.at, c.transfer_id) < ($3, $4)
             ORDER BY c.at DESC, c.transfer_id DESC
             LIMIT $5)) AS leg(transfer_id, entry_id, kind, debit_account, credit_account, amount_micros, unit, at, job_id,
                               description)
     ORDER BY at DESC, transfer_id DESC
     LIMIT $5
)sql";

// A record is made when its use is known, after the end; a day is for sites' clocks that are fast.  The index is by
// when it was made.  $1 project, $2 job or NULL, $3 ended at or after or NULL, $4 and $5 before this moment and
// attempt, $6 how many.
constexpr char kUsage[] = R"sql(
    SELECT u.job_id, u.attempt_id, coalesce(s.name, ''), u.share, u.local_job_id, u.started_at, u.ended_at, u.node_seconds,
           u.core_seconds, u.accelerator_seconds, u.memory_mib_seconds, u.charged_micros, u.unit, u.price_version,
           u.formula, u.provisional, u.at
      FROM usage_record AS u
      LEFT JOIN site AS s
        ON s.site_id = u.site_id
     WHERE u.project_id = $1
       AND ($2::uuid IS NULL OR u.job_id = $2)
       AND ($3::timestamptz IS NULL OR (u.ended_at >= $3 AND u.at >= $3 - interval '1 day'))
       AND u.at <= $4
       AND (u.at, u.attempt_id) < ($4, $5)
       AND NOT EXISTS (SELECT FROM usage_record AS later WHERE later.attempt_id = u.attempt_id AND later.number > u.number)
     ORDER BY u.at DESC, u.attempt_id DESC
     LIMIT $6
)sql";

AccountView AccountAt(const Rows& rows, int row) {
  const std::optional<AccountKind> kind = ParseAccountKind(rows.Text(row, 1));
  CHECK(kind.has_value());
  return {.account_id = rows.Id<AccountId>(row, 0),
          .kind = *kind,
          .owner = std::string(rows.Text(row, 2)),
          .unit = std::string(rows.Text(row, 3)),
          .balance_micros = rows.Int(row, 4),
          .held_micros = rows.Int(row, 5),
          .floor_micros = rows.Int(row, 6)};
}

UsageView UsageAt(const Rows& rows, int row) {
  UsageView usage;
  int column = 0;
  usage.job_id = rows.Id<JobId>(row, column++);
  usage.attempt_id = rows.Id<AttemptId>(row, column++);
  usage.site_name = rows.Text(row, column++);
  usage.share = rows.Text(row, column++);
  usage.local_job_id = rows.Text(row, column++);
  usage.started_at = rows.OptionalTime(row, column++);
  usage.ended_at = rows.Time(row, column++);
  usage.used.node_seconds = rows.Int(row, column++);
  usage.used.core_seconds = rows.Int(row, column++);
  usage.used.accelerator_seconds = rows.Int(row, column++);
  usage.used.memory_mib_seconds = rows.Int(row, column++);
  usage.charged.micros = rows.Int(row, column++);
  usage.charged.unit = rows.Text(row, column++);
  usage.price_version = rows.Int(row, column++);
  usage.formula = rows.Text(row, column++);
  usage.provisional = rows.Bool(row, column++);
  usage.at = rows.Time(row, column++);
  return usage;
}

// The owner's rows and nobody else's.
TransactionSettings ReadingOf(const AccountOwner& owner) {
  CHECK(owner.project_id.has_value() != owner.site_id.has_value());
  TransactionSettings settings{.site = owner.site_id, .read_only = true};
  if (owner.project_id) {
    settings.projects = {*owner.project_id};
  }
  return settings;
}

// The first page is before the end of time.
void BindPage(Params& params, const LedgerPage& page) {
  params.Time(page.before_at.value_or(Timestamp::max())).Id(page.before_id).Int(static_cast<int64_t>(page.limit));
}

}  // namespace

Result<std::vector<AccountView>> PgLedgerStore::Accounts(const AccountOwner& owner) {
  std::vector<AccountView> accounts;
  const Status done = transactions_.Run(ReadingOf(owner), [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, owner.project_id ? tx.Execute(kProjectAccounts, Params().Id(*owner.project_id))
                                                       : tx.Execute(kSiteAccounts, Params().Id(*owner.site_id)));
    accounts.clear();
    for (int row = 0; row < rows.size(); ++row) {
      accounts.push_back(AccountAt(rows, row));
    }
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return accounts;
}

Result<std::vector<TransferView>> PgLedgerStore::Transfers(const AccountOwner& owner, const LedgerPage& page) {
  Params params;
  params.OptionalId(owner.project_id).OptionalId(owner.site_id);
  BindPage(params, page);
  std::vector<TransferView> transfers;
  const Status done = transactions_.Run(ReadingOf(owner), [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kTransfers, params));
    transfers.clear();
    for (int row = 0; row < rows.size(); ++row) {
      transfers.push_back(TransferAt(rows, row));
    }
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return transfers;
}

Result<std::vector<UsageView>> PgLedgerStore::Usage(const UsageQuery& query) {
  Params params;
  params.Id(query.project_id).OptionalId(query.job_id).OptionalTime(query.since);
  BindPage(params, query.page);
  std::vector<UsageView> usage;
  const TransactionSettings settings{.projects = {query.project_id}, .read_only = true};
  const Status done = transactions_.Run(settings, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kUsage, params));
    usage.clear();
    for (int row = 0; row < rows.size(); ++row) {
      usage.push_back(UsageAt(rows, row));
    }
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return usage;
}

}  // namespace turnpike
