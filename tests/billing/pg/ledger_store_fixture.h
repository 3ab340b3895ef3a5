#pragma once
// A ledger store on a database of its own, and what jobs would have written there.

#include <string>

#include "billing/pg/pg_ledger_store.h"
#include "tests/billing/pg/api_database.h"

namespace turnpike {

class PgLedgerStoreTest : public testing::Test {
 protected:
  ProjectId Create(const std::string& name) {
    const ProjectId id = database_.ids().Random<ProjectId>();
    const Result<ProjectView> made = store_.CreateProject(database_.NewKey("CreateProject", name), {id, name, "EUR"});
    EXPECT_TRUE(made.ok()) << made.status();
    return id;
  }
  DepositOrder Order(ProjectId project, int64_t amount) {
    return {.key = database_.NewKey("Deposit", std::to_string(amount)),
            .project_id = project,
            .amount_micros = amount,
            .description = "grant"};
  }
  TransferView Deposit(ProjectId project, int64_t amount) {
    Result<TransferView> deposit = store_.Deposit(Order(project, amount));
    EXPECT_TRUE(deposit.ok()) << deposit.status();
    return deposit.ok() ? *deposit : TransferView{};
  }
  AccountView Account(const AccountOwner& owner) {
    const Result<std::vector<AccountView>> accounts = store_.Accounts(owner);
    EXPECT_TRUE(accounts.ok()) << accounts.status();
    EXPECT_EQ(accounts->size(), 1u);
    return accounts->empty() ? AccountView{} : accounts->front();
  }
  static AccountOwner Owner(ProjectId project) { return {.project_id = project, .site_id = {}}; }
  static AccountOwner Owner(SiteId site) { return {.project_id = {}, .site_id = site}; }

  SiteId MakeSite(const std::string& name) {
    const SiteId site = database_.ids().Random<SiteId>();
    database_.AsSuperuser("INSERT INTO site (site_id, name, display_name, state) VALUES ($1, $2, '', 'ACTIVE')",
                          Params().Id(site).Text(name));
    return site;
  }
  AccountId MakeSiteAccount(SiteId site, const std::string& unit) {
    const AccountId account = database_.ids().Random<AccountId>();
    database_.AsSuperuser("INSERT INTO account (account_id, kind, site_id, unit) VALUES ($1, 'site', $2, $3)",
                          Params().Id(account).Id(site).Text(unit));
    return account;
  }
  // A transfer of a job, without what else a job does.
  struct JobTransfer {
    std::string kind = "CHARGE";
    AccountId debit;
    AccountId credit;
    int64_t amount = 0;
    ProjectId project;
    SiteId site;
  };
  void Move(const JobTransfer& move) {
    Params params;
    params.Id(database_.ids().TimeOrdered<TransferId>()).Id(database_.ids().TimeOrdered<EntryId>()).Text(move.kind);
    params.Id(move.debit).Id(move.credit).Int(move.amount).Id(move.project).Id(move.site);
    database_.AsSuperuser(R"sql(
        INSERT INTO transfer (transfer_id, entry_id, at, kind, debit_account, credit_account, unit, amount_micros, project_id, site_id)
        VALUES ($1, $2, clock_timestamp(), $3, $4, $5, 'EUR', $6, $7, $8))sql",
                          params);
  }
  // All credits less all debits, over every account of every unit, and what projects' accounts say beside them.
  void ExpectBalanced() {
    EXPECT_EQ(database_.CountAsSuperuser(R"sql(
        SELECT count(*)
          FROM account AS a
         WHERE a.kind = 'project'
           AND a.balance_micros <> (SELECT coalesce(sum(CASE WHEN t.credit_account = a.account_id THEN t.amount_micros
                                                             ELSE -t.amount_micros END), 0)
                                      FROM transfer AS t
                                     WHERE a.account_id IN (t.credit_account, t.debit_account)))sql"),
              0);
    EXPECT_EQ(database_.CountAsSuperuser(R"sql(
        SELECT count(*)
          FROM (SELECT legs.unit
                  FROM (SELECT a.unit, t.amount_micros AS amount FROM transfer AS t JOIN account AS a ON a.account_id = t.credit_account
                         UNION ALL
                        SELECT a.unit, -t.amount_micros FROM transfer AS t JOIN account AS a ON a.account_id = t.debit_account) AS legs
                 GROUP BY legs.unit
                HAVING sum(legs.amount) <> 0) AS unbalanced)sql"),
              0);
  }

  ApiDatabase database_;
  PgLedgerStore store_{database_.transactions(), database_.ids()};
};

}  // namespace turnpike
