#include "billing/pg/ledger_writer.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "base/failpoint.h"

namespace turnpike {
namespace {

template <class AnyId>
void SortUnique(std::vector<AnyId>& ids) {
  std::ranges::sort(ids);
  const auto rest = std::ranges::unique(ids);
  ids.erase(rest.begin(), rest.end());
}

// The projects' books, in the order in which every transaction locks them.  $1 projects.
constexpr char kLockAccounts[] = R"sql(
    SELECT project_id, account_id, unit, balance_micros, held_micros, floor_micros
      FROM account
     WHERE kind = 'project'
       AND project_id = ANY($1)
     ORDER BY account_id
       FOR UPDATE
)sql";

// $1 jobs, $2 projects, $3 accounts, $4 units, $5 amounts.
constexpr char kInsertHolds[] = R"sql(
    INSERT INTO funds_hold (job_id, project_id, account_id, unit, reserved_micros)
    SELECT job_id, project_id, account_id, unit, reserved
      FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[]) AS new(job_id, project_id, account_id, unit, reserved)
)sql";

// $1 accounts, $2 what each now holds more, $3 what its balance changes by.
constexpr char kChangeAccounts[] = R"sql(
    UPDATE account AS a
       SET held_micros = a.held_micros + change.held,
           balance_micros = a.balance_micros + change.balance
      FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS change(account_id, held, balance)
     WHERE a.account_id = change.account_id
)sql";

// $1 jobs.
constexpr char kLockHolds[] = R"sql(
    SELECT job_id, account_id, project_id, unit, reserved_micros, charged_micros, released_micros, refunded_micros
      FROM funds_hold
     WHERE job_id = ANY($1)
     ORDER BY job_id
       FOR UPDATE
)sql";

// Adds to what was charged, released and refunded, and says which accounts that touches.
// $1 jobs, $2 charged, $3 released, $4 refunded.
constexpr char kChangeHolds[] = R"sql(
    UPDATE funds_hold AS h
       SET charged_micros = h.charged_micros + change.charged,
           released_micros = h.released_micros + change.released,
           refunded_micros = h.refunded_micros + change.refunded
      FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) AS change(job_id, charged, released, refunded)
     WHERE h.job_id = change.job_id
 RETURNING h.account_id, change.charged, change.released, change.refunded
)sql";

// $1 ids for new ones, $2 sites, $3 units.
constexpr char kMakeSiteAccounts[] = R"sql(
    INSERT INTO account (account_id, kind, site_id, unit)
    SELECT account_id, 'site', site_id, unit
      FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS new(account_id, site_id, unit)
     ORDER BY site_id, unit
        ON CONFLICT DO NOTHING
)sql";

// $1 sites.
constexpr char kSiteAccounts[] = R"sql(
    SELECT site_id, unit, account_id
      FROM account
     WHERE kind = 'site'
       AND site_id = ANY($1)
     ORDER BY site_id, unit
)sql";

// $1 attempts, $2 numbers, $3 projects, $4 jobs, $5 tasks, $6 sites, $7 shares, $8 clusters, $9 local ids, $10 starts,
// $11 ends, $12 to $15 resource-seconds, $16 charges, $17 units, $18 price versions, $19 formulas, $20 provisional, $21
// disputed.
constexpr char kInsertUsage[] = R"sql(
    INSERT INTO usage_record (attempt_id, number, at, project_id, job_id, task_index, site_id, share, cluster, local_job_id,
                              started_at, ended_at, node_seconds, core_seconds, accelerator_seconds, memory_mib_seconds,
                              charged_micros, unit, price_version, formula, provisional, disputed)
    SELECT attempt_id, number, now(), project_id, job_id, task_index, site_id, share, cluster, local_job_id, started_at, ended_at,
           node_seconds, core_seconds, accelerator_seconds, memory_mib_seconds, charged, unit, price_version, formula, provisional,
           disputed
      FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::bigint[], $6::uuid[], $7::text[], $8::text[], $9::text[],
                  $10::timestamptz[], $11::timestamptz[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[],
                  $16::bigint[], $17::text[], $18::bigint[], $19::text[], $20::boolean[], $21::boolean[])
        AS new(attempt_id, number, project_id, job_id, task_index, site_id, share, cluster, local_job_id, started_at, ended_at,
               node_seconds, core_seconds, accelerator_seconds, memory_mib_seconds, charged, unit, price_version, formula,
               provisional, disputed)
)sql";

