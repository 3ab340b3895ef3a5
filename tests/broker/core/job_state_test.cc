#include "broker/core/job_state.h"

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <vector>

namespace turnpike {
namespace {

// The table of docs/job-states.md: a row for each state, a column for each event, "-" where it is not allowed.
const std::vector<std::string> kEvents = {"PLACED",    "QUEUED", "STARTED",  "RETURNED",
                                          "COMPLETED", "FAILED", "CANCELLED"};
const std::map<std::string, std::vector<std::string>> kExpected = {
    {"PENDING", {"PLACED", "-", "-", "-", "-", "FAILED", "CANCELLED"}},
    {"PLACED", {"-", "QUEUED", "RUNNING", "PENDING", "COMPLETED", "FAILED", "CANCELLED"}},
    {"QUEUED", {"-", "QUEUED", "RUNNING", "PENDING", "COMPLETED", "FAILED", "CANCELLED"}},
    {"RUNNING", {"-", "RUNNING", "RUNNING", "PENDING", "COMPLETED", "FAILED", "CANCELLED"}},
    {"COMPLETED", {"-", "-", "-", "-", "-", "-", "-"}},
    {"FAILED", {"-", "-", "-", "-", "-", "-", "-"}},
    {"CANCELLED", {"-", "-", "-", "-", "-", "-", "-"}},
};

TEST(JobState, EveryPairOfStateAndEventIsAsWritten) {
  ASSERT_EQ(std::size(kJobStates), kExpected.size());
  ASSERT_EQ(std::size(kJobEvents), kEvents.size());
  for (const JobState state : kJobStates) {
    for (size_t i = 0; i < kEvents.size(); ++i) {
      const std::optional<JobEvent> event = ParseJobEvent(kEvents[i]);
      ASSERT_TRUE(event) << kEvents[i];
      const std::optional<JobState> next = NextJobState(state, *event);
      EXPECT_EQ(next ? JobStateName(*next) : "-", kExpected.at(std::string(JobStateName(state)))[i])
          << JobStateName(state) << " + " << kEvents[i];
    }
  }
}

TEST(JobState, TableHasEachPairOnce) {
  std::map<std::pair<JobState, JobEvent>, int> count;
  for (const JobTransition& transition : JobTransitions()) {
    EXPECT_EQ(++count[std::pair(transition.from, transition.event)], 1)
        << JobStateName(transition.from) << " + " << JobEventName(transition.event);
  }
}

TEST(JobState, FinalStatesAreThoseThatNothingLeaves) {
  for (const JobState state : kJobStates) {
    bool can_leave = false;
    for (const JobTransition& transition : JobTransitions()) {
      can_leave = can_leave || transition.from == state;
    }
    EXPECT_EQ(IsFinal(state), !can_leave) << JobStateName(state);
  }
}

TEST(JobState, NamesComeBack) {
  for (const JobState state : kJobStates) {
    EXPECT_FALSE(JobStateName(state).empty());
    EXPECT_EQ(ParseJobState(JobStateName(state)), state);
  }
  for (const JobEvent event : kJobEvents) {
    EXPECT_FALSE(JobEventName(event).empty());
    EXPECT_EQ(ParseJobEvent(JobEventName(event)), event);
  }
  EXPECT_EQ(ParseJobState("pending"), std::nullopt);
  EXPECT_EQ(ParseJobEvent(""), std::nullopt);
}

}  // namespace
}  // namespace turnpike
