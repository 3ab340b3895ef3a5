#include "base/grpc/certificate.h"

#include <gtest/gtest.h>

#include "tests/base/grpc/test_federation.h"

namespace turnpike {
namespace {

// An RSA key and its certificate, as another tool might have made them.
struct ForeignKey {
  std::string private_key_pem;
};

ForeignKey MakeRsaKey() {
  const KeyHandle key(EVP_RSA_gen(2048));
  return {ToPem(key.get())};
}

TEST(Certificate, TellsNamesTimesAndFingerprint) {
  TestFederation federation;
  const AgentIdentity agent{.site = SiteId(Uuid{.bytes = {1, 2, 3}}), .agent = 4};
  const auto facts = ReadCertificate(federation.Agent(agent).certificate_pem);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->uri_names,
            std::vector<std::string>{"spiffe://test.example/site/01020300-0000-0000-0000-000000000000/agent/4"});
  EXPECT_LT(facts->not_before, federation.now());
  EXPECT_GT(facts->not_after, federation.now() + std::chrono::days(29));
  EXPECT_EQ(ReadCertificate(federation.ca_pem())->fingerprint, federation.authority().ca_fingerprint());
}

TEST(Certificate, RefusesTextWithoutOne) {
  EXPECT_EQ(ReadCertificate("no certificate here").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadCertificate("").status().code(), StatusCode::kInvalidArgument);
}

TEST(Certificate, KeyMustBelongToIt) {
  TestFederation federation;
  const TlsIdentity one = federation.Server();
  const TlsIdentity other = federation.Server();
  EXPECT_TRUE(CheckKeyPair(one.certificate_pem, one.private_key_pem).ok());
  EXPECT_EQ(CheckKeyPair(one.certificate_pem, other.private_key_pem).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(CheckKeyPair(one.certificate_pem, "").code(), StatusCode::kInvalidArgument);
}

TEST(Certificate, ServerKeyMustBeElliptic) {
  EXPECT_TRUE(CheckEllipticKey(MakePrivateKey().value()).ok());
  EXPECT_EQ(CheckEllipticKey(MakeRsaKey().private_key_pem).code(), StatusCode::kInvalidArgument);
}

TEST(CertificateRequest, EveryKeyIsNewAndOneKeyGivesOneDigest) {
  TestFederation federation;
  const std::string key = MakePrivateKey().value();
  const auto digest = [&](const std::string& pem) {
    return federation.authority().RequestPublicKeySha256(MakeCertificateRequest(pem).value()).value();
  };
  EXPECT_EQ(digest(key), digest(key));
  EXPECT_NE(digest(key), digest(MakePrivateKey().value()));
}

TEST(CertificateRequest, RefusesTextThatIsNoKey) {
  EXPECT_EQ(MakeCertificateRequest("not a key").status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace turnpike