// Between the project's account, which the hold names, and the site's: a charge goes there, a refund comes back.
// $1 transfers, $2 entries, $3 sites' accounts, $4 units, $5 amounts, $6 projects, $7 sites, $8 jobs, $9 tasks, $10
// attempts, $11 texts, $12 which are refunds.
constexpr char kInsertTransfers[] = R"sql(
    INSERT INTO transfer (transfer_id, entry_id, at, kind, debit_account, credit_account, unit, amount_micros, project_id, site_id,
                          job_id, task_index, attempt_id, description)
    SELECT new.transfer_id, new.entry_id, now(), CASE WHEN new.refund THEN 'REFUND' ELSE 'CHARGE' END,
           CASE WHEN new.refund THEN new.site_account ELSE h.account_id END,
           CASE WHEN new.refund THEN h.account_id ELSE new.site_account END, new.unit, new.amount, new.project_id,
           new.site_id, new.job_id, new.task_index, new.attempt_id, new.description
      FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::uuid[], $7::uuid[], $8::uuid[], $9::bigint[],
                  $10::uuid[], $11::text[], $12::boolean[])
        AS new(transfer_id, entry_id, site_account, unit, amount, project_id, site_id, job_id, task_index, attempt_id,
               description, refund)
      JOIN funds_hold AS h USING (job_id)
)sql";

// Fair share reads it by day.  Under the lock of the projects' accounts.  $1 projects, $2 what was charged more.
constexpr char kAddUsage[] = R"sql(
    INSERT INTO project_usage (project_id, day, charged_micros)
    SELECT project_id, (now() AT TIME ZONE 'UTC')::date, charged
      FROM unnest($1::uuid[], $2::bigint[]) AS new(project_id, charged)
     ORDER BY project_id
        ON CONFLICT (project_id, day) DO UPDATE
       SET charged_micros = project_usage.charged_micros + excluded.charged_micros
)sql";

bool IsCorrection(const SettledUse& use) {
  return use.number > 1;
}

int64_t MovedMicros(const SettledUse& use) {
  return IsCorrection(use) ? use.refund_micros : use.charge_micros;
}

// Of kAddUsage.
Params UsageOf(const std::vector<SettledUse>& uses) {
  std::map<ProjectId, int64_t> by_project;
  for (const SettledUse& use : uses) {
    by_project[use.project_id] += IsCorrection(use) ? -use.refund_micros : use.charge_micros;
  }
  std::vector<ProjectId> projects;
  std::vector<int64_t> charged;
  for (const auto& [project, micros] : by_project) {
    projects.push_back(project);
    charged.push_back(micros);
  }
  return std::move(Params().IdArray(projects).IntArray(charged));
}

}  // namespace

Result<std::map<ProjectId, LockedAccount>> LedgerWriter::LockAccounts(std::vector<ProjectId> projects) {
  SortUnique(projects);
  ASSIGN_OR_RETURN(const Rows rows, tx_.Execute(kLockAccounts, Params().IdArray(projects)));
  std::map<ProjectId, LockedAccount> accounts;
  for (int row = 0; row < rows.size(); ++row) {
    accounts[rows.Id<ProjectId>(row, 0)] = {.account_id = rows.Id<AccountId>(row, 1),
                                            .unit = std::string(rows.Text(row, 2)),
                                            .balance_micros = rows.Int(row, 3),
                                            .held_micros = rows.Int(row, 4),
                                            .floor_micros = rows.Int(row, 5)};
  }
  return accounts;
}

void LedgerWriter::Reserve(const std::vector<NewHold>& holds) {
  std::vector<JobId> jobs;
  std::vector<ProjectId> projects;
  std::vector<AccountId> accounts;
  std::vector<std::string> units;
  std::vector<int64_t> amounts;
  std::map<AccountId, int64_t> held;
  for (const NewHold& hold : holds) {
    jobs.push_back(hold.job_id);
    projects.push_back(hold.project_id);
    accounts.push_back(hold.account_id);
    units.push_back(hold.unit);
    amounts.push_back(hold.reserved_micros);
    held[hold.account_id] += hold.reserved_micros;
  }
  std::vector<AccountId> changed;
  std::vector<int64_t> more_held;
  for (const auto& [account, amount] : held) {
    changed.push_back(account);
    more_held.push_back(amount);
  }
  Params hold_params, account_params;
  hold_params.IdArray(jobs).IdArray(projects).IdArray(accounts).TextArray(units).IntArray(amounts);
  account_params.IdArray(changed).IntArray(more_held).IntArray(std::vector<int64_t>(changed.size(), 0));
  tx_.Defer(kChangeAccounts, std::move(account_params));
  tx_.Defer(kInsertHolds, std::move(hold_params));
}

