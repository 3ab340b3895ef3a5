#include <gtest/gtest.h>

#include <algorithm>

#include "tests/billing/pg/ledger_store_fixture.h"

namespace turnpike {
namespace {

class LedgerPagesTest : public PgLedgerStoreTest {
 protected:
  struct NewUse {
    AttemptId attempt;
    int number = 1;
    JobId job;
    Timestamp at{};
    int64_t charge = 0;
  };
  void Use(const NewUse& use) {
    Params params;
    params.Id(use.attempt).Int(use.number).Time(use.at).Id(project_).Id(use.job).Id(site_).Int(use.charge);
    database_.AsSuperuser(R"sql(
        INSERT INTO usage_record (attempt_id, number, at, project_id, job_id, site_id, share, cluster, local_job_id, ended_at,
                                  node_seconds, core_seconds, accelerator_seconds, memory_mib_seconds, charged_micros, unit,
                                  price_version, formula, provisional)
        VALUES ($1, $2::bigint, $3, $4, $5, $6, 'main', 'c', '42', $3, 1, 2, 3, 4, $7, 'EUR', 1, 'for nothing', $2::bigint = 1))sql",
                          params);
  }
  // Charges of all records, page by page.
  std::vector<int64_t> Charges(UsageQuery query, size_t limit) {
    std::vector<int64_t> charges;
    query.project_id = project_;
    query.page = {.before_at = {}, .before_id = {}, .limit = limit};
    while (true) {
      const Result<std::vector<UsageView>> page = store_.Usage(query);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok() || page->empty()) {
        return charges;
      }
      for (const UsageView& use : *page) {
        charges.push_back(use.charged.micros);
      }
      query.page.before_at = page->back().at;
      query.page.before_id = page->back().attempt_id.uuid();
    }
  }
  AttemptId NewAttempt() { return database_.ids().Random<AttemptId>(); }

  const ProjectId project_ = Create("stars");
  const SiteId site_ = MakeSite("alpha");
};

TEST_F(LedgerPagesTest, TransfersComeNewestFirstAPageAtATime) {
  std::vector<TransferId> made;
  for (int i = 1; i <= 5; ++i) {
    made.push_back(Deposit(project_, i).transfer_id);
  }
  Deposit(Create("seas"), 99);
  std::ranges::reverse(made);
  std::vector<TransferId> read;
  LedgerPage page{.before_at = {}, .before_id = {}, .limit = 2};
  for (const size_t expected : {2u, 2u, 1u, 0u}) {
    const Result<std::vector<TransferView>> transfers = store_.Transfers(Owner(project_), page);
    ASSERT_TRUE(transfers.ok()) << transfers.status();
    ASSERT_EQ(transfers->size(), expected);
    for (const TransferView& transfer : *transfers) {
      read.push_back(transfer.transfer_id);
      page.before_at = transfer.at;
      page.before_id = transfer.transfer_id.uuid();
    }
  }
  EXPECT_EQ(read, made);
}

TEST_F(LedgerPagesTest, TransfersOfOneMomentAreAllRead) {
  const AccountId earnings = MakeSiteAccount(site_, "EUR");
  const AccountId paying = Account(Owner(project_)).account_id;
  for (int i = 1; i <= 5; ++i) {
    Move({.debit = paying, .credit = earnings, .amount = i, .project = project_, .site = site_});
  }
  database_.AsSuperuser("UPDATE transfer SET at = date_trunc('hour', now())");
  std::set<int64_t> amounts;
  LedgerPage page{.before_at = {}, .before_id = {}, .limit = 2};
  for (int pages = 0; pages < 4; ++pages) {
    const Result<std::vector<TransferView>> transfers = store_.Transfers(Owner(project_), page);
    ASSERT_TRUE(transfers.ok()) << transfers.status();
    for (const TransferView& transfer : *transfers) {
      EXPECT_TRUE(amounts.insert(transfer.amount.micros).second);
      page.before_at = transfer.at;
      page.before_id = transfer.transfer_id.uuid();
    }
  }
  EXPECT_EQ(amounts, (std::set<int64_t>{1, 2, 3, 4, 5}));
}

TEST_F(LedgerPagesTest, ASiteSeesItsIncomeAndNobodyElses) {
  const SiteId other = MakeSite("beta");
  const AccountId paying = Account(Owner(project_)).account_id;
  const AccountId earnings = MakeSiteAccount(site_, "EUR");
  const AccountId others = MakeSiteAccount(other, "EUR");
  Move({.debit = paying, .credit = earnings, .amount = 5, .project = project_, .site = site_});
  Move({.debit = paying, .credit = others, .amount = 7, .project = project_, .site = other});
  const LedgerPage page{.before_at = {}, .before_id = {}, .limit = 10};
  const Result<std::vector<TransferView>> income = store_.Transfers(Owner(site_), page);
  ASSERT_TRUE(income.ok()) << income.status();
  ASSERT_EQ(income->size(), 1u);
  EXPECT_EQ(income->front().kind, TransferKind::kCharge);
  EXPECT_EQ(income->front().amount, (Money{5, "EUR"}));
  EXPECT_EQ(store_.Transfers(Owner(project_), page)->size(), 2u);
}

