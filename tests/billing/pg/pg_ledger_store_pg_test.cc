#include <gtest/gtest.h>

#include <future>
#include <limits>

#include "base/error_reason.h"
#include "base/pg/sql_status.h"
#include "billing/pg/pg_ledger_store.h"
#include "tests/billing/pg/ledger_store_fixture.h"

namespace turnpike {
namespace {

TEST_F(PgLedgerStoreTest, MakesAProjectWithAnEmptyAccount) {
  const ProjectId id = Create("stars");
  for (const std::string& name_or_id : {std::string("stars"), id.ToString()}) {
    const Result<ProjectView> found = store_.FindProject(name_or_id);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->project_id, id);
    EXPECT_EQ(found->name, "stars");
    EXPECT_EQ(found->unit, "EUR");
  }
  const AccountView account = Account(Owner(id));
  EXPECT_EQ(account.kind, AccountKind::kProject);
  EXPECT_EQ(account.owner, "stars");
  EXPECT_EQ(account.unit, "EUR");
  EXPECT_EQ(account.balance_micros, 0);
  EXPECT_EQ(account.available_micros(), 0);
}

TEST_F(PgLedgerStoreTest, ProjectsOfOneUnitShareTheWorldOutside) {
  Create("stars");
  Create("seas");
  ASSERT_TRUE(store_
                  .CreateProject(database_.NewKey("CreateProject", ""),
                                 {database_.ids().Random<ProjectId>(), "rocks", "core-hour@alpha"})
                  .ok());
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM account WHERE kind = 'external'"), 2);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM account WHERE kind = 'project'"), 3);
}

TEST_F(PgLedgerStoreTest, DoesNotFindWhatIsNotThere) {
  for (const std::string& name_or_id : {std::string("stars"), database_.ids().Random<ProjectId>().ToString()}) {
    const Result<ProjectView> found = store_.FindProject(name_or_id);
    EXPECT_EQ(found.status().code(), StatusCode::kNotFound);
    EXPECT_EQ(DetailsOf(found.status()).reason, ErrorReason::kNotFound);
  }
  EXPECT_TRUE(store_.Accounts(Owner(database_.ids().Random<ProjectId>()))->empty());
}

TEST_F(PgLedgerStoreTest, ARepeatReturnsTheProjectMadeFirst) {
  const RequestKey key = database_.NewKey("CreateProject", "stars");
  const ProjectId first = database_.ids().Random<ProjectId>();
  ASSERT_TRUE(store_.CreateProject(key, {first, "stars", "EUR"}).ok());
  const Result<ProjectView> repeat = store_.CreateProject(key, {database_.ids().Random<ProjectId>(), "stars", "EUR"});
  ASSERT_TRUE(repeat.ok()) << repeat.status();
  EXPECT_EQ(repeat->project_id, first);
  EXPECT_EQ(repeat->name, "stars");
  EXPECT_EQ(repeat->unit, "EUR");
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM project"), 1);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT repeats FROM request_key"), 1);
}

TEST_F(PgLedgerStoreTest, RefusesAReusedRequestIdAndATakenName) {
  RequestKey key = database_.NewKey("CreateProject", "stars");
  ASSERT_TRUE(store_.CreateProject(key, {database_.ids().Random<ProjectId>(), "stars", "EUR"}).ok());
  key.request_hash = Sha256("seas");
  const Result<ProjectView> reused = store_.CreateProject(key, {database_.ids().Random<ProjectId>(), "seas", "EUR"});
  EXPECT_EQ(reused.status().code(), StatusCode::kInvalidArgument) << reused.status();
  EXPECT_EQ(DetailsOf(reused.status()).reason, ErrorReason::kRequestIdReused);

  const Result<ProjectView> taken = store_.CreateProject(database_.NewKey("CreateProject", "stars"),
                                                         {database_.ids().Random<ProjectId>(), "stars", "USD"});
  EXPECT_EQ(taken.status().code(), StatusCode::kAlreadyExists) << taken.status();
  EXPECT_EQ(DetailsOf(taken.status()).reason, ErrorReason::kAlreadyExists);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM account"), 2);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM request_key"), 1);
}

