// A connection that is lost at COMMIT: nobody knows whether money moved, and the same request id finds out.

#include <gtest/gtest.h>

#include "base/error_reason.h"
#include "base/pg/sql_status.h"
#include "billing/pg/pg_ledger_store.h"
#include "tests/billing/pg/api_database.h"
#include "tests/support/cutting_proxy.h"

namespace turnpike {
namespace {

constexpr int64_t kAmount = 7'000'000;

struct CutCase {
  const char* name;
  CuttingProxy::Cut cut;
  int64_t committed;  // by the call whose answer was cut off
};

class CutCommit : public testing::TestWithParam<CutCase> {
 protected:
  void SetUp() override {
    project_ = {.project_id = database_.ids().Random<ProjectId>(), .name = "astro", .unit = "EUR"};
    ASSERT_TRUE(direct_.CreateProject(database_.NewKey("CreateProject", "astro"), project_).ok());
  }
  int64_t Balance() {
    return database_.CountAsSuperuser("SELECT coalesce(sum(amount_micros), 0)::bigint FROM transfer");
  }

  ApiDatabase database_;
  PgLedgerStore direct_{database_.transactions(), database_.ids()};
  ProjectView project_;
  const std::string folder_ = MakeTestFolder();
  CuttingProxy proxy_{folder_, TestServer().socket_folder()};
  SystemClock machine_;
  DatabaseClock clock_{machine_};
  TransactionRunner through_proxy_{
      {.connection = {.conninfo = database_.database().ConnectionString(kApiRole) + " host=" + folder_}}, clock_};
  PgLedgerStore store_{through_proxy_, database_.ids()};
};

TEST_P(CutCommit, IsUnknownAndTheSameRequestIdMovesTheMoneyOnce) {
  const DepositOrder order{.key = database_.NewKey("Deposit", "1"),
                           .project_id = project_.project_id,
                           .amount_micros = kAmount,
                           .description = "grant"};
  proxy_.CutNext(GetParam().cut);
  const Result<TransferView> cut = store_.Deposit(order);
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(proxy_.cuts(), 1);
  EXPECT_TRUE(CommitOutcomeUnknown(cut.status())) << cut.status();
  EXPECT_EQ(cut.status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(DetailsOf(cut.status()).retry_after, std::chrono::seconds(1));

  const Result<TransferView> repeated = store_.Deposit(order);
  ASSERT_TRUE(repeated.ok()) << repeated.status();
  EXPECT_EQ(repeated->amount.micros, kAmount);
  EXPECT_EQ(Balance(), kAmount);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT repeats::bigint FROM request_key WHERE method = 'Deposit'"),
            GetParam().committed);
}

INSTANTIATE_TEST_SUITE_P(Cuts, CutCommit,
                         testing::Values(CutCase{"BeforeTheServerHasIt", CuttingProxy::Cut::kBeforeCommit, 0},
                                         CutCase{"BeforeTheAnswer", CuttingProxy::Cut::kAfterCommit, 1}),
                         [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace turnpike
