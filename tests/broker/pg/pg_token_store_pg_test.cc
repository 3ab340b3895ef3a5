#include <gtest/gtest.h>

#include "base/error_reason.h"
#include "broker/pg/pg_token_store.h"
#include "tests/billing/pg/api_database.h"

namespace turnpike {
namespace {

class PgTokenStoreTest : public testing::Test {
 protected:
  NewToken Token(const std::string& secret) {
    return {.token_id = database_.ids().Random<TokenId>(),
            .token_hash = Sha256(secret),
            .project_id = std::nullopt,
            .subject = "ada",
            .roles = {Role::kUser},
            .expires_at = std::nullopt};
  }
  void ExpectRefused(const std::string& secret) {
    const Result<Principal> found = store_.Find(Sha256(secret));
    EXPECT_EQ(found.status().code(), StatusCode::kUnauthenticated) << found.status();
    EXPECT_EQ(DetailsOf(found.status()).reason, ErrorReason::kTokenInvalid);
    refusals_.insert(std::string(MessageOf(found.status())));
  }

  ApiDatabase database_;
  PgTokenStore store_{database_.transactions()};
  std::set<std::string> refusals_;
};

TEST_F(PgTokenStoreTest, FindsTheProjectsTokenWithItsRoles) {
  const ProjectId project = database_.ids().Random<ProjectId>();
  database_.AsSuperuser("INSERT INTO project (project_id, name) VALUES ($1, 'stars')", Params().Id(project));
  NewToken token = Token("secret");
  token.project_id = project;
  token.roles = {Role::kUser, Role::kSiteOperator};
  token.expires_at = database_.Now() + std::chrono::hours(1);
  ASSERT_TRUE(store_.Create(token).ok());
  const Result<Principal> found = store_.Find(token.token_hash);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->token_id, token.token_id);
  EXPECT_EQ(found->subject, "ada");
  EXPECT_EQ(found->project_id, project);
  EXPECT_EQ(found->project_name, "stars");
  EXPECT_EQ(found->roles, token.roles);
}

TEST_F(PgTokenStoreTest, FindsAnOperatorsTokenWithoutAProject) {
  NewToken token = Token("secret");
  token.roles = {Role::kFederationOperator};
  ASSERT_TRUE(store_.Create(token).ok());
  const Result<Principal> found = store_.Find(token.token_hash);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->project_id, std::nullopt);
  EXPECT_EQ(found->project_name, "");
  EXPECT_TRUE(found->Has(Role::kFederationOperator));
  EXPECT_FALSE(found->Has(Role::kUser));
}

TEST_F(PgTokenStoreTest, RefusesUnknownExpiredAndRevokedTokensWithOneAnswer) {
  NewToken expired = Token("expired");
  expired.expires_at = database_.Now() - std::chrono::seconds(1);
  ASSERT_TRUE(store_.Create(expired).ok());
  ASSERT_TRUE(store_.Create(Token("revoked")).ok());
  ASSERT_TRUE(store_.Find(Sha256("revoked")).ok());
  database_.AsSuperuser("UPDATE api_token SET revoked_at = now() WHERE token_hash = $1",
                        Params().Bytes(AsBytes(Sha256("revoked"))));
  ExpectRefused("unknown");
  ExpectRefused("expired");
  ExpectRefused("revoked");
  EXPECT_EQ(refusals_.size(), 1u);
}

TEST_F(PgTokenStoreTest, ARoleThatNobodyKnowsGrantsNothing) {
  ASSERT_TRUE(store_.Create(Token("secret")).ok());
  database_.AsSuperuser("UPDATE api_token SET roles = '{user,emperor}'");
  const Result<Principal> found = store_.Find(Sha256("secret"));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->roles, std::set<Role>{Role::kUser});
}

TEST_F(PgTokenStoreTest, RefusesATokenOrASecretTwice) {
  const NewToken token = Token("secret");
  ASSERT_TRUE(store_.Create(token).ok());
  NewToken same_id = Token("other");
  same_id.token_id = token.token_id;
  EXPECT_EQ(store_.Create(same_id).code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(store_.Create(Token("secret")).code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM api_token"), 1);
}

TEST_F(PgTokenStoreTest, RefusesATokenForNoProject) {
  NewToken token = Token("secret");
  token.project_id = database_.ids().Random<ProjectId>();
  const Status status = store_.Create(token);
  EXPECT_EQ(status.code(), StatusCode::kNotFound) << status;
  EXPECT_EQ(DetailsOf(status).reason, ErrorReason::kNotFound);
  EXPECT_EQ(store_.Find(token.token_hash).status().code(), StatusCode::kUnauthenticated);
}

TEST(RoleNames, GoBothWays) {
  for (const Role role : {Role::kUser, Role::kSiteOperator, Role::kFederationOperator}) {
    EXPECT_EQ(ParseRole(RoleName(role)), role);
  }
  EXPECT_EQ(ParseRole("root"), std::nullopt);
}

}  // namespace
}  // namespace turnpike