Result<std::map<JobId, LockedHold>> LedgerWriter::LockHolds(std::vector<JobId> jobs) {
  SortUnique(jobs);
  ASSIGN_OR_RETURN(const Rows rows, tx_.Execute(kLockHolds, Params().IdArray(jobs)));
  std::map<JobId, LockedHold> holds;
  for (int row = 0; row < rows.size(); ++row) {
    holds[rows.Id<JobId>(row, 0)] = {.account_id = rows.Id<AccountId>(row, 1),
                                     .project_id = rows.Id<ProjectId>(row, 2),
                                     .unit = std::string(rows.Text(row, 3)),
                                     .reserved_micros = rows.Int(row, 4),
                                     .charged_micros = rows.Int(row, 5),
                                     .released_micros = rows.Int(row, 6),
                                     .refunded_micros = rows.Int(row, 7)};
  }
  return holds;
}

Status LedgerWriter::Settle(const std::vector<HoldChange>& changes, const std::vector<SettledUse>& uses) {
  if (!changes.empty()) {
    RETURN_IF_ERROR(ChangeHolds(changes));
  }
  if (uses.empty()) {
    return OkStatus();
  }
  RETURN_IF_ERROR(WriteUses(uses));
  if (TURNPIKE_RULE_IS_BROKEN("settle.once")) {
    RETURN_IF_ERROR(WriteTransfers(uses));
  }
  return WriteTransfers(uses);
}

Status LedgerWriter::ChangeHolds(const std::vector<HoldChange>& changes) {
  std::map<JobId, HoldChange> by_job;  // one row may be changed once only by a statement
  for (const HoldChange& change : changes) {
    HoldChange& sum = by_job[change.job_id];
    sum.charge_micros += change.charge_micros;
    sum.release_micros += change.release_micros;
    sum.refund_micros += change.refund_micros;
  }
  std::vector<JobId> jobs;
  std::vector<int64_t> charged, released, refunded;
  for (const auto& [job, change] : by_job) {
    jobs.push_back(job);
    charged.push_back(change.charge_micros);
    released.push_back(change.release_micros);
    refunded.push_back(change.refund_micros);
  }
  const Params params = std::move(Params().IdArray(jobs).IntArray(charged).IntArray(released).IntArray(refunded));
  ASSIGN_OR_RETURN(const Rows rows, tx_.Execute(kChangeHolds, params));
  if (rows.size() != static_cast<int>(by_job.size())) {
    return Internal("{} funds holds were to change, {} did", by_job.size(), rows.size());
  }
  std::map<AccountId, std::pair<int64_t, int64_t>> by_account;  // held, balance
  for (int row = 0; row < rows.size(); ++row) {
    auto& [held, balance] = by_account[rows.Id<AccountId>(row, 0)];
    held -= rows.Int(row, 1) + rows.Int(row, 2);
    balance += rows.Int(row, 3) - rows.Int(row, 1);
  }
  std::vector<AccountId> accounts;
  std::vector<int64_t> held;
  std::vector<int64_t> balance;
  for (const auto& [account, change] : by_account) {
    accounts.push_back(account);
    held.push_back(change.first);
    balance.push_back(change.second);
  }
  return tx_.Execute(kChangeAccounts, Params().IdArray(accounts).IntArray(held).IntArray(balance)).status();
}

Status LedgerWriter::WriteUses(const std::vector<SettledUse>& uses) {
  std::vector<AttemptId> attempts;
  std::vector<ProjectId> projects;
  std::vector<JobId> jobs;
  std::vector<SiteId> sites;
  std::vector<std::string> shares, clusters, local_ids, units, formulas;
  std::vector<int64_t> numbers, tasks, nodes, cores, accelerators, memory, charges, versions;
  std::vector<std::optional<Timestamp>> starts;
  std::vector<Timestamp> ends;
  std::vector<bool> provisional, disputed;
  for (const SettledUse& use : uses) {
    attempts.push_back(use.attempt_id);
    numbers.push_back(use.number);
    projects.push_back(use.project_id);
    jobs.push_back(use.job_id);
    tasks.push_back(use.task_index);
    sites.push_back(use.site_id);
    shares.push_back(use.share);
    clusters.push_back(use.cluster);
    local_ids.push_back(use.local_job_id);
    starts.push_back(use.started_at);
    ends.push_back(use.ended_at);
    nodes.push_back(use.used.node_seconds);
    cores.push_back(use.used.core_seconds);
    accelerators.push_back(use.used.accelerator_seconds);
    memory.push_back(use.used.memory_mib_seconds);
    charges.push_back(use.charge_micros);
    units.push_back(use.unit);
    versions.push_back(use.price_version);
    formulas.push_back(use.formula);
    provisional.push_back(use.provisional);
    disputed.push_back(use.disputed);
  }
  Params params;
  params.IdArray(attempts).IntArray(numbers).IdArray(projects).IdArray(jobs).IntArray(tasks).IdArray(sites).TextArray(
      shares);
  params.TextArray(clusters).TextArray(local_ids).OptionalTimeArray(starts).TimeArray(ends);
  params.IntArray(nodes).IntArray(cores).IntArray(accelerators).IntArray(memory).IntArray(charges).TextArray(units);
  params.IntArray(versions).TextArray(formulas).BoolArray(provisional).BoolArray(disputed);
  return tx_.Execute(kInsertUsage, params).status();
}