TEST_F(PgLedgerStoreTest, ADepositMovesMoneyFromOutsideToTheProject) {
  const ProjectId id = Create("stars");
  const TransferView deposit = Deposit(id, 12'340'000);
  const AccountView account = Account(Owner(id));
  EXPECT_EQ(deposit.kind, TransferKind::kDeposit);
  EXPECT_EQ(deposit.amount, (Money{12'340'000, "EUR"}));
  EXPECT_EQ(deposit.credit_account, account.account_id);
  EXPECT_EQ(deposit.description, "grant");
  EXPECT_EQ(deposit.job_id, std::nullopt);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM account WHERE kind = 'external' AND account_id = $1",
                                       Params().Id(deposit.debit_account)),
            1);
  EXPECT_EQ(account.balance_micros, 12'340'000);
  EXPECT_EQ(account.available_micros(), 12'340'000);
  ExpectBalanced();
}

TEST_F(PgLedgerStoreTest, ARepeatedDepositIsMadeOnce) {
  const ProjectId id = Create("stars");
  const DepositOrder order = Order(id, 5);
  const Result<TransferView> first = store_.Deposit(order);
  const Result<TransferView> repeat = store_.Deposit(order);
  ASSERT_TRUE(first.ok() && repeat.ok()) << first.status() << repeat.status();
  EXPECT_EQ(repeat->transfer_id, first->transfer_id);
  EXPECT_EQ(repeat->entry_id, first->entry_id);
  EXPECT_EQ(repeat->at, first->at);
  EXPECT_EQ(Account(Owner(id)).balance_micros, 5);
}

TEST_F(PgLedgerStoreTest, ADepositRepeatedAtOnceIsMadeOnce) {
  const ProjectId id = Create("stars");
  const DepositOrder order = Order(id, 5);
  std::vector<std::future<Result<TransferView>>> calls;
  for (int i = 0; i < 4; ++i) {
    calls.push_back(std::async(std::launch::async, [&] { return store_.Deposit(order); }));
  }
  std::set<TransferId> transfers;
  for (std::future<Result<TransferView>>& call : calls) {
    const Result<TransferView> transfer = call.get();
    ASSERT_TRUE(transfer.ok()) << transfer.status();
    transfers.insert(transfer->transfer_id);
  }
  EXPECT_EQ(transfers.size(), 1u);
  EXPECT_EQ(Account(Owner(id)).balance_micros, 5);
}

TEST_F(PgLedgerStoreTest, DepositsAtOnceAllCount) {
  constexpr int kEach = 10;
  const ProjectId projects[] = {Create("stars"), Create("seas")};
  std::vector<std::future<void>> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.push_back(std::async(std::launch::async, [&, writer] {
      for (int i = 1; i <= kEach; ++i) {
        Deposit(projects[(writer + i) % 2], i);
      }
    }));
  }
  for (std::future<void>& writer : writers) {
    writer.get();
  }
  EXPECT_EQ(Account(Owner(projects[0])).balance_micros + Account(Owner(projects[1])).balance_micros, 4 * 55);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM transfer"), 4 * kEach);
  ExpectBalanced();
}

TEST_F(PgLedgerStoreTest, RefusedDepositsMoveNothing) {
  const ProjectId id = Create("stars");
  DepositOrder order = Order(id, 5);
  ASSERT_TRUE(store_.Deposit(order).ok());
  order.key.request_hash = Sha256("6");
  order.amount_micros = 6;
  EXPECT_EQ(DetailsOf(store_.Deposit(order).status()).reason, ErrorReason::kRequestIdReused);
  EXPECT_EQ(store_.Deposit(Order(id, 0)).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_.Deposit(Order(id, -1)).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_.Deposit(Order(id, std::numeric_limits<int64_t>::max())).status().code(), StatusCode::kOutOfRange);
  const Result<TransferView> unknown = store_.Deposit(Order(database_.ids().Random<ProjectId>(), 5));
  EXPECT_EQ(unknown.status().code(), StatusCode::kNotFound) << unknown.status();
  EXPECT_EQ(DetailsOf(unknown.status()).reason, ErrorReason::kNotFound);
  EXPECT_EQ(Account(Owner(id)).balance_micros, 5);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM transfer"), 1);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM request_key WHERE method = 'Deposit'"), 1);
}

