#include "base/grpc/error_details.h"

#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <gtest/gtest.h>

namespace turnpike {
namespace {

using testing::HasSubstr;
using testing::Not;

void ExpectSameDetails(const ErrorDetails& left, const ErrorDetails& right) {
  EXPECT_EQ(left.reason, right.reason);
  EXPECT_EQ(left.metadata, right.metadata);
  EXPECT_EQ(left.violations, right.violations);
  EXPECT_EQ(left.retry_after, right.retry_after);
}

google::rpc::Status ProtoOf(const grpc::Status& status) {
  google::rpc::Status proto;
  EXPECT_TRUE(proto.ParseFromString(status.error_details()));
  return proto;
}

TEST(ErrorDetails, EveryCodeAndItsWordsSurviveTheWire) {
  for (int code = 1; code <= 16; ++code) {
    if (code == 2 || code == 13 || code == 15) {
      continue;  // UNKNOWN, INTERNAL and DATA_LOSS: their words stay inside.
    }
    const Status sent = MakeStatus(static_cast<StatusCode>(code), "site hpc-7 is draining");
    const Status received = FromGrpc(ToGrpc(sent));
    EXPECT_EQ(received.code(), sent.code()) << code;
    EXPECT_EQ(MessageOf(received), MessageOf(sent)) << code;
    ExpectSameDetails(DetailsOf(received), {});
  }
}

TEST(ErrorDetails, OkStaysOk) {
  EXPECT_TRUE(ToGrpc(OkStatus()).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
}

TEST(ErrorDetails, AllDetailsSurviveTheWire) {
  const ErrorDetails sent{.reason = ErrorReason::kBalanceTooLow,
                          .metadata = {{"account", "astro"}, {"free", "1.50 EUR"}, {"unicode", "天河"}},
                          .violations = {{"spec.resources.nodes", "must be at least 1"}, {"specs[3].name", "too long"}},
                          .retry_after = std::chrono::milliseconds(1234)};
  const Status received = FromGrpc(ToGrpc(WithDetails(FailedPrecondition("balance too low"), sent)));
  EXPECT_EQ(received.code(), StatusCode::kFailedPrecondition);
  ExpectSameDetails(DetailsOf(received), sent);
}

TEST(ErrorDetails, CarriesTheStandardMessagesUnderOurDomain) {
  const grpc::Status wire = ToGrpc(WithReason(NotFound("job 7 is not known"), ErrorReason::kNotFound, {{"job", "7"}}));
  const google::rpc::Status proto = ProtoOf(wire);
  EXPECT_EQ(proto.code(), 5);
  EXPECT_EQ(proto.message(), "job 7 is not known");
  google::rpc::ErrorInfo info;
  ASSERT_EQ(proto.details_size(), 1);
  ASSERT_TRUE(proto.details(0).UnpackTo(&info));
  EXPECT_EQ(info.domain(), "turnpike");
  EXPECT_EQ(info.reason(), "NOT_FOUND");
  EXPECT_EQ(info.metadata().at("job"), "7");
}

TEST(ErrorDetails, InsideWordsNeverLeaveTheServer) {
  const std::string sql = "ERROR: column \"secret\" does not exist; SELECT secret FROM job";
  for (const Status& status : {Internal("{}", sql), Unknown("{}", sql), DataLoss("{}", sql),
                               WithReason(Internal("{}", sql), ErrorReason::kInternal, {{"statement", sql}})}) {
    const grpc::Status wire = ToGrpc(status);
    EXPECT_EQ(static_cast<int>(wire.error_code()), static_cast<int>(status.code()));
    EXPECT_THAT(wire.error_message(), Not(HasSubstr("secret")));
    EXPECT_THAT(wire.error_details(), Not(HasSubstr("secret")));
    const ErrorDetails details = DetailsOf(FromGrpc(wire));
    EXPECT_EQ(details.reason, ErrorReason::kInternal);
    EXPECT_THAT(wire.error_message(), HasSubstr(details.metadata.at("incident")));
  }
}

TEST(ErrorDetails, SameFaultHasTheSameIncidentNumberAndAnotherFaultAnother) {
  const auto incident = [](const Status& status) {
    return DetailsOf(FromGrpc(ToGrpc(status))).metadata.at("incident");
  };
  EXPECT_EQ(incident(Internal("one")), incident(Internal("one")));
  EXPECT_NE(incident(Internal("one")), incident(Internal("two")));
}

TEST(ErrorDetails, ManyViolationsFitIntoTheTrailersAndSayHowManyAreLeftOut) {
  FieldViolations violations;
  for (int i = 0; i < 1000; ++i) {
    violations.Add(fmt::format("specs[{}].resources.nodes", i), "must be at least 1");
  }
  const grpc::Status wire = ToGrpc(violations.ToStatus());
  EXPECT_LE(wire.error_message().size() + wire.error_details().size(), 7U << 10U);
  const ErrorDetails details = DetailsOf(FromGrpc(wire));
  ASSERT_FALSE(details.violations.empty());
  EXPECT_EQ(details.violations.front().path, "specs[0].resources.nodes");
  EXPECT_EQ(details.metadata.at("violations_left_out"), std::to_string(1000 - details.violations.size()));
}

TEST(ErrorDetails, MetadataThatIsTooLargeIsLeftOutAndTheReasonStays) {
  const Status status = WithReason(NotFound("x"), ErrorReason::kNotFound, {{"huge", std::string(100'000, 'x')}});
  const grpc::Status wire = ToGrpc(status);
  EXPECT_LE(wire.error_details().size(), kErrorDetailsBytesMax);
  EXPECT_EQ(DetailsOf(FromGrpc(wire)).reason, ErrorReason::kNotFound);
}

TEST(ErrorDetails, BadUtf8DoesNotSpoilTheDetails) {
  const Status status = WithReason(NotFound("site said \xff!"), ErrorReason::kNotFound, {{"word", "\xc3"}});
  const Status received = FromGrpc(ToGrpc(status));
  EXPECT_EQ(MessageOf(received), "site said ?!");
  EXPECT_EQ(DetailsOf(received).metadata.at("word"), "?");
}

TEST(ErrorDetails, ReasonOfANewerServerIsLeftOut) {
  google::rpc::ErrorInfo info;
  info.set_reason("NOT_INVENTED_YET");
  (*info.mutable_metadata())["site"] = "hpc-7";
  google::rpc::Status proto;
  proto.set_code(9);
  proto.add_details()->PackFrom(info);
  const Status received =
      FromGrpc(grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "no", proto.SerializeAsString()));
  EXPECT_EQ(DetailsOf(received).reason, std::nullopt);
  EXPECT_EQ(DetailsOf(received).metadata.at("site"), "hpc-7");
}

TEST(ErrorDetails, DetailsThatAreNoProtoAreLeftOut) {
  const Status received = FromGrpc(grpc::Status(grpc::StatusCode::UNAVAILABLE, "proxy says no", "\xff\xff<html>"));
  EXPECT_EQ(received.code(), StatusCode::kUnavailable);
  EXPECT_EQ(MessageOf(received), "proxy says no");
}

}  // namespace
}  // namespace turnpike