Status LedgerWriter::WriteTransfers(const std::vector<SettledUse>& uses) {
  std::vector<SettledUse> moving;
  std::ranges::copy_if(uses, std::back_inserter(moving), [](const SettledUse& use) { return MovedMicros(use) > 0; });
  if (moving.empty()) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const auto site_accounts, SiteAccounts(moving));
  std::vector<TransferId> transfers;
  std::vector<EntryId> entries;
  std::vector<AccountId> accounts;
  std::vector<std::string> units, descriptions;
  std::vector<int64_t> amounts, tasks;
  std::vector<ProjectId> projects;
  std::vector<SiteId> sites;
  std::vector<JobId> jobs;
  std::vector<AttemptId> attempts;
  std::vector<bool> refunds;
  for (const SettledUse& use : moving) {
    transfers.push_back(ids_.TimeOrdered<TransferId>());
    entries.push_back(ids_.TimeOrdered<EntryId>());
    accounts.push_back(site_accounts.at({use.site_id, use.unit}));
    units.push_back(use.unit);
    amounts.push_back(MovedMicros(use));
    projects.push_back(use.project_id);
    sites.push_back(use.site_id);
    jobs.push_back(use.job_id);
    tasks.push_back(use.task_index);
    attempts.push_back(use.attempt_id);
    descriptions.push_back(use.formula);
    refunds.push_back(IsCorrection(use));
  }
  Params params;
  params.IdArray(transfers).IdArray(entries).IdArray(accounts).TextArray(units).IntArray(amounts).IdArray(projects);
  params.IdArray(sites).IdArray(jobs).IntArray(tasks).IdArray(attempts).TextArray(descriptions).BoolArray(refunds);
  const Params usage = UsageOf(moving);
  const Statement statements[] = {{kInsertTransfers, &params}, {kAddUsage, &usage}};
  ASSIGN_OR_RETURN(const std::vector<Rows> results, tx_.ExecuteAll(statements));
  if (results[0].affected() != static_cast<int64_t>(moving.size())) {
    return Internal("{} transfers were to be written, {} were", moving.size(), results[0].affected());
  }
  return OkStatus();
}

Result<std::map<std::pair<SiteId, std::string>, AccountId>> LedgerWriter::SiteAccounts(
    const std::vector<SettledUse>& uses) {
  std::set<std::pair<SiteId, std::string>> wanted;
  for (const SettledUse& use : uses) {
    wanted.emplace(use.site_id, use.unit);
  }
  std::vector<SiteId> sites;
  std::vector<std::string> units;
  for (const auto& [site, unit] : wanted) {
    sites.push_back(site);
    units.push_back(unit);
  }
  std::map<std::pair<SiteId, std::string>, AccountId> found;
  // Read first: after a site's first charge its account is always there.
  for (int pass = 0; pass < 2; ++pass) {
    ASSIGN_OR_RETURN(const Rows rows, tx_.Execute(kSiteAccounts, Params().IdArray(sites)));
    for (int row = 0; row < rows.size(); ++row) {
      found[{rows.Id<SiteId>(row, 0), std::string(rows.Text(row, 1))}] = rows.Id<AccountId>(row, 2);
    }
    const bool complete = std::ranges::all_of(wanted, [&](const auto& key) { return found.contains(key); });
    if (complete) {
      return found;
    }
    std::vector<AccountId> new_ids;
    for (size_t i = 0; i < wanted.size(); ++i) {
      new_ids.push_back(ids_.Random<AccountId>());
    }
    RETURN_IF_ERROR(tx_.Execute(kMakeSiteAccounts, Params().IdArray(new_ids).IdArray(sites).TextArray(units)).status());
  }
  return Internal("the accounts of {} sites could not be made", wanted.size());
}

}  // namespace turnpike
