#include "adapters/link/identity_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/adapters/link/test_certificates.h"

namespace turnpike {
namespace {

class Identity : public testing::Test {
 protected:
  unsigned ModeOf(const std::string& name) {
    struct stat facts {};
    CHECK(::stat((store_.folder() + "/" + name).c_str(), &facts) == 0);
    return facts.st_mode & 07777U;
  }

  ScratchFolder folder_;
  IdentityStore store_{folder_.path()};
  TestCertificates certificates_;
};

TEST_F(Identity, IsNotThereBeforeEnrollment) {
  EXPECT_FALSE(store_.is_enrolled());
  EXPECT_EQ(store_.Load().status().code(), StatusCode::kNotFound);
}

TEST_F(Identity, KeepsTheKeyOfARequestUntilItsCertificateComes) {
  const std::string key = store_.KeyForRequest().value();
  EXPECT_EQ(store_.KeyForRequest().value(), key);
  EXPECT_EQ(ModeOf("new.key"), 0600U);
  certificates_.Enroll(store_, certificates_.now());
  const Result<AgentIdentityFiles> files = store_.Load();
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_NE(files->tls.private_key_pem.find(key), std::string::npos);
  EXPECT_EQ(files->site, "alpha");
  EXPECT_EQ(files->agent_address, "nowhere:1");
  EXPECT_EQ(files->tls.ca_pem, certificates_.ca_pem());
  EXPECT_TRUE(ClientCredentials(files->tls).ok());
  EXPECT_EQ(ModeOf("agent.pem"), 0600U);
  EXPECT_NE(store_.KeyForRequest().value(), key) << "the next certificate gets a key of its own";
}

TEST_F(Identity, RefusesACertificateForAnotherKeyAndKeepsTheOldOne) {
  certificates_.Enroll(store_, certificates_.now());
  const std::string before = store_.Load()->certificate.fingerprint;
  ASSERT_TRUE(store_.KeyForRequest().ok());
  const std::string stranger =
      certificates_.SignAgent(MakeCertificateRequest(MakePrivateKey().value()).value(), certificates_.now());
  EXPECT_EQ(store_.AdoptCertificate(stranger).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_.Load()->certificate.fingerprint, before);
}

TEST_F(Identity, RefusesAKeyThatOthersMayRead) {
  certificates_.Enroll(store_, certificates_.now());
  ASSERT_EQ(::chmod((store_.folder() + "/agent.pem").c_str(), 0640), 0);
  EXPECT_EQ(store_.Load().status().code(), StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace turnpike
