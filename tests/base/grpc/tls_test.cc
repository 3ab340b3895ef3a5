// What a stranger, an agent and a user meet at the two ports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/file_sync.h"
#include "base/grpc/certificate.h"
#include "base/grpc/pinned_ca.h"
#include "base/openssl_handle.h"
#include "broker/identity/certificate_builder.h"
#include "tests/base/grpc/loopback_link.h"
#include "tests/base/grpc/test_federation.h"

namespace turnpike {
namespace {

using testing::HasSubstr;

constexpr AgentIdentity kAgent{.site = SiteId(Uuid{.bytes = {7}}), .agent = 1};

void UseIdentity(const TlsIdentity& identity, SSL_CTX* context) {
  if (!identity.certificate_pem.empty()) {
    SSL_CTX_use_certificate(context, ParseCertificate(identity.certificate_pem).get());
    SSL_CTX_use_PrivateKey(context, ParsePrivateKey(identity.private_key_pem).get());
  }
}

// The protocol agreed with the server at `port`, or "refused".
std::string Handshake(int port, int version_max, const TlsIdentity& identity) {
  const std::unique_ptr<SSL_CTX, OpensslFree<SSL_CTX_free>> context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_max_proto_version(context.get(), version_max);
  SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
  UseIdentity(identity, context.get());
  constexpr unsigned char kHttp2[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context.get(), kHttp2, sizeof kHttp2);
  const BioHandle connection(BIO_new_ssl_connect(context.get()));
  BIO_set_conn_hostname(connection.get(), ("127.0.0.1:" + std::to_string(port)).c_str());
  SSL* ssl = nullptr;
  BIO_get_ssl(connection.get(), &ssl);
  const bool agreed = BIO_do_handshake(connection.get()) == 1;
  ERR_clear_error();
  return agreed ? SSL_get_version(ssl) : "refused";
}

grpc::Status Renew(int port, const TlsIdentity& identity, v1::RenewResponse& response) {
  grpc::ClientContext context;
  return DialLoopback(port, identity)->Renew(&context, {}, &response);
}

grpc::StatusCode RenewCode(int port, const TlsIdentity& identity) {
  v1::RenewResponse response;
  return Renew(port, identity, response).error_code();
}

TEST(UserPort, RefusesTls12AndTakesTls13) {
  TestFederation federation;
  EchoLink link;
  const auto server = StartOnLoopback(UserServerCredentials(federation.Server()).value(), link);
  EXPECT_EQ(Handshake(server->port(), TLS1_3_VERSION, {}), "TLSv1.3");
  EXPECT_EQ(Handshake(server->port(), TLS1_2_VERSION, {}), "refused");
  EXPECT_EQ(Handshake(server->port(), TLS1_1_VERSION, {}), "refused");
}

TEST(UserPort, TakesAClientWithoutCertificateAndNamesNobody) {
  TestFederation federation;
  EchoLink link;
  const auto server = StartOnLoopback(UserServerCredentials(federation.Server()).value(), link);
  v1::RenewResponse response;
  const grpc::Status status =
      Renew(server->port(), {.certificate_pem = "", .private_key_pem = "", .ca_pem = federation.ca_pem()}, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(status.error_message(), HasSubstr("no client certificate"));
}

TEST(UserPort, ClientRefusesAServerOfAnotherCa) {
  TestFederation federation;
  TestFederation stranger;
  EchoLink link;
  const auto server = StartOnLoopback(UserServerCredentials(stranger.Server()).value(), link);
  EXPECT_EQ(RenewCode(server->port(), {.certificate_pem = "", .private_key_pem = "", .ca_pem = federation.ca_pem()}),
            grpc::StatusCode::UNAVAILABLE);
}

TEST(UserPort, ClientRefusesAServerWithAnotherName) {
  TestFederation federation;
  auto issued = federation.authority().IssueServerCertificate({.dns_names = {"elsewhere.example"}, .ip_addresses = {}},
                                                              federation.now());
  ASSERT_TRUE(issued.ok()) << issued.status();
  EchoLink link;
  const auto server = StartOnLoopback(
      UserServerCredentials(
          {.certificate_pem = issued->certificate_pem, .private_key_pem = issued->private_key_pem, .ca_pem = ""})
          .value(),
      link);
  EXPECT_EQ(RenewCode(server->port(), {.certificate_pem = "", .private_key_pem = "", .ca_pem = federation.ca_pem()}),
            grpc::StatusCode::UNAVAILABLE);
}

TEST(AgentPort, ReadsTheNameInTheClientCertificate) {
  TestFederation federation;
  EchoLink link;
  const auto server = StartOnLoopback(AgentServerCredentials(federation.Server()).value(), link);
  v1::RenewResponse response;
  const grpc::Status status = Renew(server->port(), federation.Agent(kAgent), response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(federation.authority().IdentityOf(response.certificate_pem()).value(), kAgent);
}

TEST(AgentPort, RefusesTls12AndTakesTls13) {
  TestFederation federation;
  EchoLink link;
  const auto server = StartOnLoopback(AgentServerCredentials(federation.Server()).value(), link);
  const TlsIdentity agent = federation.Agent(kAgent);
  EXPECT_EQ(Handshake(server->port(), TLS1_3_VERSION, agent), "TLSv1.3");
  EXPECT_EQ(Handshake(server->port(), TLS1_2_VERSION, agent), "refused");
}

TEST(AgentPort, RefusesAClientWithoutCertificate) {
  TestFederation federation;
  EchoLink link;
  const auto server = StartOnLoopback(AgentServerCredentials(federation.Server()).value(), link);
  EXPECT_EQ(RenewCode(server->port(), {.certificate_pem = "", .private_key_pem = "", .ca_pem = federation.ca_pem()}),
            grpc::StatusCode::UNAVAILABLE);
}

TEST(AgentPort, RefusesACertificateOfAnotherCa) {
  TestFederation federation;
  TestFederation stranger;
  EchoLink link;
  const auto server = StartOnLoopback(AgentServerCredentials(federation.Server()).value(), link);
  TlsIdentity impostor = stranger.Agent(kAgent);
  impostor.ca_pem = federation.ca_pem();
  EXPECT_EQ(RenewCode(server->port(), impostor), grpc::StatusCode::UNAVAILABLE);
}

TEST(AgentPort, RefusesAServerCertificateInTheHandsOfAClient) {
  TestFederation federation;
  EchoLink link;
  const auto server = StartOnLoopback(AgentServerCredentials(federation.Server()).value(), link);
  EXPECT_EQ(RenewCode(server->port(), federation.Server()), grpc::StatusCode::UNAVAILABLE);
}

// A client certificate of the right CA with whatever names the test wants.
TlsIdentity ClientNamed(TestFederation& federation, const std::string& names) {
  const std::string ca_key = ReadFile(federation.File("ca.key")).value();
  const CertificateHandle ca = ParseCertificate(federation.ca_pem());
  const KeyHandle signer = ParsePrivateKey(ca_key);
  const std::string key_pem = MakePrivateKey().value();
  const KeyHandle key = ParsePrivateKey(key_pem);
  SystemRandom random;
  const auto made =
      identity::SignCertificate({.common_name = "test",
                                 .not_before = federation.now() - std::chrono::hours(1),
                                 .not_after = federation.now() + std::chrono::hours(1),
                                 .extensions = {{NID_ext_key_usage, "clientAuth"}, {NID_subject_alt_name, names}}},
                                key.get(), {.certificate = ca.get(), .key = signer.get()}, random);
  CHECK(made.ok());
  return {.certificate_pem = ToPem(made->get()), .private_key_pem = key_pem, .ca_pem = federation.ca_pem()};
}

TEST(AgentPort, NamesNobodyUnlessThereIsExactlyOneUri) {
  TestFederation federation;
  EchoLink link;
  const auto server = StartOnLoopback(AgentServerCredentials(federation.Server()).value(), link);
  v1::RenewResponse response;
  EXPECT_TRUE(Renew(server->port(), ClientNamed(federation, "URI:spiffe://a/b"), response).ok());
  EXPECT_EQ(response.certificate_pem(), "spiffe://a/b");
  EXPECT_EQ(RenewCode(server->port(), ClientNamed(federation, "URI:spiffe://a/b,URI:spiffe://a/c")),
            grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(RenewCode(server->port(), ClientNamed(federation, "DNS:a.example")), grpc::StatusCode::UNAUTHENTICATED);
}

TEST(Credentials, RefuseWhatCouldNeverWork) {
  TestFederation federation;
  const TlsIdentity good = federation.Server();
  TlsIdentity other_key = good;
  other_key.private_key_pem = MakePrivateKey().value();
  EXPECT_EQ(UserServerCredentials(other_key).status().code(), StatusCode::kInvalidArgument);
  TlsIdentity no_ca = good;
  no_ca.ca_pem.clear();
  EXPECT_TRUE(UserServerCredentials(no_ca).ok());
  EXPECT_EQ(AgentServerCredentials(no_ca).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ClientCredentials(no_ca).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ClientCredentials(other_key).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(UserServerCredentials(TlsFiles{.certificate_path = federation.File("none"),
                                           .private_key_path = federation.File("none"),
                                           .ca_path = ""})
                .status()
                .code(),
            StatusCode::kNotFound);
}

TEST(Credentials, ServeFromFiles) {
  TestFederation federation;
  const TlsIdentity identity = federation.Server();
  ASSERT_TRUE(WriteFileAtomically(federation.File("server.pem"), identity.certificate_pem).ok());
  ASSERT_TRUE(WriteFileAtomically(federation.File("server.key"), identity.private_key_pem, 0600).ok());
  EchoLink link;
  const auto credentials = AgentServerCredentials(TlsFiles{.certificate_path = federation.File("server.pem"),
                                                           .private_key_path = federation.File("server.key"),
                                                           .ca_path = federation.File("ca.pem")});
  ASSERT_TRUE(credentials.ok()) << credentials.status();
  const auto server = StartOnLoopback(*credentials, link);
  EXPECT_EQ(RenewCode(server->port(), federation.Agent(kAgent)), grpc::StatusCode::OK);
}

TEST(Credentials, RenewedCertificateIsServedWithoutARestart) {
  TestFederation federation;
  const TlsIdentity before = federation.Server();
  const TlsIdentity after = federation.Server();
  const std::string path = federation.File("server.pem");  // key and chain in one file, replaced as a whole
  ASSERT_TRUE(WriteFileAtomically(path, before.private_key_pem + before.certificate_pem, 0600).ok());
  EchoLink link;
  const auto server = StartOnLoopback(UserServerCredentials(TlsFiles{.certificate_path = path,
                                                                     .private_key_path = path,
                                                                     .ca_path = "",
                                                                     .reload_interval = std::chrono::seconds(1)})
                                          .value(),
                                      link);
  const auto serves = [&](const TlsIdentity& identity) {
    const std::string fingerprint = ReadCertificate(identity.certificate_pem)->fingerprint;
    return FetchPinnedCa({.address = "127.0.0.1:" + std::to_string(server->port()), .fingerprint = fingerprint}).ok();
  };
  EXPECT_TRUE(serves(before));
  ASSERT_TRUE(WriteFileAtomically(path, after.private_key_pem + after.certificate_pem, 0600).ok());
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!serves(after) && std::chrono::steady_clock::now() < give_up) {
  }
  EXPECT_TRUE(serves(after));
  EXPECT_FALSE(serves(before));
}

}  // namespace
}  // namespace turnpike
