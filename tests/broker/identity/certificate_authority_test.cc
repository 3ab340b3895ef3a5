#include "broker/identity/certificate_authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <functional>

#include "base/file_sync.h"
#include "broker/identity/certificate_builder.h"
#include "tests/base/scratch_folder.h"

namespace turnpike {
namespace {

using testing::HasSubstr;

constexpr Timestamp kNow = TimestampFromSeconds(1'800'000'000);
constexpr AgentIdentity kAgent{.site = SiteId(Uuid{.bytes = {9, 8, 7}}), .agent = 3};
constexpr char kAgentUri[] = "spiffe://test.example/site/09080700-0000-0000-0000-000000000000/agent/3";

std::string DerOf(X509_REQ* request) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(request, &der);
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

struct RequestPlan {
  const EVP_MD* digest = EVP_sha256();
  std::string common_name;
  std::string alternative_names;
};

RequestHandle MakeRequest(EVP_PKEY* key, const RequestPlan& plan = {}) {
  RequestHandle request(X509_REQ_new());
  X509_REQ_set_pubkey(request.get(), key);
  if (!plan.common_name.empty()) {
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(plan.common_name.c_str()), -1, -1, 0);
  }
  if (!plan.alternative_names.empty()) {
    STACK_OF(X509_EXTENSION)* extensions = sk_X509_EXTENSION_new_null();
    sk_X509_EXTENSION_push(extensions,
                           X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, plan.alternative_names.c_str()));
    X509_REQ_add_extensions(request.get(), extensions);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  }
  X509_REQ_sign(request.get(), key, plan.digest);
  return request;
}

KeyHandle EcKey(const char* curve = "P-256") {
  return KeyHandle(EVP_EC_gen(curve));
}

// "URI:…" or "DNS:localhost, IP Address:127.0.0.1", as OpenSSL prints an extension.
std::string ExtensionText(X509* certificate, int nid) {
  const int index = X509_get_ext_by_NID(certificate, nid, -1);
  if (index < 0) {
    return "none";
  }
  const std::unique_ptr<BIO, OpensslFree<BIO_free_all>> bio(BIO_new(BIO_s_mem()));
  X509V3_EXT_print(bio.get(), X509_get_ext(certificate, index), 0, 0);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<size_t>(size)};
}

// X509_V_OK, or OpenSSL's number for what is wrong, when `leaf` is checked for the purpose at the time.
int Verify(const std::string& ca_pem, const std::string& leaf_pem, int purpose, Timestamp at) {
  const CertificateHandle ca = ParseCertificate(ca_pem);
  const CertificateHandle leaf = ParseCertificate(leaf_pem);
  const std::unique_ptr<X509_STORE, OpensslFree<X509_STORE_free>> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), ca.get());
  const std::unique_ptr<X509_STORE_CTX, OpensslFree<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  X509_STORE_CTX_set_time(context.get(), 0, std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
  X509_verify_cert(context.get());
  return X509_STORE_CTX_get_error(context.get());
}

class Authority : public testing::Test {
 protected:
  AuthoritySettings Settings() const {
    return {.trust_domain = "test.example",
            .certificate_path = folder_.File("ca.pem"),
            .private_key_path = folder_.File("ca.key")};
  }
  std::unique_ptr<CertificateAuthority> Create() {
    return CertificateAuthority::Create(Settings(), kNow, random_).value();
  }
  Status LoadStatus() { return CertificateAuthority::Load(Settings(), kNow, random_).status(); }

  ScratchFolder folder_;
  SystemRandom random_;
};

TEST_F(Authority, CaCertificateSignsOthersAndNoFurtherCa) {
  const auto authority = Create();
  const CertificateHandle ca = ParseCertificate(authority->ca_certificate_pem());
  EXPECT_EQ(ExtensionText(ca.get(), NID_basic_constraints), "CA:TRUE, pathlen:0");
  EXPECT_EQ(ExtensionText(ca.get(), NID_key_usage), "Certificate Sign, CRL Sign");
  EXPECT_EQ(authority->ca_fingerprint().size(), 64U);
  EXPECT_GT(identity::NotAfter(ca.get()), kNow + std::chrono::days(3650));
}

