#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>

#include "base/error_reason.h"
#include "tests/broker/pg/site_store_fixture.h"

namespace turnpike {
namespace {

class SiteEnrollmentTest : public PgSiteStoreTest {
 protected:
  Result<EnrolledSite> Enroll(const std::string& token, const std::string& key) {
    const Enrollment enrollment{.token_hash = Sha256(token), .public_key_hash = Sha256(key)};
    return store_.Enroll(enrollment,
                         [&](const EnrolledSite& site) -> Result<std::pair<CertificateRecord, std::string>> {
                           const int number = ++issued_;
                           EXPECT_EQ(site.certificate_pem, std::nullopt);
                           return std::pair(CertificateRecord{.serial = fmt::format("{:032x}", number),
                                                              .site_id = site.site_id,
                                                              .not_after = database_.Now() + std::chrono::hours(24)},
                                            fmt::format("certificate {} for {}", number, site.name));
                         });
  }
  void ExpectRefused(const std::string& token, const std::string& key) {
    const int issued = issued_;
    const Result<EnrolledSite> refused = Enroll(token, key);
    EXPECT_EQ(refused.status().code(), StatusCode::kPermissionDenied) << refused.status();
    EXPECT_EQ(DetailsOf(refused.status()).reason, ErrorReason::kEnrollmentRefused);
    EXPECT_EQ(issued_, issued);
  }

  std::atomic<int> issued_ = 0;
};

TEST_F(SiteEnrollmentTest, TheFirstUseGivesACertificateAndOpensTheSite) {
  const SiteId site = Register("alpha", "token").site_id;
  const Result<EnrolledSite> enrolled = Enroll("token", "key");
  ASSERT_TRUE(enrolled.ok()) << enrolled.status();
  EXPECT_EQ(enrolled->site_id, site);
  EXPECT_EQ(enrolled->name, "alpha");
  EXPECT_EQ(enrolled->certificate_pem, "certificate 1 for alpha");
  EXPECT_EQ(Read("alpha").state, SiteState::kActive);
  EXPECT_TRUE(store_.Admit({.site = site, .agent = enrolled->agent}).ok());
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM site_certificate WHERE site_id = $1", Params().Id(site)),
            1);
}

TEST_F(SiteEnrollmentTest, TheSameKeyGetsTheSameCertificateAgain) {
  Register("alpha", "token");
  ASSERT_TRUE(Enroll("token", "key").ok());
  const Result<EnrolledSite> again = Enroll("token", "key");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->certificate_pem, "certificate 1 for alpha");
  EXPECT_EQ(issued_, 1);
}

TEST_F(SiteEnrollmentTest, TheSameKeyIsRefusedAfterTenMinutesAndTheSiteStays) {
  Register("alpha", "token");
  ASSERT_TRUE(Enroll("token", "key").ok());
  database_.AsSuperuser("UPDATE enrollment_token SET used_at = now() - interval '601 seconds'");
  ExpectRefused("token", "key");
  EXPECT_EQ(Read("alpha").state, SiteState::kActive);
  database_.AsSuperuser("UPDATE enrollment_token SET used_at = now() - interval '500 seconds'");
  EXPECT_TRUE(Enroll("token", "key").ok());
}

TEST_F(SiteEnrollmentTest, AnotherKeyShutsTheSiteOutAndTheRefusalDoesNotUndoThat) {
  const SiteId site = Register("alpha", "token").site_id;
  ASSERT_TRUE(Enroll("token", "key").ok());
  ExpectRefused("token", "other key");
  EXPECT_EQ(Read("alpha").state, SiteState::kQuarantined);
  EXPECT_NE(Read("alpha").state_reason, "");
  const Result<SiteRecord> admitted = store_.Admit({.site = site, .agent = 1});
  EXPECT_EQ(admitted.status().code(), StatusCode::kPermissionDenied) << admitted.status();
  ExpectRefused("token", "key");
}

TEST_F(SiteEnrollmentTest, AnotherKeyShutsTheSiteOutLongAfterTheTokenEnded) {
  Register("alpha", "token");
  ASSERT_TRUE(Enroll("token", "key").ok());
  database_.AsSuperuser(
      "UPDATE enrollment_token SET used_at = now() - interval '9 days', expires_at = now() - interval '8 days'");
  ExpectRefused("token", "other key");
  EXPECT_EQ(Read("alpha").state, SiteState::kQuarantined);
}

TEST_F(SiteEnrollmentTest, RefusesUnknownAndEndedTokensWithOneAnswer) {
  Register("alpha", "token");
  database_.AsSuperuser("UPDATE enrollment_token SET expires_at = now()");
  ExpectRefused("token", "key");
  ExpectRefused("no token", "key");
  EXPECT_EQ(MessageOf(Enroll("token", "key").status()), MessageOf(Enroll("no token", "key").status()));
  EXPECT_EQ(Read("alpha").state, SiteState::kRegistered);
}

TEST_F(SiteEnrollmentTest, ASiteThatIsShutOutTakesNoFreshToken) {
  const SiteId site = Register("alpha", "token").site_id;
  ASSERT_TRUE(store_.ChangeState(site, {SiteState::kRegistered}, SiteState::kQuarantined, "looked odd").ok());
  ExpectRefused("token", "key");
  EXPECT_EQ(Read("alpha").state_reason, "looked odd");
}