TEST_F(LedgerPagesTest, ASitesBalanceIsWhatItEarnedBeforeAndAfterTheRollup) {
  const AccountId paying = Account(Owner(project_)).account_id;
  const AccountId earnings = MakeSiteAccount(site_, "EUR");
  const AccountView before = Account(Owner(site_));
  EXPECT_EQ(before.balance_micros, 0);
  EXPECT_EQ(before.kind, AccountKind::kSite);
  EXPECT_EQ(before.owner, "alpha");
  Move({.debit = paying, .credit = earnings, .amount = 100, .project = project_, .site = site_});
  Move({.kind = "REFUND", .debit = earnings, .credit = paying, .amount = 30, .project = project_, .site = site_});
  EXPECT_EQ(Account(Owner(site_)).balance_micros, 70);

  // A figure of its own shows that what is rolled up is not counted again.
  database_.AsSuperuser(
      "INSERT INTO account_rollup (account_id, balance_micros, through_xid) VALUES ($1, 1070, pg_current_xact_id())",
      Params().Id(earnings));
  EXPECT_EQ(Account(Owner(site_)).balance_micros, 1070);
  Move({.debit = paying, .credit = earnings, .amount = 5, .project = project_, .site = site_});
  Move({.kind = "REFUND", .debit = earnings, .credit = paying, .amount = 2, .project = project_, .site = site_});
  EXPECT_EQ(Account(Owner(site_)).balance_micros, 1073);
}

TEST_F(LedgerPagesTest, ASiteThatEarnsInSeveralUnitsHasAnAccountForEach) {
  MakeSiteAccount(site_, "core-hour@alpha");
  MakeSiteAccount(site_, "EUR");
  MakeSiteAccount(MakeSite("beta"), "USD");
  const Result<std::vector<AccountView>> accounts = store_.Accounts(Owner(site_));
  ASSERT_TRUE(accounts.ok()) << accounts.status();
  ASSERT_EQ(accounts->size(), 2u);
  EXPECT_LT((*accounts)[0].unit, (*accounts)[1].unit);
  EXPECT_TRUE(store_.Accounts(Owner(database_.ids().Random<SiteId>()))->empty());
}

TEST_F(LedgerPagesTest, UsageTellsWhatWasUsedAndWhatItCost) {
  const NewUse use{.attempt = NewAttempt(),
                   .job = database_.ids().TimeOrdered<JobId>(),
                   .at = TimestampFromSeconds(1'700'000'000),
                   .charge = 5};
  Use(use);
  const Result<std::vector<UsageView>> records = store_.Usage(
      {.project_id = project_, .job_id = {}, .since = {}, .page = {.before_at = {}, .before_id = {}, .limit = 10}});
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_EQ(records->size(), 1u);
  const UsageView& record = records->front();
  EXPECT_EQ(record.attempt_id, use.attempt);
  EXPECT_EQ(record.job_id, use.job);
  EXPECT_EQ(record.site_name, "alpha");
  EXPECT_EQ(record.share, "main");
  EXPECT_EQ(record.local_job_id, "42");
  EXPECT_EQ(record.started_at, std::nullopt);
  EXPECT_EQ(record.ended_at, use.at);
  EXPECT_EQ(record.used.node_seconds, 1);
  EXPECT_EQ(record.used.core_seconds, 2);
  EXPECT_EQ(record.used.accelerator_seconds, 3);
  EXPECT_EQ(record.used.memory_mib_seconds, 4);
  EXPECT_EQ(record.charged, (Money{5, "EUR"}));
  EXPECT_EQ(record.price_version, 1);
  EXPECT_EQ(record.formula, "for nothing");
  EXPECT_TRUE(record.provisional);
}

TEST_F(LedgerPagesTest, UsageShowsACorrectionInPlaceOfWhatItCorrects) {
  const Timestamp start = TimestampFromSeconds(1'700'000'000);
  const JobId job = database_.ids().TimeOrdered<JobId>();
  const AttemptId corrected = NewAttempt();
  Use({.attempt = NewAttempt(), .job = job, .at = start, .charge = 1});
  Use({.attempt = corrected, .number = 1, .job = job, .at = start + std::chrono::seconds(1), .charge = 2});
  Use({.attempt = corrected, .number = 2, .job = job, .at = start + std::chrono::seconds(1), .charge = 3});
  Use({.attempt = NewAttempt(), .job = job, .at = start + std::chrono::seconds(2), .charge = 4});
  for (const size_t limit : {1u, 2u, 3u, 10u}) {
    EXPECT_EQ(Charges({}, limit), (std::vector<int64_t>{4, 3, 1})) << limit;
  }
}

TEST_F(LedgerPagesTest, UsageOfOneJobOrSinceAMoment) {
  const Timestamp start = TimestampFromSeconds(1'700'000'000);
  const JobId job = database_.ids().TimeOrdered<JobId>();
  const JobId other = database_.ids().TimeOrdered<JobId>();
  for (int i = 1; i <= 4; ++i) {
    Use({.attempt = NewAttempt(), .job = i % 2 == 0 ? job : other, .at = start + std::chrono::seconds(i), .charge = i});
  }
  EXPECT_EQ(Charges({.project_id = {}, .job_id = job, .since = {}, .page = {}}, 10), (std::vector<int64_t>{4, 2}));
  EXPECT_EQ(Charges({.project_id = {}, .job_id = {}, .since = start + std::chrono::seconds(3), .page = {}}, 10),
            (std::vector<int64_t>{4, 3}));
  const Result<std::vector<UsageView>> none = store_.Usage({.project_id = Create("seas"),
                                                            .job_id = job,
                                                            .since = {},
                                                            .page = {.before_at = {}, .before_id = {}, .limit = 10}});
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_TRUE(none->empty());
}

}  // namespace
}  // namespace turnpike
