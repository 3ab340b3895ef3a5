#pragma once
// What every scheduler adapter must do, as tests.  An adapter's own test file says:
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(Process, SchedulerContract, ProcessSite);
//
// where ProcessSite is default-constructible (a fresh scheduler with nothing in it) and has
//   Scheduler& scheduler();
//   void Recreate();                                     // the agent died and came back: same scheduler, new object
//   std::string local_user() const;                      // who jobs run as
//   std::string folder() const;                          // for attempts' folders; jobs may write there
//   static LocalJob AskForAll(LocalJob job);             // asks for so much that two of them cannot run at once
//   static LocalJob Impossible(LocalJob);                // asks for what it provably refuses
//   static constexpr bool kKeepsShortTimeLimits;         // limits of a second; without them it has a test of its own:
//   static constexpr char kTimeLimitTest[];              // "Suite.Test", of the same program

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <string>

#include "adapters/core/local_tag.h"
#include "adapters/core/pick_job.h"
#include "adapters/core/scheduler.h"
#include "base/file_sync.h"
#include "base/system_clock.h"
#include "tests/contracts/eventually.h"

namespace turnpike {

inline constexpr char kContractKey[] = "the contract's site key";

// For what a scheduler cannot do: says so, and that `test` of the same program shows what it does instead.
inline void LeaveToTest(const std::string& why, const std::string& test) {
  std::cout << "[ LEFT OUT ] " << why << "; see " << test << std::endl;
  const testing::UnitTest& tests = *testing::UnitTest::GetInstance();
  for (int suite = 0; suite < tests.total_test_suite_count(); ++suite) {
    const testing::TestSuite& members = *tests.GetTestSuite(suite);
    for (int member = 0; member < members.total_test_count(); ++member) {
      if (test == std::string(members.name()) + "." + members.GetTestInfo(member)->name()) {
        return;
      }
    }
  }
  ADD_FAILURE() << "there is no test " << test;
}

template <class Site>
class SchedulerContract : public testing::Test {
 protected:
  // A job whose batch script is `script`, with a folder of its own.
  LocalJob NewJob(const std::string& script) {
    LocalJob job;
    job.attempt_id = ids_.template Random<AttemptId>();
    job.tag = LocalTag(job.attempt_id);
    job.comment = LocalComment(job.tag, kContractKey);
    job.display_name = "contract";
    job.account.local_user = site_.local_user();
    job.time_limit = std::chrono::minutes(10);
    job.directory = site_.folder() + "/" + ToBase32(job.attempt_id.uuid());
    job.output_path = job.directory + "/stdout";
    job.error_path = job.directory + "/stderr";
    job.wrapper = "#!/bin/sh\ncd '" + job.directory + "' || exit 99\n" + script;
    EXPECT_TRUE(MakeFolders(job.directory, 0755).ok());
    return job;
  }
  static std::string UntilTold() { return "while [ ! -e stop ]; do sleep 0.1; done\n"; }
  static void Tell(const LocalJob& job) { EXPECT_TRUE(WriteFileAtomically(job.directory + "/stop", "").ok()); }
  static bool HasFile(const LocalJob& job, const std::string& name) {
    return ReadFile(job.directory + "/" + name).ok();
  }

  LocalJobIdentity MustSubmit(const LocalJob& job) {
    const SubmitOutcome outcome = site_.scheduler().Submit(job);
    EXPECT_EQ(outcome.kind, SubmitOutcome::Kind::kAccepted) << outcome.detail;
    EXPECT_EQ(outcome.identity.tag, job.tag);
    return outcome.identity;
  }
  PollResult Poll(const LocalJob& job) {
    return site_.scheduler().Poll({{job.tag}, clock_.Now() - std::chrono::hours(1)});
  }
  // What the sources say of it together; nullopt: nothing.
  std::optional<LocalJobView> Find(const LocalJob& job) {
    AttemptRecord record;
    record.attempt_id = job.attempt_id;
    record.local_user = site_.local_user();
    const Evidence evidence = GatherEvidence(record, Poll(job), {}, kContractKey);
    return evidence.jobs.empty() ? std::nullopt : std::optional(evidence.jobs.front());
  }
  bool WaitFor(const LocalJob& job, LocalState state) {
    return Eventually([&] {
      const std::optional<LocalJobView> view = Find(job);
      return view && view->state == state;
    });
  }
  LocalJobView MustEnd(const LocalJob& job) {
    EXPECT_TRUE(WaitFor(job, LocalState::kEnded)) << job.tag;
    return Find(job).value_or(LocalJobView{});
  }

