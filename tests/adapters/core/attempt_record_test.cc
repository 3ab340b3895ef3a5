#include "adapters/core/attempt_record.h"

#include <gtest/gtest.h>

#include <set>

#include "adapters/core/local_tag.h"

namespace turnpike {
namespace {

using Phase = AttemptPhase;
using Event = AttemptEvent;

// Row: phase; column: event in the order of the enum.  '.' is refused, a digit or letter is the phase that follows.
constexpr char kWanted[kAttemptPhaseCount][kAttemptEventCount + 1] = {
    // claim go refuse intend accepted unknown start end fence lose
    "1.8.......",  // OFFERED
    "128.4.6.9.",  // CLAIMED
    "12834.6.9.",  // GO
    "..8.456.9.",  // INTENT
    "....4.6.9.",  // SUBMITTED
    "...3456.9.",  // AMBIGUOUS
    "....6..7.a",  // STARTED
    "..........",  // ENDED
    "..........",  // NOT_STARTED
    "..........",  // FENCED
    "..........",  // INTERRUPTED
};

TEST(AttemptRecord, EveryPhaseAndEventIsAsTheTableSays) {
  for (int from = 0; from < kAttemptPhaseCount; ++from) {
    for (int event = 0; event < kAttemptEventCount; ++event) {
      const char wanted = kWanted[from][event];
      const auto next = NextAttemptPhase(static_cast<Phase>(from), static_cast<Event>(event));
      const std::string what = std::string(AttemptPhaseName(static_cast<Phase>(from))) + " + " +
                               std::string(AttemptEventName(static_cast<Event>(event)));
      if (wanted == '.') {
        EXPECT_FALSE(next.has_value()) << what;
      } else {
        ASSERT_TRUE(next.has_value()) << what;
        EXPECT_EQ(static_cast<int>(*next), wanted == 'a' ? 10 : wanted - '0') << what;
      }
    }
  }
}

TEST(AttemptRecord, NoEventLeavesAFinalPhaseAndEveryOtherPhaseCanEnd) {
  for (int from = 0; from < kAttemptPhaseCount; ++from) {
    int ways_out = 0;
    for (int event = 0; event < kAttemptEventCount; ++event) {
      ways_out += NextAttemptPhase(static_cast<Phase>(from), static_cast<Event>(event)).has_value() ? 1 : 0;
    }
    EXPECT_EQ(ways_out == 0, IsFinal(static_cast<Phase>(from))) << AttemptPhaseName(static_cast<Phase>(from));
  }
}

TEST(AttemptRecord, AStartedAttemptIsNeverFencedOrCalledNotStarted) {
  EXPECT_FALSE(NextAttemptPhase(Phase::kStarted, Event::kFence).has_value());
  EXPECT_FALSE(NextAttemptPhase(Phase::kStarted, Event::kRefuse).has_value());
}

TEST(AttemptRecord, NamesAreDistinct) {
  std::set<std::string_view> names;
  for (int phase = 0; phase < kAttemptPhaseCount; ++phase) {
    names.insert(AttemptPhaseName(static_cast<Phase>(phase)));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(kAttemptPhaseCount));
}

TEST(LocalTag, RoundTripsAndRefusesOtherNames) {
  const AttemptId id = *AttemptId::Parse("00112233-4455-4677-8899-aabbccddeeff");
  const std::string tag = LocalTag(id);
  EXPECT_EQ(tag.size(), 27U);
  EXPECT_EQ(tag.front(), 'b');
  EXPECT_EQ(AttemptOfTag(tag), id);
  for (const std::string& other : {std::string("bash"), tag.substr(1), tag + "a", "c" + tag.substr(1), std::string()}) {
    EXPECT_FALSE(AttemptOfTag(other).has_value()) << other;
  }
}

TEST(LocalTag, CommentShowsWhoMadeIt) {
  const std::string tag = LocalTag(*AttemptId::Parse("00112233-4455-4677-8899-aabbccddeeff"));
  EXPECT_TRUE(IsGenuineComment(LocalComment(tag, "key"), tag, "key"));
  EXPECT_FALSE(IsGenuineComment(LocalComment(tag, "other key"), tag, "key"));
  EXPECT_FALSE(IsGenuineComment(tag, tag, "key"));
  EXPECT_FALSE(IsGenuineComment("", tag, "key"));
}

TEST(LocalTag, GuardSecretDependsOnTheKeyAndIsNotTheComment) {
  const AttemptId id = *AttemptId::Parse("00112233-4455-4677-8899-aabbccddeeff");
  EXPECT_NE(GuardSecret(id, "key"), GuardSecret(id, "other key"));
  EXPECT_EQ(LocalComment(LocalTag(id), "key").find(GuardSecret(id, "key").substr(0, 16)), std::string::npos);
}

}  // namespace
}  // namespace turnpike
