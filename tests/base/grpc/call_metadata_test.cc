#include "base/grpc/call_metadata.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/base/grpc/loopback_link.h"
#include "tests/base/grpc/test_federation.h"

namespace turnpike {
namespace {

constexpr char kTrace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

class CallMetadataOverTheWire : public testing::Test {
 protected:
  // What the server read, or the reason for which it refused.
  std::string Send(grpc::ClientContext& context) {
    v1::EnrollResponse response;
    const Status status = FromGrpc(stub_->Enroll(&context, {}, &response));
    return status.ok() ? response.site() : std::string(ErrorReasonName(DetailsOf(status).reason.value()));
  }

  TestFederation federation_;
  EchoLink link_;
  std::unique_ptr<GrpcServer> server_ = StartOnLoopback(UserServerCredentials(federation_.Server()).value(), link_);
  std::unique_ptr<v1::SiteLinkService::Stub> stub_ =
      DialLoopback(server_->port(), {.certificate_pem = "", .private_key_pem = "", .ca_pem = federation_.ca_pem()});
};

TEST_F(CallMetadataOverTheWire, ArrivesAsSent) {
  grpc::ClientContext context;
  ASSERT_TRUE(AddCallMetadata({.bearer_token = "tp_abc-_", .request_id = "r-1", .traceparent = kTrace}, context).ok());
  EXPECT_EQ(Send(context), fmt::format("tp_abc-_|r-1|{}", kTrace));
}

TEST_F(CallMetadataOverTheWire, NothingSentIsTokenMissing) {
  grpc::ClientContext context;
  ASSERT_TRUE(AddCallMetadata({}, context).ok());
  EXPECT_EQ(Send(context), "TOKEN_MISSING");
}

TEST_F(CallMetadataOverTheWire, OneBearerTokenAndNothingElseIsTaken) {
  for (const std::string value : {"Basic abc", "Bearer", "Bearer ", "Bearer a b", "abc"}) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", value);
    EXPECT_EQ(Send(context), "TOKEN_INVALID") << value;
  }
  grpc::ClientContext twice;
  twice.AddMetadata("authorization", "Bearer one");
  twice.AddMetadata("authorization", "Bearer two");
  EXPECT_EQ(Send(twice), "TOKEN_INVALID");
  grpc::ClientContext lower_case;
  lower_case.AddMetadata("authorization", "bearer one");
  EXPECT_EQ(Send(lower_case), "one||");
}

TEST_F(CallMetadataOverTheWire, MalformedIdsForLogsAreDropped) {
  for (const std::string trace : {"", "00-xyz", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                                  "00-00000000000000000000000000000000-00f067aa0ba902b7-01"}) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer one");
    context.AddMetadata("traceparent", trace);
    context.AddMetadata("x-request-id", std::string(129, 'x'));
    EXPECT_EQ(Send(context), "one||") << trace;
  }
}

TEST(CallMetadata, RefusesWhatNoHeaderCanCarry) {
  grpc::ClientContext context;
  EXPECT_EQ(AddCallMetadata({.bearer_token = "two\nlines", .request_id = "", .traceparent = ""}, context).code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(AddCallMetadata({.bearer_token = "", .request_id = "天", .traceparent = ""}, context).code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace turnpike