TEST_F(PgLedgerStoreTest, OtherProjectsRowsAreNotSeen) {
  const ProjectId mine = Create("stars");
  const ProjectId other = Create("seas");
  Deposit(mine, 5);
  Deposit(other, 7);
  const auto count = [&](const std::vector<ProjectId>& projects, const char* sql) {
    const Result<Rows> rows = database_.AsProjects(projects, sql);
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? rows->Int(0, 0) : -1;
  };
  constexpr char kBooks[] = "SELECT count(*) FROM account WHERE kind = 'project'";
  constexpr char kMoved[] = "SELECT coalesce(sum(amount_micros), 0)::bigint FROM transfer";
  EXPECT_EQ(count({mine}, kBooks), 1);
  EXPECT_EQ(count({mine}, kMoved), 5);
  EXPECT_EQ(count({mine, other}, kMoved), 12);
  for (const char* sql : {kBooks, kMoved, "SELECT count(*) FROM request_key", "SELECT count(*) FROM usage_record"}) {
    EXPECT_EQ(count({}, sql), 0) << sql;
  }
}

TEST_F(PgLedgerStoreTest, ATransactionCannotWriteForAnotherProject) {
  const ProjectId mine = Create("stars");
  const ProjectId other = Create("seas");
  constexpr char kInsert[] = R"sql(
    INSERT INTO transfer (transfer_id, entry_id, at, kind, debit_account, credit_account, unit, amount_micros, project_id)
    VALUES ($1, $1, now(), 'DEPOSIT', $2, $3, 'EUR', 5, $4))sql";
  const auto insert = [&](ProjectId project) {
    Params params;
    params.Id(database_.ids().NewRandom()).Id(database_.ids().NewRandom()).Id(database_.ids().NewRandom()).Id(project);
    return SqlStateOf(database_.AsProjects({mine}, kInsert, params).status());
  };
  EXPECT_EQ(insert(mine), "");
  EXPECT_EQ(insert(other), kInsufficientPrivilege);
  const Result<Rows> stolen =
      database_.AsProjects({mine}, "UPDATE account SET balance_micros = 99 WHERE project_id = $1", Params().Id(other));
  ASSERT_TRUE(stolen.ok()) << stolen.status();
  EXPECT_EQ(stolen->affected(), 0);
}

TEST_F(PgLedgerStoreTest, NoRoleChangesOrRemovesTransfersOrReadsPartitionsPastThePolicies) {
  Deposit(Create("stars"), 5);
  const Rows parts = database_.AsSuperuser("SELECT DISTINCT tableoid::regclass::text FROM transfer");
  const std::string read_part = fmt::format("SELECT amount_micros FROM {}", parts.Text(0, 0));
  for (const char* role : {kApiRole, kLinkRole, kPlacementRole}) {
    for (const std::string& sql : {std::string("UPDATE transfer SET amount_micros = 6"),
                                   std::string("DELETE FROM transfer"), std::string("TRUNCATE transfer"), read_part}) {
      EXPECT_EQ(SqlStateOf(database_.AsRole(role, sql.c_str()).status()), kInsufficientPrivilege)
          << role << ": " << sql;
    }
  }
}

TEST(LedgerNames, GoBothWays) {
  for (const AccountKind kind :
       {AccountKind::kProject, AccountKind::kSite, AccountKind::kFederation, AccountKind::kExternal}) {
    EXPECT_EQ(ParseAccountKind(AccountKindName(kind)), kind);
  }
  for (const TransferKind kind :
       {TransferKind::kDeposit, TransferKind::kCharge, TransferKind::kRefund, TransferKind::kAdjustment}) {
    EXPECT_EQ(ParseTransferKind(TransferKindName(kind)), kind);
  }
  EXPECT_EQ(ParseAccountKind("bank"), std::nullopt);
  EXPECT_EQ(ParseTransferKind("deposit"), std::nullopt);
}

}  // namespace
}  // namespace turnpike
