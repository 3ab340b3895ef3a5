// The limit of the round trip, and where the user is.
#include <gtest/gtest.h>

#include "broker/rpc/decode_spec.h"
#include "tests/broker/rpc/sample_spec.h"

namespace turnpike {
namespace {

JobDraft Decode(const std::string& changes) {
  return DecodeSpec(SampleSpec(changes), "spec");
}

TEST(DecodeRoundTrip, TakesTheLimitAndTheUsersRegion) {
  const JobDraft draft =
      Decode(R"(placement { round_trip_max { seconds: 1 nanos: 500001999 } user_region: "cn-east" })");
  ASSERT_TRUE(draft.invalid.ok()) << draft.invalid;
  EXPECT_EQ(draft.request.round_trip_max, std::chrono::microseconds(1'500'001));
  EXPECT_EQ(draft.request.user_region, "cn-east");
}

TEST(DecodeRoundTrip, ARegionAloneDoesNotPartJobsThatMatchAlike) {
  const JobDraft draft = Decode(R"(placement { user_region: "cn-east" })");
  ASSERT_TRUE(draft.invalid.ok()) << draft.invalid;
  EXPECT_EQ(draft.request, Decode("").request);
}

TEST(DecodeRoundTrip, RefusesWhatIsNoRoundTripAndWhatIsNoRegion) {
  EXPECT_TRUE(Decode("placement { round_trip_max { nanos: 1000 } }").invalid.ok());
  EXPECT_TRUE(Decode("placement { round_trip_max { seconds: 60 } }").invalid.ok());
  for (const std::string& changes :
       {std::string("placement { round_trip_max { } }"), std::string("placement { round_trip_max { nanos: 999 } }"),
        std::string("placement { round_trip_max { seconds: -1 } }"),
        std::string("placement { round_trip_max { seconds: 60 nanos: 1000 } }"),
        std::string("placement { round_trip_max { seconds: 9223372036854775807 } }"),
        "placement { user_region: '" + std::string(256, 'r') + "' }"}) {
    EXPECT_EQ(Decode(changes).invalid.code(), StatusCode::kInvalidArgument) << changes;
  }
}

}  // namespace
}  // namespace turnpike
