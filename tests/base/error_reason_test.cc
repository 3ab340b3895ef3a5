#include "base/error_reason.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr int kReasonCount = static_cast<int>(ErrorReason::kInternal) + 1;

TEST(ErrorReason, NamesAreUniqueAndReadBack) {
  std::set<std::string_view> names;
  for (int number = 0; number < kReasonCount; ++number) {
    const auto reason = static_cast<ErrorReason>(number);
    const std::string_view name = ErrorReasonName(reason);
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(ParseErrorReason(name), reason);
    // What google.rpc.ErrorInfo asks of a reason.
    EXPECT_THAT(std::string(name), testing::MatchesRegex("[A-Z][A-Z0-9_]+[A-Z0-9]"));
  }
}

TEST(ErrorReason, UnknownNamesAreNoReason) {
  EXPECT_FALSE(ParseErrorReason(""));
  EXPECT_FALSE(ParseErrorReason("not_found"));
  EXPECT_FALSE(ParseErrorReason("NOT_FOUND "));
}

TEST(ErrorDetails, AreEmptyOnAPlainStatus) {
  const ErrorDetails details = DetailsOf(NotFound("no such job"));
  EXPECT_FALSE(details.reason);
  EXPECT_THAT(details.metadata, IsEmpty());
  EXPECT_THAT(details.violations, IsEmpty());
  EXPECT_FALSE(details.retry_after);
}

TEST(ErrorDetails, SurviveTheRoundTripWithOddBytes) {
  const std::string odd("12:34:\0\xff\n\"{}", 12);
  const Status status =
      WithDetails(ResourceExhausted("busy"), {.reason = ErrorReason::kOverloaded,
                                              .metadata = {{"", ""}, {"a", odd}, {odd, "b"}},
                                              .violations = {{.path = odd, .description = ""}, {"", odd}},
                                              .retry_after = std::chrono::milliseconds(1500)});
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(MessageOf(status), "busy");
  const ErrorDetails details = DetailsOf(status);
  EXPECT_EQ(details.reason, ErrorReason::kOverloaded);
  EXPECT_THAT(details.metadata, ElementsAre(Pair("", ""), Pair(odd, "b"), Pair("a", odd)));
  EXPECT_THAT(details.violations, ElementsAre(FieldViolation{odd, ""}, FieldViolation{"", odd}));
  EXPECT_EQ(details.retry_after, std::chrono::milliseconds(1500));
}

TEST(ErrorDetails, ReasonIsAddedToWhatIsThere) {
  const Status first = WithDetails(
      Unavailable("no database"),
      {.reason = {}, .metadata = {{"host", "db-1"}}, .violations = {}, .retry_after = std::chrono::milliseconds(0)});
  const ErrorDetails details = DetailsOf(WithReason(first, ErrorReason::kDatabaseUnavailable, {{"port", "5432"}}));
  EXPECT_EQ(details.reason, ErrorReason::kDatabaseUnavailable);
  EXPECT_THAT(details.metadata, ElementsAre(Pair("host", "db-1"), Pair("port", "5432")));
  EXPECT_EQ(details.retry_after, std::chrono::milliseconds(0));
}

TEST(ErrorDetails, AnOkStatusCarriesNone) {
  EXPECT_FALSE(DetailsOf(WithReason(OkStatus(), ErrorReason::kInternal)).reason);
}

TEST(FieldViolations, NoneIsOk) {
  EXPECT_TRUE(FieldViolations().empty());
  EXPECT_TRUE(FieldViolations().ToStatus().ok());
}

TEST(FieldViolations, AreAllNamedInOneAnswer) {
  FieldViolations violations;
  violations.Add("spec.nodes", "must be at least 1");
  violations.Add("spec.name", "is empty");
  const Status status = violations.ToStatus();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(MessageOf(status), "spec.nodes: must be at least 1; spec.name: is empty");
  const ErrorDetails details = DetailsOf(status);
  EXPECT_EQ(details.reason, ErrorReason::kInvalidField);
  EXPECT_THAT(details.violations,
              ElementsAre(FieldViolation{"spec.nodes", "must be at least 1"}, FieldViolation{"spec.name", "is empty"}));
}

TEST(FieldViolations, UnsupportedFieldsAreNamedToo) {
  FieldViolations violations;
  violations.AddUnsupported("spec.license", "does not work yet");
  const Status status = violations.ToStatus();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_EQ(DetailsOf(status).reason, ErrorReason::kFieldNotSupported);
  EXPECT_THAT(DetailsOf(status).violations, ElementsAre(FieldViolation{"spec.license", "does not work yet"}));
}

TEST(FieldViolations, InvalidFieldsWinOverUnsupportedOnes) {
  FieldViolations violations;
  violations.AddUnsupported("spec.license", "does not work yet");
  violations.Add("spec.name", "is empty");
  EXPECT_FALSE(violations.empty());
  const Status status = violations.ToStatus();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(DetailsOf(status).violations, ElementsAre(FieldViolation{"spec.name", "is empty"}));
}

}  // namespace
}  // namespace turnpike
