#include "adapters/host/cancel_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file_sync.h"
#include "tests/adapters/host/agent_round_fixture.h"

namespace turnpike {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class CancelRequestsTest : public AgentRoundTest {
 protected:
  void Serve() { requests_.Serve(site_.journal().state()); }
  void Ask(const AttemptId& id) { ASSERT_TRUE(CancelRequests::Ask(folder_, LocalTag(id)).ok()); }

  const std::string folder_ = scratch_.File("cancel");
  CancelRequests requests_{scheduler_, folder_};
};

TEST_F(CancelRequestsTest, ALocalJobIsEndedOnce) {
  ASSERT_TRUE(site_.Connect().ok());
  const AttemptId id = site_.Submit();
  Serve();
  EXPECT_THAT(scheduler_.cancelled, IsEmpty());
  Ask(id);
  Serve();
  Serve();
  EXPECT_THAT(scheduler_.cancelled, SizeIs(1));
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(CancelRequestsTest, ARequestWaitsUntilTheLocalJobIsKnown) {
  ASSERT_TRUE(site_.Connect().ok());
  scheduler_.answers = {SubmitOutcome::Kind::kAmbiguous};
  Ask(site_.Submit());
  Serve();
  EXPECT_THAT(scheduler_.cancelled, IsEmpty());
  Round();
  Serve();
  EXPECT_THAT(scheduler_.cancelled, SizeIs(1));
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(CancelRequestsTest, ARequestForWhatIsNotHereGoes) {
  Ask(site_.NewAttempt());
  Serve();
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(CancelRequestsTest, ARequestThatIsBeingWrittenIsLeftAlone) {
  const std::string draft = folder_ + "/" + LocalTag(site_.NewAttempt()) + ".a1b2c3";
  ASSERT_TRUE(MakeFolders(folder_).ok() && WriteFileAtomically(draft, "").ok());
  Serve();
  EXPECT_TRUE(std::filesystem::exists(draft));
}

}  // namespace
}  // namespace turnpike
