// The key of all replicas, and refused jobs as demand.

#include <gmock/gmock.h>

#include "base/pg/sql_status.h"
#include "broker/pg/pg_refusal_store.h"
#include "broker/pg/pg_secret_store.h"
#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

class QuoteStores : public JobLifeTest {
 protected:
  int64_t Refusals(const char* reason) {
    return database_.CountAsSuperuser("SELECT count(*) FROM quote_refusal WHERE reason = $1 AND request <> ''",
                                      Params().Text(reason));
  }
};

TEST_F(QuoteStores, TheFirstSecretOfANameStays) {
  PgSecretStore first(database_.transactions());
  PgSecretStore second(database_.transactions());
  EXPECT_EQ(first.FindOrKeep("quote", std::string("one\0two", 7)).value_or(""), std::string("one\0two", 7));
  EXPECT_EQ(second.FindOrKeep("quote", "another").value_or(""), std::string("one\0two", 7));
  EXPECT_EQ(second.FindOrKeep("other", "another").value_or(""), "another");
}

TEST_F(QuoteStores, OnlyTheApisRoleReadsSecrets) {
  for (const char* role : {kLinkRole, kPlacementRole}) {
    const Result<Rows> read = database_.AsRole(role, "SELECT value FROM broker_secret");
    EXPECT_EQ(SqlStateOf(read.status()), kInsufficientPrivilege) << role;
  }
}

TEST_F(QuoteStores, ARefusalIsKeptForItsProjectAlone) {
  PgRefusalStore store(database_.transactions());
  ASSERT_TRUE(
      store.Keep(project_.project_id, {.reason = ErrorReason::kNoSiteFits, .request = "request", .detail = "no share"})
          .ok());
  EXPECT_EQ(Refusals("NO_SITE_FITS"), 1);
  const Result<Rows> own = database_.AsProjects({project_.project_id}, "SELECT detail FROM quote_refusal");
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_EQ(own->size(), 1);
  const Result<Rows> other =
      database_.AsProjects({database_.ids().Random<ProjectId>()}, "SELECT detail FROM quote_refusal");
  EXPECT_TRUE(other.ok() && other->empty());
}

TEST_F(QuoteStores, ASubmissionKeepsWhatItRefuses) {
  SubmitCall call = Call({Job(kReserve), Job(99 * kReserve)});
  call.refusals = {{.reason = ErrorReason::kNoSiteFits, .request = "request", .detail = "no share"}};
  const Result<std::vector<SubmitVerdict>> verdicts = jobs_.Submit({call});
  ASSERT_TRUE(verdicts.ok()) << verdicts.status();
  EXPECT_TRUE(verdicts->front().results[0].ok());
  EXPECT_FALSE(verdicts->front().results[1].ok());
  EXPECT_EQ(Refusals("NO_SITE_FITS"), 1);
  EXPECT_EQ(Refusals("BALANCE_TOO_LOW"), 1);
  ASSERT_TRUE(jobs_.Submit({call}).ok());  // The same again is no new demand.
  EXPECT_EQ(Refusals("NO_SITE_FITS"), 1);
  EXPECT_EQ(Refusals("BALANCE_TOO_LOW"), 1);
}

}  // namespace
}  // namespace turnpike