  SystemClock clock_;
  SystemRandom random_;
  IdSource ids_{clock_, random_};
  Site site_;
};

TYPED_TEST_SUITE_P(SchedulerContract);

TYPED_TEST_P(SchedulerContract, SaysWhatItIs) {
  const Result<std::string> words = this->site_.scheduler().Describe();
  ASSERT_TRUE(words.ok()) << words.status();
  EXPECT_FALSE(words->empty());
}

TYPED_TEST_P(SchedulerContract, AnAcceptedJobIsFoundByItsTagUnderTheNameItWasGiven) {
  const LocalJob job = this->NewJob(this->UntilTold());
  const LocalJobIdentity identity = this->MustSubmit(job);
  const std::optional<LocalJobView> view = this->Find(job);
  ASSERT_TRUE(view.has_value());
  EXPECT_TRUE(IsNamedBy(*view, identity));
  EXPECT_TRUE(IsGenuineComment(view->comment, job.tag, kContractKey)) << view->comment;
  EXPECT_TRUE(IsAlive(*view));
  this->Tell(job);
  this->MustEnd(job);
}

TYPED_TEST_P(SchedulerContract, SourcesAreCompleteAndSayWhoseJobsTheyShow) {
  const LocalJob job = this->NewJob(this->UntilTold());
  this->MustSubmit(job);
  const PollResult poll = this->Poll(job);
  ASSERT_FALSE(poll.sources.empty());
  EXPECT_EQ(poll.sources.front().kind, SourceKind::kQueue);
  EXPECT_TRUE(poll.sources.front().complete) << poll.sources.front().error;
  EXPECT_TRUE(poll.sources.front().users_in_sight.contains(this->site_.local_user()));
  this->Tell(job);
  this->MustEnd(job);
}

TYPED_TEST_P(SchedulerContract, AProgramsEndComesWithItsCodeTimesAndUsage) {
  const LocalJob job = this->NewJob("echo out; echo err >&2; exit 3\n");
  this->MustSubmit(job);
  const LocalJobView view = this->MustEnd(job);
  EXPECT_EQ(view.cause, EndCause::kProgramEnded) << view.raw_state;
  EXPECT_EQ(view.exit_code, 3);
  EXPECT_FALSE(view.raw_state.empty());
  ASSERT_TRUE(view.start_time && view.end_time);
  EXPECT_LE(*view.start_time, *view.end_time);
  ASSERT_TRUE(view.allocated.has_value());
  EXPECT_GE(view.allocated->cores, 1);
  EXPECT_EQ(ReadFile(job.output_path).value_or(""), "out\n");
  EXPECT_EQ(ReadFile(job.error_path).value_or(""), "err\n");
}

TYPED_TEST_P(SchedulerContract, SuccessIsCodeZero) {
  const LocalJob job = this->NewJob("exit 0\n");
  this->MustSubmit(job);
  const LocalJobView view = this->MustEnd(job);
  EXPECT_EQ(view.cause, EndCause::kProgramEnded);
  EXPECT_EQ(view.exit_code, 0);
}

TYPED_TEST_P(SchedulerContract, AJobThatWaitsCanBeCancelledAndNeverRuns) {
  const LocalJob first = TypeParam::AskForAll(this->NewJob(": > ran\n" + this->UntilTold()));
  const LocalJob second = TypeParam::AskForAll(this->NewJob(": > ran\n"));
  this->MustSubmit(first);
  EXPECT_TRUE(Eventually([&] { return this->HasFile(first, "ran"); }));
  const LocalJobIdentity waiting = this->MustSubmit(second);
  EXPECT_TRUE(this->WaitFor(second, LocalState::kPending));
  EXPECT_TRUE(this->site_.scheduler().Cancel(waiting).ok());
  EXPECT_TRUE(Eventually([&] {
    const std::optional<LocalJobView> view = this->Find(second);
    return !view || !IsAlive(*view);
  }));
  this->Tell(first);
  this->MustEnd(first);
  EXPECT_FALSE(this->HasFile(second, "ran"));
}

TYPED_TEST_P(SchedulerContract, AJobThatRunsCanBeCancelled) {
  const LocalJob job = this->NewJob(": > ran\n" + this->UntilTold());
  const LocalJobIdentity identity = this->MustSubmit(job);
  EXPECT_TRUE(Eventually([&] { return this->HasFile(job, "ran"); }));
  EXPECT_TRUE(this->site_.scheduler().Cancel(identity).ok());
  const LocalJobView view = this->MustEnd(job);
  EXPECT_TRUE(view.cause == EndCause::kCancelledByUser || view.cause == EndCause::kCancelledBySite) << view.raw_state;
}

TYPED_TEST_P(SchedulerContract, CancellingWhatIsNotThereIsNoError) {
  LocalJobIdentity unknown;
  unknown.local_job_id = "99999999";
  unknown.tag = LocalTag(this->ids_.template Random<AttemptId>());
  EXPECT_TRUE(this->site_.scheduler().Cancel(unknown).ok());
  const LocalJob job = this->NewJob("exit 0\n");
  const LocalJobIdentity identity = this->MustSubmit(job);
  this->MustEnd(job);
  EXPECT_TRUE(this->site_.scheduler().Cancel(identity).ok());
}

TYPED_TEST_P(SchedulerContract, AnIdThatBelongsToAnotherJobByNowIsLeftAlone) {
  const LocalJob job = this->NewJob(": > ran\n" + this->UntilTold());
  LocalJobIdentity identity = this->MustSubmit(job);
  EXPECT_TRUE(Eventually([&] { return this->HasFile(job, "ran"); }));
  identity.tag = LocalTag(this->ids_.template Random<AttemptId>());
  EXPECT_TRUE(this->site_.scheduler().Cancel(identity).ok());
  this->Tell(job);
  EXPECT_EQ(this->MustEnd(job).cause, EndCause::kProgramEnded);
}

TYPED_TEST_P(SchedulerContract, ANewAgentFindsTheJobsOfTheOldOne) {
  const LocalJob job = this->NewJob(": > ran\n" + this->UntilTold() + "exit 5\n");
  const LocalJobIdentity identity = this->MustSubmit(job);
  EXPECT_TRUE(Eventually([&] { return this->HasFile(job, "ran"); }));
  this->site_.Recreate();
  const std::optional<LocalJobView> view = this->Find(job);
  ASSERT_TRUE(view.has_value());
  EXPECT_TRUE(IsNamedBy(*view, identity));
  EXPECT_TRUE(IsAlive(*view));
  this->Tell(job);
  EXPECT_EQ(this->MustEnd(job).exit_code, 5);
}

TYPED_TEST_P(SchedulerContract, TheSameTagTwiceIsShownTwice) {
  const LocalJob job = this->NewJob(this->UntilTold());
  const LocalJobIdentity first = this->MustSubmit(job);
  const LocalJobIdentity second = this->MustSubmit(job);
  EXPECT_NE(first.local_job_id, second.local_job_id);
  size_t shown = 0;
  const PollResult poll = this->Poll(job);
  for (const LocalJobView& view : poll.sources.front().jobs) {
    shown += view.tag == job.tag ? 1 : 0;
  }
  EXPECT_EQ(shown, 2U);
  EXPECT_TRUE(this->site_.scheduler().Cancel(second).ok());
  this->Tell(job);
  EXPECT_TRUE(Eventually([&] {
    const SourceReading queue = this->Poll(job).sources.front();
    return queue.complete && std::none_of(queue.jobs.begin(), queue.jobs.end(), [&](const LocalJobView& view) {
             return view.tag == job.tag && IsAlive(view);
           });
  }));
}

TYPED_TEST_P(SchedulerContract, WhatItRefusesLeavesNoJobBehind) {
  const LocalJob job = TypeParam::Impossible(this->NewJob("exit 0\n"));
  const SubmitOutcome outcome = this->site_.scheduler().Submit(job);
  EXPECT_EQ(outcome.kind, SubmitOutcome::Kind::kRefused) << outcome.detail;
  EXPECT_FALSE(outcome.detail.empty());
  const std::optional<LocalJobView> view = this->Find(job);
  EXPECT_TRUE(!view || !IsAlive(*view));
}

TYPED_TEST_P(SchedulerContract, TheTimeLimitIsKept) {
  if constexpr (TypeParam::kKeepsShortTimeLimits) {
    LocalJob job = this->NewJob(this->UntilTold());
    job.time_limit = std::chrono::seconds(1);
    this->MustSubmit(job);
    EXPECT_EQ(this->MustEnd(job).cause, EndCause::kTimeLimit);
  } else {
    LeaveToTest("its shortest time limit takes minutes", TypeParam::kTimeLimitTest);
  }
}

TYPED_TEST_P(SchedulerContract, CapacityHoldsAtLeastOneShareWithCores) {
  const Result<std::vector<ShareCapacity>> shares = this->site_.scheduler().ReadCapacity();
  ASSERT_TRUE(shares.ok()) << shares.status();
  ASSERT_FALSE(shares->empty());
  EXPECT_FALSE(shares->front().name.empty());
  EXPECT_GT(shares->front().cores_total, 0);
  EXPECT_LE(shares->front().cores_idle, shares->front().cores_total);
}

REGISTER_TYPED_TEST_SUITE_P(SchedulerContract, SaysWhatItIs, AnAcceptedJobIsFoundByItsTagUnderTheNameItWasGiven,
                            SourcesAreCompleteAndSayWhoseJobsTheyShow, AProgramsEndComesWithItsCodeTimesAndUsage,
                            SuccessIsCodeZero, AJobThatWaitsCanBeCancelledAndNeverRuns, AJobThatRunsCanBeCancelled,
                            CancellingWhatIsNotThereIsNoError, AnIdThatBelongsToAnotherJobByNowIsLeftAlone,
                            ANewAgentFindsTheJobsOfTheOldOne, TheSameTagTwiceIsShownTwice,
                            WhatItRefusesLeavesNoJobBehind, TheTimeLimitIsKept, CapacityHoldsAtLeastOneShareWithCores);

}  // namespace turnpike
