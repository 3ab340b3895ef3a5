#include "broker/live/site_sessions.h"

#include <gmock/gmock.h>

#include "tests/broker/live/fake_session.h"

namespace turnpike {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const SiteId kAlpha(Uuid{{1}});
const SiteId kBeta(Uuid{{2}});

TEST(SiteSessions, ANewerStreamReplacesTheOlder) {
  SiteSessions sessions;
  FakeSession first;
  FakeSession second;
  sessions.Add(kAlpha, first);
  sessions.Add(kAlpha, second);
  EXPECT_TRUE(first.replaced());
  EXPECT_FALSE(second.replaced());
  sessions.Remove(kAlpha, first);  // Late: the newer one stays.
  EXPECT_THAT(sessions.Sites(), ElementsAre(kAlpha));
}

TEST(SiteSessions, OnlyTheBrokersOwnActsWakeAStream) {
  SiteSessions sessions;
  FakeSession alpha;
  FakeSession beta;
  sessions.Add(kAlpha, alpha);
  sessions.Add(kBeta, beta);
  LoggedEvent event;
  event.job.site_id = kAlpha;
  for (const auto& [kind, number] :
       std::map<std::string, uint8_t>{{"PLACED", 1}, {"STARTED", 2}, {"CANCELLED", 3}, {"CANCEL_REQUESTED", 4}}) {
    event.kind = kind;
    event.job.attempt_id = AttemptId(Uuid{{number}});
    sessions.OnEvents({event});
  }
  EXPECT_THAT(alpha.woken(), UnorderedElementsAre(AttemptId(Uuid{{1}}), AttemptId(Uuid{{3}}), AttemptId(Uuid{{4}})));
  EXPECT_THAT(beta.woken(), IsEmpty());
}

TEST(SiteSessions, ShutsOutTheSitesThatAreNamedAndNoOther) {
  SiteSessions sessions;
  FakeSession alpha;
  FakeSession beta;
  FakeSession gone;
  sessions.Add(kAlpha, alpha);
  sessions.Add(kBeta, beta);
  const SiteId third(Uuid{{3}});
  sessions.Add(third, gone);
  sessions.Remove(third, gone);
  sessions.ShutOut({kAlpha, third});
  EXPECT_TRUE(alpha.shut_out());
  EXPECT_FALSE(beta.shut_out());
  EXPECT_FALSE(gone.shut_out());
}

}  // namespace
}  // namespace turnpike