TEST_F(Authority, KeyFileIsItsOwnersAlone) {
  Create();
  struct stat facts {};
  ASSERT_EQ(::stat(folder_.File("ca.key").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST_F(Authority, IsTheSameAfterLoading) {
  const auto created = Create();
  const auto loaded = CertificateAuthority::Load(Settings(), kNow, random_);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ((*loaded)->ca_fingerprint(), created->ca_fingerprint());
  const auto again = CertificateAuthority::LoadOrCreate(Settings(), kNow, random_);
  EXPECT_EQ((*again)->ca_fingerprint(), created->ca_fingerprint());
  const auto issued = (*loaded)->SignAgentRequest(DerOf(MakeRequest(EcKey().get()).get()), kAgent, kNow);
  EXPECT_EQ(Verify(created->ca_certificate_pem(), issued->certificate_pem, X509_PURPOSE_SSL_CLIENT, kNow), X509_V_OK);
}

TEST_F(Authority, IsNeverReplaced) {
  Create();
  EXPECT_EQ(CertificateAuthority::Create(Settings(), kNow, random_).status().code(), StatusCode::kAlreadyExists);
}

TEST_F(Authority, CreationThatBrokeOffAfterTheKeyIsRepeated) {
  ASSERT_TRUE(WriteFileAtomically(folder_.File("ca.key"), "half of it", 0600).ok());
  EXPECT_TRUE(CertificateAuthority::LoadOrCreate(Settings(), kNow, random_).ok());
  EXPECT_TRUE(LoadStatus().ok());
}

TEST_F(Authority, LoadRefusesWhatCannotBeTrusted) {
  EXPECT_EQ(LoadStatus().code(), StatusCode::kNotFound);
  Create();
  ASSERT_EQ(::chmod(folder_.File("ca.key").c_str(), 0640), 0);
  EXPECT_THAT(LoadStatus().ToString(), HasSubstr("chmod 600"));
  ASSERT_EQ(::chmod(folder_.File("ca.key").c_str(), 0600), 0);
  ASSERT_TRUE(LoadStatus().ok());

  const std::string other_key = ToPem(EcKey().get());
  ASSERT_TRUE(WriteFileAtomically(folder_.File("ca.key"), other_key, 0600).ok());
  EXPECT_THAT(LoadStatus().ToString(), HasSubstr("is not the key of the CA"));
  ASSERT_TRUE(WriteFileAtomically(folder_.File("ca.pem"), "garbage").ok());
  EXPECT_EQ(LoadStatus().code(), StatusCode::kFailedPrecondition);
}

TEST_F(Authority, LoadRefusesAServerCertificateInPlaceOfTheCa) {
  const auto server = Create()->IssueServerCertificate({.dns_names = {"localhost"}, .ip_addresses = {}}, kNow);
  ASSERT_TRUE(WriteFileAtomically(folder_.File("ca.pem"), server->certificate_pem).ok());
  ASSERT_TRUE(WriteFileAtomically(folder_.File("ca.key"), server->private_key_pem, 0600).ok());
  EXPECT_THAT(LoadStatus().ToString(), HasSubstr("is not the PEM certificate of a CA"));
}

TEST_F(Authority, NothingIsSignedAfterItsEnd) {
  const auto authority = Create();
  const Timestamp near_end = kNow + std::chrono::days(3650);
  const std::string request = DerOf(MakeRequest(EcKey().get()).get());
  const auto clipped = authority->SignAgentRequest(request, kAgent, near_end);
  ASSERT_TRUE(clipped.ok()) << clipped.status();
  EXPECT_EQ(clipped->not_after, kNow + std::chrono::days(3652));
  const Timestamp late = kNow + std::chrono::days(3653);
  EXPECT_EQ(authority->SignAgentRequest(request, kAgent, late).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(CertificateAuthority::Load(Settings(), late, random_).status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(Authority, ServerCertificateAnswersToItsNames) {
  const auto authority = Create();
  const auto server = authority->IssueServerCertificate(
      {.dns_names = {"localhost", "broker.example"}, .ip_addresses = {"127.0.0.1", "::1"}}, kNow);
  ASSERT_TRUE(server.ok()) << server.status();
  const CertificateHandle leaf = ParseCertificate(server->certificate_pem);
  EXPECT_EQ(ExtensionText(leaf.get(), NID_subject_alt_name),
            "DNS:localhost, DNS:broker.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
  EXPECT_EQ(ExtensionText(leaf.get(), NID_ext_key_usage), "TLS Web Server Authentication");
  EXPECT_EQ(ExtensionText(leaf.get(), NID_basic_constraints), "CA:FALSE");
  EXPECT_THAT(server->certificate_pem, testing::EndsWith(authority->ca_certificate_pem()));
  const std::string ca = authority->ca_certificate_pem();
  EXPECT_EQ(Verify(ca, server->certificate_pem, X509_PURPOSE_SSL_SERVER, kNow), X509_V_OK);
  EXPECT_NE(Verify(ca, server->certificate_pem, X509_PURPOSE_SSL_CLIENT, kNow), X509_V_OK);
}

TEST_F(Authority, ServerNamesCannotSmuggleInAnother) {
  const auto authority = Create();
  const ServerNames wrong[] = {
      {.dns_names = {}, .ip_addresses = {}},
      {.dns_names = {"a,DNS:b"}, .ip_addresses = {}},
      {.dns_names = {""}, .ip_addresses = {}},
      {.dns_names = {"*.example"}, .ip_addresses = {}},
      {.dns_names = {"good"}, .ip_addresses = {"127.0.0.1,URI:spiffe://x"}},
      {.dns_names = {}, .ip_addresses = {"localhost"}},
  };
  for (const ServerNames& names : wrong) {
    EXPECT_EQ(authority->IssueServerCertificate(names, kNow).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST_F(Authority, AgentCertificateHasOneNameAndOnePurpose) {
  const auto authority = Create();
  const auto issued = authority->SignAgentRequest(DerOf(MakeRequest(EcKey().get()).get()), kAgent, kNow);
  ASSERT_TRUE(issued.ok()) << issued.status();
  const CertificateHandle leaf = ParseCertificate(issued->certificate_pem);
  EXPECT_EQ(ExtensionText(leaf.get(), NID_subject_alt_name), std::string("URI:") + kAgentUri);
  EXPECT_EQ(ExtensionText(leaf.get(), NID_ext_key_usage), "TLS Web Client Authentication");
  EXPECT_EQ(ExtensionText(leaf.get(), NID_basic_constraints), "CA:FALSE");
  EXPECT_EQ(ExtensionText(leaf.get(), NID_key_usage), "Digital Signature");
  EXPECT_EQ(issued->serial_hex, identity::SerialHex(leaf.get()));
  EXPECT_EQ(issued->serial_hex.size(), 32U);
  EXPECT_EQ(authority->IdentityOf(kAgentUri).value(), kAgent);
  const std::string ca = authority->ca_certificate_pem();
  EXPECT_EQ(Verify(ca, issued->certificate_pem, X509_PURPOSE_SSL_CLIENT, kNow), X509_V_OK);
  EXPECT_NE(Verify(ca, issued->certificate_pem, X509_PURPOSE_SSL_SERVER, kNow), X509_V_OK);
}

TEST_F(Authority, AgentCertificateLivesAsLongAsTheSettingsSay) {
  AuthoritySettings settings = Settings();
  settings.agent_lifetime = std::chrono::hours(24);
  const auto authority = CertificateAuthority::Create(settings, kNow, random_).value();
  const auto issued = authority->SignAgentRequest(DerOf(MakeRequest(EcKey().get()).get()), kAgent, kNow);
  EXPECT_EQ(issued->not_after, kNow + std::chrono::hours(24));
  const std::string ca = authority->ca_certificate_pem();
  EXPECT_EQ(Verify(ca, issued->certificate_pem, X509_PURPOSE_SSL_CLIENT, kNow + std::chrono::hours(25)),
            X509_V_ERR_CERT_HAS_EXPIRED);
}

TEST_F(Authority, SerialsDiffer) {
  const auto authority = Create();
  const std::string request = DerOf(MakeRequest(EcKey().get()).get());
  EXPECT_NE(authority->SignAgentRequest(request, kAgent, kNow)->serial_hex,
            authority->SignAgentRequest(request, kAgent, kNow)->serial_hex);
}

TEST_F(Authority, NamesInARequestAreIgnored) {
  const auto authority = Create();
  const RequestPlan plan{.common_name = "root",
                         .alternative_names = "URI:spiffe://test.example/site/x/agent/1,DNS:evil.example"};
  const auto issued = authority->SignAgentRequest(DerOf(MakeRequest(EcKey().get(), plan).get()), kAgent, kNow);
  ASSERT_TRUE(issued.ok()) << issued.status();
  const CertificateHandle leaf = ParseCertificate(issued->certificate_pem);
  EXPECT_EQ(ExtensionText(leaf.get(), NID_subject_alt_name), std::string("URI:") + kAgentUri);
  char name[64] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(leaf.get()), NID_commonName, name, sizeof name);
  EXPECT_STREQ(name, "Turnpike agent");
}

TEST_F(Authority, SameKeyHasTheSameDigestInEveryRequest) {
  const auto authority = Create();
  const KeyHandle key = EcKey();
  const std::string first = DerOf(MakeRequest(key.get()).get());
  const std::string second = DerOf(MakeRequest(key.get(), {.common_name = "again", .alternative_names = ""}).get());
  ASSERT_NE(first, second);
  const std::string digest = authority->RequestPublicKeySha256(first).value();
  EXPECT_EQ(authority->RequestPublicKeySha256(second).value(), digest);
  EXPECT_EQ(authority->SignAgentRequest(second, kAgent, kNow)->public_key_sha256, digest);
  EXPECT_NE(authority->RequestPublicKeySha256(DerOf(MakeRequest(EcKey().get()).get())).value(), digest);
}

TEST_F(Authority, TakesEd25519) {
  const KeyHandle key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const std::string request =
      DerOf(MakeRequest(key.get(), {.digest = nullptr, .common_name = "", .alternative_names = ""}).get());
  EXPECT_TRUE(Create()->SignAgentRequest(request, kAgent, kNow).ok());
}

TEST_F(Authority, RefusesRequestsThatProveNothing) {
  const auto authority = Create();
  const std::string good = DerOf(MakeRequest(EcKey().get()).get());
  std::string tampered = good;
  tampered.back() = static_cast<char>(tampered.back() ^ 1);
  const RequestHandle borrowed = MakeRequest(EcKey().get());  // signed with one key, showing another
  X509_REQ_set_pubkey(borrowed.get(), EcKey().get());
  i2d_re_X509_REQ_tbs(borrowed.get(), nullptr);
  const KeyHandle rsa(EVP_RSA_gen(2048));
  const std::string wrong[] = {
      "",
      "not DER",
      good.substr(0, good.size() - 1),
      good + "x",
      tampered,
      DerOf(borrowed.get()),
      DerOf(MakeRequest(rsa.get()).get()),
      DerOf(MakeRequest(EcKey("P-384").get()).get()),
      DerOf(MakeRequest(EcKey("secp256k1").get()).get()),
      std::string(20'000, 'x'),
  };
  for (size_t i = 0; i < std::size(wrong); ++i) {
    EXPECT_EQ(authority->SignAgentRequest(wrong[i], kAgent, kNow).status().code(), StatusCode::kInvalidArgument) << i;
    EXPECT_EQ(authority->RequestPublicKeySha256(wrong[i]).status().code(), StatusCode::kInvalidArgument) << i;
  }
}

TEST_F(Authority, NamesNoAgentThatCouldNotBeReadBack) {
  const auto authority = Create();
  const std::string request = DerOf(MakeRequest(EcKey().get()).get());
  EXPECT_FALSE(authority->SignAgentRequest(request, {.site = SiteId(), .agent = 1}, kNow).ok());
  EXPECT_FALSE(authority->SignAgentRequest(request, {.site = kAgent.site, .agent = 0}, kNow).ok());
}

}  // namespace
}  // namespace turnpike
