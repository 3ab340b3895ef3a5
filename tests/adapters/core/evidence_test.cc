#include "adapters/core/evidence.h"

#include <gtest/gtest.h>

#include "adapters/core/usage.h"
#include "tests/adapters/core/attempt_builders.h"

namespace turnpike {
namespace {

SourceReading Reading(SourceKind kind, std::vector<LocalJobView> jobs) {
  SourceReading reading;
  reading.kind = kind;
  reading.complete = true;
  reading.users_in_sight = {kTestUser};
  reading.jobs = std::move(jobs);
  return reading;
}

Evidence Gather(std::vector<SourceReading> sources) {
  return GatherEvidence(SubmittedRecord(), PollResult{std::move(sources)}, {}, kTestSiteKey);
}

TEST(Evidence, AbsentOnlyWhenEverySourceIsCompleteAndShowsTheUser) {
  const SourceReading good = Reading(SourceKind::kQueue, {});
  SourceReading cut_off = Reading(SourceKind::kAccounting, {});
  cut_off.complete = false;
  SourceReading blind = Reading(SourceKind::kAccounting, {});
  blind.users_in_sight = {"somebody else"};
  EXPECT_EQ(Gather({good, Reading(SourceKind::kAccounting, {})}).presence, Presence::kAbsent);
  EXPECT_EQ(Gather({good}).presence, Presence::kAbsent);
  EXPECT_EQ(Gather({good, cut_off}).presence, Presence::kUnknown);
  EXPECT_EQ(Gather({good, blind}).presence, Presence::kUnknown);
  EXPECT_EQ(Gather({}).presence, Presence::kUnknown);
}

TEST(Evidence, AJobOfAnotherUserOrWithAForgedCommentIsNotOurs) {
  LocalJobView foreign = JobIn(LocalState::kRunning);
  foreign.local_user = "mallory";
  LocalJobView forged = JobIn(LocalState::kRunning);
  forged.comment = forged.tag + ":0000000000000000";
  EXPECT_TRUE(Gather({Reading(SourceKind::kQueue, {foreign, forged})}).jobs.empty());
}

TEST(Evidence, ASourceWithoutCommentsStillCounts) {
  LocalJobView plain = JobIn(LocalState::kRunning);
  plain.comment.clear();
  EXPECT_EQ(Gather({Reading(SourceKind::kQueue, {plain})}).jobs.size(), 1U);
}

TEST(Evidence, QueueAndAccountingRowsOfOneJobBecomeOneAndAccountingTellsTheEnd) {
  LocalJobView queued = JobIn(LocalState::kCompleting);
  queued.raw_reason = "None";
  const Evidence evidence = Gather({Reading(SourceKind::kQueue, {queued}),
                                    Reading(SourceKind::kAccounting, {EndedJob(EndCause::kProgramEnded, 3)})});
  ASSERT_EQ(evidence.jobs.size(), 1U);
  EXPECT_EQ(evidence.jobs[0].state, LocalState::kEnded);
  EXPECT_EQ(evidence.jobs[0].exit_code, 3);
  EXPECT_EQ(evidence.jobs[0].raw_reason, "None");
}

TEST(Evidence, AccountingAloneDoesNotProveThatAJobLives) {
  // A crashed controller forgets a job that accounting goes on calling pending.
  const Evidence evidence =
      Gather({Reading(SourceKind::kQueue, {}), Reading(SourceKind::kAccounting, {JobIn(LocalState::kPending)})});
  EXPECT_EQ(evidence.presence, Presence::kAbsent);
}

TEST(Usage, AbsurdRowsGiveNoUsage) {
  const ResourceAmounts amounts{.nodes = 1, .cores = 4, .accelerators = 0, .memory_mib = 1};
  EXPECT_EQ(UsageOver(amounts, std::chrono::seconds(10))->core_seconds, 40);
  EXPECT_FALSE(UsageOver(amounts, std::chrono::seconds(-1)).has_value());
  EXPECT_FALSE(UsageOver(amounts, std::chrono::seconds(int64_t{1} << 62)).has_value());
  EXPECT_FALSE(UsageOver({.nodes = 1, .cores = -4}, std::chrono::seconds(10)).has_value());
  EXPECT_FALSE(UsageOver({.nodes = 1, .cores = int64_t{1} << 62}, std::chrono::seconds(10)).has_value());
}

}  // namespace
}  // namespace turnpike