TEST_F(SiteEnrollmentTest, AnAgentThatEnrollsLaterReplacesTheOneBefore) {
  const SiteId site = Register("alpha", "first").site_id;
  ASSERT_TRUE(Enroll("first", "key").ok());
  ASSERT_TRUE(store_.ChangeState(site, {SiteState::kActive}, SiteState::kDraining, "moves house").ok());
  ASSERT_TRUE(store_.ReplaceToken(site, Sha256("second"), database_.Now() + std::chrono::hours(1)).ok());
  EXPECT_TRUE(store_.Admit({.site = site, .agent = 1}).ok())
      << "until the token is used, the agent that is there stays";
  const Result<EnrolledSite> enrolled = Enroll("second", "other key");
  ASSERT_TRUE(enrolled.ok()) << enrolled.status();
  EXPECT_EQ(enrolled->agent, 2);
  EXPECT_TRUE(store_.Admit({.site = site, .agent = 2}).ok());
  EXPECT_EQ(store_.Admit({.site = site, .agent = 1}).status().code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(Read("alpha").state, SiteState::kDraining);
  EXPECT_EQ(Read("alpha").state_reason, "moves house");
}

TEST_F(SiteEnrollmentTest, ASiteThatIsShutOutGetsNoNewToken) {
  const SiteId site = Register("alpha", "token").site_id;
  ASSERT_TRUE(store_.ChangeState(site, {SiteState::kRegistered}, SiteState::kQuarantined, "looked odd").ok());
  EXPECT_EQ(store_.ReplaceToken(site, Sha256("new"), database_.Now() + std::chrono::hours(1)).code(),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_.ReplaceToken(database_.ids().Random<SiteId>(), Sha256("new"), database_.Now()).code(),
            StatusCode::kNotFound);
}

TEST_F(SiteEnrollmentTest, ATokenReplacedByARepeatIsRefused) {
  const RequestKey key = NewKey();
  ASSERT_TRUE(store_.Register(key, Site("alpha", "old token")).ok());
  ASSERT_TRUE(store_.Register(key, Site("alpha", "new token")).ok());
  ExpectRefused("old token", "key");
  EXPECT_TRUE(Enroll("new token", "key").ok());
}

TEST_F(SiteEnrollmentTest, ADrainingSiteStaysDraining) {
  const SiteId site = Register("alpha", "token").site_id;
  ASSERT_TRUE(store_.ChangeState(site, {SiteState::kRegistered}, SiteState::kDraining, "cooling").ok());
  ASSERT_TRUE(Enroll("token", "key").ok());
  EXPECT_EQ(Read("alpha").state, SiteState::kDraining);
}

TEST_F(SiteEnrollmentTest, ACertificateThatCannotBeMadeLeavesTheTokenUnused) {
  Register("alpha", "token");
  const Enrollment enrollment{.token_hash = Sha256("token"), .public_key_hash = Sha256("key")};
  const Result<EnrolledSite> failed =
      store_.Enroll(enrollment, [](const EnrolledSite&) -> Result<std::pair<CertificateRecord, std::string>> {
        return InvalidArgument("not a certificate request");
      });
  EXPECT_EQ(failed.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Read("alpha").state, SiteState::kRegistered);
  EXPECT_TRUE(Enroll("token", "other key").ok());
}

TEST_F(SiteEnrollmentTest, OfTwoKeysThatRaceOneEnrollsAndTheSiteIsShutOut) {
  Register("alpha", "token");
  std::latch start(2);
  const auto race = [&](const std::string& key) {
    start.arrive_and_wait();
    return Enroll("token", key).status();
  };
  std::future<Status> other = std::async(std::launch::async, race, "other key");
  const Status mine = race("key");
  const Status theirs = other.get();
  EXPECT_NE(mine.ok(), theirs.ok()) << mine << theirs;
  EXPECT_EQ((mine.ok() ? theirs : mine).code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(issued_, 1);
  EXPECT_EQ(Read("alpha").state, SiteState::kQuarantined);
}

TEST_F(SiteEnrollmentTest, TheSameKeyTwiceAtOnceGetsOneCertificate) {
  Register("alpha", "token");
  std::latch start(2);
  const auto race = [&] {
    start.arrive_and_wait();
    return Enroll("token", "key");
  };
  std::future<Result<EnrolledSite>> other = std::async(std::launch::async, race);
  const Result<EnrolledSite> mine = race();
  const Result<EnrolledSite> theirs = other.get();
  ASSERT_TRUE(mine.ok() && theirs.ok()) << mine.status() << theirs.status();
  EXPECT_EQ(mine->certificate_pem, theirs->certificate_pem);
  EXPECT_EQ(issued_, 1);
  EXPECT_EQ(Read("alpha").state, SiteState::kActive);
}

TEST_F(SiteEnrollmentTest, RecordsARenewedCertificateOnce) {
  const SiteId site = Register("alpha", "token").site_id;
  const CertificateRecord certificate{.serial = "0a", .site_id = site, .not_after = database_.Now()};
  ASSERT_TRUE(store_.RecordCertificate(certificate).ok());
  EXPECT_EQ(store_.RecordCertificate(certificate).code(), StatusCode::kAlreadyExists);
}

TEST_F(SiteEnrollmentTest, AdmitsNobodyWhoIsNotRegistered) {
  EXPECT_EQ(store_.Admit({.site = database_.ids().Random<SiteId>(), .agent = 1}).status().code(),
            StatusCode::kNotFound);
}

}  // namespace
}  // namespace turnpike
