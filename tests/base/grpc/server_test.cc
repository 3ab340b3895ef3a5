#include "base/grpc/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <google/protobuf/wrappers.pb.h>
#include <grpcpp/impl/client_unary_call.h>
#include <grpcpp/impl/rpc_method.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <future>

#include "base/file_descriptor.h"
#include "tests/base/grpc/loopback_link.h"
#include "tests/base/grpc/test_federation.h"

namespace turnpike {
namespace {

using google::protobuf::Int32Value;
using google::protobuf::StringValue;

constexpr int kServing = 1;
constexpr int kNotServing = 2;

class Server : public testing::Test {
 protected:
  std::shared_ptr<grpc::Channel> Dial(int port) {
    const TlsIdentity anybody{.certificate_pem = "", .private_key_pem = "", .ca_pem = federation_.ca_pem()};
    return MakeChannel({.address = "127.0.0.1:" + std::to_string(port),
                        .credentials = ClientCredentials(anybody).value(),
                        .keepalive_without_calls = false,
                        .service_config_json = ""});
  }

  // grpc.health.v1.Health/Check; its two messages are one string and one number, field 1 each, like the wrappers.
  Result<int> Health(int port, const std::string& service) {
    grpc::ClientContext context;
    const grpc::internal::RpcMethod method("/grpc.health.v1.Health/Check", nullptr,
                                           grpc::internal::RpcMethod::NORMAL_RPC);
    const auto channel = Dial(port);
    StringValue request;
    request.set_value(service);
    Int32Value response;
    const grpc::Status status = grpc::internal::BlockingUnaryCall(channel.get(), method, &context, request, &response);
    return status.ok() ? Result<int>(response.value()) : Result<int>(FromGrpc(status));
  }

  std::shared_ptr<grpc::ServerCredentials> Credentials() { return UserServerCredentials(federation_.Server()).value(); }

  TestFederation federation_;
  EchoLink link_;
};

TEST_F(Server, TellsItsHealthForEachService) {
  const auto server = StartOnLoopback(Credentials(), link_);
  EXPECT_EQ(Health(server->port(), "").value(), kServing);
  EXPECT_EQ(Health(server->port(), "turnpike.v1.SiteLinkService").value(), kServing);
  EXPECT_EQ(Health(server->port(), "turnpike.v1.NoSuchService").status().code(), StatusCode::kNotFound);
  server->SetServing(false);
  EXPECT_EQ(Health(server->port(), "").value(), kNotServing);
  EXPECT_EQ(Health(server->port(), "turnpike.v1.SiteLinkService").value(), kNotServing);
}

TEST_F(Server, SecondServerOnTheSamePortIsRefused) {
  const auto first = StartOnLoopback(Credentials(), link_);
  EchoLink other;
  const std::string address = "127.0.0.1:" + std::to_string(first->port());
  const auto second = GrpcServer::Start(
      {.address = address, .credentials = Credentials(), .services = {Serve<v1::SiteLinkService>(other)}});
  ASSERT_EQ(second.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(std::string(MessageOf(second.status())), testing::HasSubstr(address));
}

// A connection that says nothing holds a socket and a thread's attention; thousands of them would hold all.
TEST_F(Server, ClosesAConnectionThatDoesNotSpeak) {
  const auto server = GrpcServer::Start({.address = "127.0.0.1:0",
                                         .credentials = Credentials(),
                                         .services = {Serve<v1::SiteLinkService>(link_)},
                                         .handshake_max = std::chrono::milliseconds(200)});
  ASSERT_TRUE(server.ok()) << server.status();
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>((*server)->port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  char byte = 0;
  EXPECT_EQ(::recv(socket.number(), &byte, 1, 0), 0) << "waits for the other end to close";
}

TEST_F(Server, TakesMessagesUpToTheLimitAndNotAbove) {
  const auto server = StartOnLoopback(Credentials(), link_);
  const auto stub = v1::SiteLinkService::NewStub(Dial(server->port()));
  const struct {
    size_t bytes;
    grpc::StatusCode code;
  } cases[] = {{kMessageBytesMax - 1024, grpc::StatusCode::OK},
               {kMessageBytesMax + 1024, grpc::StatusCode::RESOURCE_EXHAUSTED}};
  for (const auto& [bytes, code] : cases) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer one");
    v1::EnrollRequest request;
    request.set_certificate_request(std::string(bytes, 'x'));
    v1::EnrollResponse response;
    EXPECT_EQ(stub->Enroll(&context, request, &response).error_code(), code) << bytes;
  }
}

// Renew answers when the test lets it.
class HeldLink final : public v1::SiteLinkService::Service {
 public:
  grpc::Status Renew(grpc::ServerContext*, const v1::RenewRequest*, v1::RenewResponse*) override {
    entered_.set_value();
    released_.get_future().wait();
    return grpc::Status::OK;
  }
  void WaitUntilEntered() { entered_.get_future().wait(); }
  void Release() { released_.set_value(); }

 private:
  std::promise<void> entered_;
  std::promise<void> released_;
};

TEST_F(Server, ShutdownWaitsForACallUnderWayAndTakesNoOther) {
  HeldLink link;
  const auto server = StartOnLoopback(Credentials(), link);
  const int port = server->port();
  auto answer = std::async(std::launch::async, [&] {
    grpc::ClientContext context;
    v1::RenewResponse response;
    return v1::SiteLinkService::NewStub(Dial(port))->Renew(&context, {}, &response).error_code();
  });
  link.WaitUntilEntered();
  auto down = std::async(std::launch::async, [&] { server->Shutdown(std::chrono::minutes(1)); });
  link.Release();
  EXPECT_EQ(answer.get(), grpc::StatusCode::OK);
  down.get();
  EXPECT_EQ(Health(port, "").status().code(), StatusCode::kUnavailable);
}

TEST_F(Server, ListsItsServicesByReflection) {
  const auto server = StartOnLoopback(Credentials(), link_);
  const auto channel = Dial(server->port());
  grpc::ClientContext context;
  const grpc::internal::RpcMethod method("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", nullptr,
                                         grpc::internal::RpcMethod::BIDI_STREAMING);
  const std::unique_ptr<grpc::ClientReaderWriter<StringValue, StringValue>> stream(
      grpc::internal::ClientReaderWriterFactory<StringValue, StringValue>::Create(channel.get(), method, &context));
  // ServerReflectionRequest { list_services = 7: "" }; the answer is looked through as bytes.
  StringValue request;
  request.GetReflection()->MutableUnknownFields(&request)->AddLengthDelimited(7, "");
  ASSERT_TRUE(stream->Write(request));
  StringValue answer;
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_THAT(answer.SerializeAsString(), testing::HasSubstr("turnpike.v1.SiteLinkService"));
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace turnpike
