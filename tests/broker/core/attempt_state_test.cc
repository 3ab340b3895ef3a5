#include "broker/core/attempt_state.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace turnpike {
namespace {

// A row for each state, a column for each report: "=" changes nothing, "-" contradicts what is known.
const std::vector<std::string> kEvents = {"CLAIMED", "AMBIGUOUS",   "SUBMITTED", "STARTED",     "UNCERTAIN",
                                          "ENDED",   "NOT_STARTED", "FENCED",    "INTERRUPTED", "WITHDRAWN"};
// clang-format off
const std::map<std::string, std::vector<std::string>> kExpected = {
    //              claimed    ambiguous    submitted    started    uncertain    ended    not-started    fenced    interrupted    withdrawn
    {"OFFERED",    {"CLAIMED", "AMBIGUOUS", "SUBMITTED", "STARTED", "UNCERTAIN", "ENDED", "NOT_STARTED", "FENCED", "INTERRUPTED",
                    "WITHDRAWN"}},
    {"CLAIMED",    {"=",       "AMBIGUOUS", "SUBMITTED", "STARTED", "UNCERTAIN", "ENDED", "NOT_STARTED", "FENCED", "INTERRUPTED", "-"}},
    {"AMBIGUOUS",  {"=",       "=",         "SUBMITTED", "STARTED", "UNCERTAIN", "ENDED", "NOT_STARTED", "FENCED", "INTERRUPTED", "-"}},
    {"SUBMITTED",  {"=",       "=",         "=",         "STARTED", "UNCERTAIN", "ENDED", "NOT_STARTED", "FENCED", "INTERRUPTED", "-"}},
    {"STARTED",    {"=",       "=",         "=",         "=",       "UNCERTAIN", "ENDED", "-",           "-",      "INTERRUPTED", "-"}},
    {"UNCERTAIN",  {"=",       "=",         "SUBMITTED", "STARTED", "=",         "ENDED", "NOT_STARTED", "FENCED", "INTERRUPTED", "-"}},
    {"ENDED",      {"=",       "=",         "=",         "=",       "=",         "=",     "-",           "-",      "=",           "-"}},
    {"INTERRUPTED",{"=",       "=",         "=",         "=",       "=",         "=",     "-",           "-",      "=",           "-"}},
    {"NOT_STARTED",{"=",       "=",         "=",         "-",       "=",         "-",     "=",           "=",      "-",           "-"}},
    {"FENCED",     {"=",       "=",         "=",         "-",       "=",         "-",     "=",           "=",      "-",           "-"}},
    {"WITHDRAWN",  {"-",       "-",         "-",         "-",       "-",         "-",     "=",           "=",      "-",           "="}},
};
// clang-format on

std::string Outcome(AttemptState from, AttemptEvent event) {
  const std::optional<AttemptState> next = NextAttemptState(from, event);
  return !next ? "-" : *next == from ? "=" : std::string(AttemptStateName(*next));
}

TEST(AttemptState, EveryPairOfStateAndReportIsAsWritten) {
  ASSERT_EQ(std::size(kAttemptStates), kExpected.size());
  ASSERT_EQ(std::size(kAttemptEvents), kEvents.size());
  for (const AttemptState state : kAttemptStates) {
    for (size_t i = 0; i < kEvents.size(); ++i) {
      const std::optional<AttemptEvent> event = ParseAttemptEvent(kEvents[i]);
      ASSERT_TRUE(event) << kEvents[i];
      EXPECT_EQ(Outcome(state, *event), kExpected.at(std::string(AttemptStateName(state)))[i])
          << AttemptStateName(state) << " + " << kEvents[i];
    }
  }
}

TEST(AttemptState, TableHasEachPairOnce) {
  std::set<std::pair<AttemptState, AttemptEvent>> seen;
  for (const AttemptTransition& transition : AttemptTransitions()) {
    EXPECT_TRUE(seen.emplace(transition.from, transition.event).second)
        << AttemptStateName(transition.from) << " + " << AttemptEventName(transition.event);
  }
}

TEST(AttemptState, FinalStateStays) {
  for (const AttemptState state : kAttemptStates) {
    bool leaves = false;
    for (const AttemptEvent event : kAttemptEvents) {
      leaves = leaves || NextAttemptState(state, event).value_or(state) != state;
    }
    EXPECT_EQ(IsFinal(state), !leaves) << AttemptStateName(state);
  }
}

TEST(AttemptState, EveryReportMayComeTwice) {
  for (const AttemptState state : kAttemptStates) {
    for (const AttemptEvent event : kAttemptEvents) {
      if (const std::optional<AttemptState> once = NextAttemptState(state, event)) {
        EXPECT_EQ(NextAttemptState(*once, event), once) << AttemptStateName(state) << " + " << AttemptEventName(event);
      }
    }
  }
}

TEST(AttemptState, ReportsOfOneLifeMayComeInAnyOrder) {
  const std::vector<AttemptEvent> life = {AttemptEvent::kClaimed, AttemptEvent::kAmbiguous, AttemptEvent::kSubmitted,
                                          AttemptEvent::kStarted, AttemptEvent::kEnded};
  std::vector<size_t> order = {0, 1, 2, 3, 4};
  do {
    AttemptState state = AttemptState::kOffered;
    for (const size_t i : order) {
      const std::optional<AttemptState> next = NextAttemptState(state, life[i]);
      ASSERT_TRUE(next) << AttemptStateName(state) << " + " << AttemptEventName(life[i]);
      state = *next;
    }
    EXPECT_EQ(state, AttemptState::kEnded);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(AttemptState, UnstartedAreThoseThatMayStillBegin) {
  std::set<std::string> unstarted;
  for (const AttemptState state : kAttemptStates) {
    if (IsUnstarted(state)) {
      unstarted.insert(std::string(AttemptStateName(state)));
    }
  }
  EXPECT_EQ(unstarted, (std::set<std::string>{"OFFERED", "CLAIMED", "AMBIGUOUS", "SUBMITTED", "UNCERTAIN"}));
}

TEST(AttemptState, NamesComeBack) {
  for (const AttemptState state : kAttemptStates) {
    EXPECT_EQ(ParseAttemptState(AttemptStateName(state)), state);
  }
  for (const AttemptEvent event : kAttemptEvents) {
    EXPECT_EQ(ParseAttemptEvent(AttemptEventName(event)), event);
  }
  EXPECT_EQ(ParseAttemptState("GO"), std::nullopt);
}

}  // namespace
}  // namespace turnpike
