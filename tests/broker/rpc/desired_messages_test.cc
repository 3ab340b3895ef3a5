#include "broker/rpc/desired_messages.h"

#include <gmock/gmock.h>

#include "tests/broker/rpc/sample_spec.h"

namespace turnpike {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::chrono::seconds kLease{60};

DesiredAttempt Offer(uint8_t number, size_t script_bytes) {
  DesiredAttempt offer;
  offer.attempt_id = AttemptId(Uuid{{number}});
  AttemptOrder& order = offer.order.emplace();
  v1::JobSpec stored = SampleSpec();
  stored.mutable_script()->clear_content();
  order.spec = stored.SerializeAsString();
  order.script = std::string(script_bytes, '#');
  return offer;
}

std::vector<int> Counts(const std::vector<v1::SynchronizeResponse>& messages) {
  std::vector<int> counts;
  for (const v1::SynchronizeResponse& message : messages) {
    counts.push_back(message.desired_change().attempts_size());
  }
  return counts;
}

TEST(DesiredMessages, AreCutByCount) {
  EXPECT_THAT(DesiredMessages({}, kLease), IsEmpty());
  const std::vector<DesiredAttempt> desired(17, Offer(1, 10));
  EXPECT_THAT(Counts(DesiredMessages(desired, kLease)), ElementsAre(8, 8, 1));
}

TEST(DesiredMessages, AreCutByBytesAndKeepTheOrder) {
  std::vector<DesiredAttempt> desired;
  for (uint8_t i = 0; i < 8; ++i) {
    desired.push_back(Offer(i, 1U << 20U));
  }
  const std::vector<v1::SynchronizeResponse> messages = DesiredMessages(desired, kLease);
  EXPECT_THAT(Counts(messages), ElementsAre(3, 3, 2));  // An order is a little more than its script.
  for (const v1::SynchronizeResponse& message : messages) {
    EXPECT_LE(message.ByteSizeLong(), kDesiredBytesMax + 1'000);
  }
  EXPECT_EQ(messages[1].desired_change().attempts(0).attempt_id(), AttemptId(Uuid{{3}}).ToString());
}

TEST(DesiredMessages, AnOrderThatIsTooLargeAloneTravelsAlone) {
  EXPECT_THAT(Counts(DesiredMessages({Offer(1, 10), Offer(2, 5U << 20U), Offer(3, 10)}, kLease)), ElementsAre(1, 1, 1));
}

}  // namespace
}  // namespace turnpike
