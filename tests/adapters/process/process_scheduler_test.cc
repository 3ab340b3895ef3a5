#include "adapters/process/process_scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <functional>

#include "tests/adapters/process/process_site.h"
#include "tests/contracts/scheduler_contract.h"

namespace turnpike {

INSTANTIATE_TYPED_TEST_SUITE_P(Process, SchedulerContract, ProcessSite);

namespace {

using testing::HasSubstr;

class ProcessSchedulerTest : public SchedulerContract<ProcessSite> {
 protected:
  int PidIn(const LocalJob& job, const std::string& name) {
    return std::stoi(ReadFile(job.directory + "/" + name).value());
  }
  std::string StatePath(const std::string& name) { return site_.options().state_directory + "/jobs/1/" + name; }
  // The first job, whose program has ended with `code`, and whose runner has said so.
  LocalJob FirstJobThatIsOver(const std::string& code) {
    LocalJob job = NewJob("exit " + code + "\n");
    MustSubmit(job);
    // The runner's last act is to name this file.
    EXPECT_TRUE(Eventually([&] { return ReadFile(StatePath("status")).ok(); }));
    return job;
  }
};

TEST_F(ProcessSchedulerTest, RunsFirstComeFirstServedAndTheQueueOutlivesTheAgent) {
  std::vector<LocalJob> jobs;
  for (int number = 0; number < 3; ++number) {
    jobs.push_back(ProcessSite::AskForAll(NewJob("echo " + std::to_string(number) + " >> ../order\n" + UntilTold())));
    MustSubmit(jobs.back());
  }
  EXPECT_TRUE(WaitFor(jobs[0], LocalState::kRunning));
  EXPECT_TRUE(WaitFor(jobs[1], LocalState::kPending));
  site_.Recreate();
  EXPECT_TRUE(WaitFor(jobs[0], LocalState::kRunning));
  EXPECT_TRUE(WaitFor(jobs[2], LocalState::kPending));
  for (const LocalJob& job : jobs) {
    Tell(job);
    EXPECT_EQ(MustEnd(job).exit_code, 0);
  }
  EXPECT_EQ(ReadFile(site_.folder() + "/order").value(), "0\n1\n2\n");
}

TEST_F(ProcessSchedulerTest, ASmallJobBehindALargeOneWaitsItsTurn) {
  LocalJob holder = NewJob(UntilTold());
  LocalJob large = ProcessSite::AskForAll(NewJob(UntilTold()));
  LocalJob small = NewJob(UntilTold());
  MustSubmit(holder);
  MustSubmit(large);
  MustSubmit(small);
  EXPECT_TRUE(WaitFor(large, LocalState::kPending));
  EXPECT_TRUE(WaitFor(small, LocalState::kPending));
  for (const LocalJob& job : {holder, large, small}) {
    Tell(job);
    MustEnd(job);
  }
}

TEST_F(ProcessSchedulerTest, CountAndMemoryAreLimitsToo) {
  site_.options().jobs_max = 1;
  site_.Recreate();
  const LocalJob first = NewJob(UntilTold());
  const LocalJob second = NewJob("exit 0\n");
  MustSubmit(first);
  MustSubmit(second);
  EXPECT_TRUE(WaitFor(second, LocalState::kPending));
  site_.options().jobs_max = 64;
  site_.Recreate();
  EXPECT_EQ(MustEnd(second).exit_code, 0);
  Tell(first);
  MustEnd(first);

  LocalJob heavy = NewJob(UntilTold());
  heavy.memory_per_node_mib = 1024;
  LocalJob other = NewJob("exit 0\n");
  other.memory_per_cpu_mib = 100;
  MustSubmit(heavy);
  MustSubmit(other);
  EXPECT_TRUE(WaitFor(other, LocalState::kPending));
  Tell(heavy);
  EXPECT_EQ(MustEnd(other).exit_code, 0);
}

TEST_F(ProcessSchedulerTest, AFullQueueIsBackPressureAndNoRefusal) {
  site_.options().waiting_max = 1;
  site_.Recreate();
  const LocalJob running = ProcessSite::AskForAll(NewJob(UntilTold()));
  const LocalJob waiting = ProcessSite::AskForAll(NewJob("exit 0\n"));
  MustSubmit(running);
  MustSubmit(waiting);
  const SubmitOutcome outcome = site_.scheduler().Submit(NewJob("exit 0\n"));
  EXPECT_EQ(outcome.kind, SubmitOutcome::Kind::kBackPressure);
  Tell(running);
  MustEnd(waiting);
}

TEST_F(ProcessSchedulerTest, RefusalsNameWhatIsAskedAndWhatThereIs) {
  const auto why = [&](const std::function<void(LocalJob&)>& change) {
    LocalJob job = NewJob("exit 0\n");
    change(job);
    const SubmitOutcome outcome = site_.scheduler().Submit(job);
    EXPECT_EQ(outcome.kind, SubmitOutcome::Kind::kRefused) << outcome.detail;
    return outcome.detail;
  };
  EXPECT_THAT(why([](LocalJob& job) { job.nodes = 3; }), HasSubstr("3 nodes"));
  EXPECT_THAT(why([](LocalJob& job) { job.tasks = 5; }), HasSubstr("5 cores"));
  EXPECT_THAT(why([](LocalJob& job) { job.memory_per_node_mib = 4096; }), HasSubstr("4096 MiB"));
  EXPECT_THAT(why([](LocalJob& job) { job.accelerators_per_node = 1; }), HasSubstr("accelerators"));
  EXPECT_THAT(why([](LocalJob& job) { job.account.local_user = "root2"; }), HasSubstr("root2"));
  EXPECT_THAT(why([](LocalJob& job) { job.flags = {{"--constraint", "x"}}; }), HasSubstr("--constraint"));
}

TEST_F(ProcessSchedulerTest, AJobThatIgnoresTermAtItsLimitIsKilledWithAllItsChildren) {
  LocalJob job =
      NewJob("trap '' TERM\nsleep 1000 &\necho $! > child\nsetsid sleep 1000 &\nwhile :; do sleep 0.1; done\n");
  job.time_limit = std::chrono::seconds(1);
  MustSubmit(job);
  EXPECT_TRUE(Eventually([&] { return HasFile(job, "child"); }));
  const LocalJobView view = MustEnd(job);
  EXPECT_EQ(view.cause, EndCause::kTimeLimit);
  EXPECT_EQ(view.raw_state, "TIMEOUT");
  EXPECT_TRUE(Eventually([&] { return !IdentityOf(PidIn(job, "child")).has_value(); }));
}

TEST_F(ProcessSchedulerTest, WhatAJobLeavesInTheBackgroundIsEndedToo) {
  const LocalJob job = NewJob("sleep 1000 >/dev/null 2>&1 &\necho $! > child\nexit 0\n");
  MustSubmit(job);
  EXPECT_EQ(MustEnd(job).exit_code, 0);
  EXPECT_TRUE(Eventually([&] { return !IdentityOf(PidIn(job, "child")).has_value(); }));
}

TEST_F(ProcessSchedulerTest, AJobOverItsMemoryIsEndedAsOutOfMemory) {
  LocalJob job = NewJob("x=$(head -c 80000000 /dev/zero | tr '\\0' x)\n" + UntilTold());
  job.memory_per_node_mib = 40;
  MustSubmit(job);
  const LocalJobView view = MustEnd(job);
  EXPECT_EQ(view.cause, EndCause::kOutOfMemory);
  EXPECT_EQ(view.raw_state, "OUT_OF_MEMORY");
}

TEST_F(ProcessSchedulerTest, TheSignalBeforeTheEndReachesTheBatchScript) {
  LocalJob job = NewJob("trap ': > warned; exit 7' USR1\n: > ready\nwhile :; do sleep 0.1; done\n");
  job.time_limit = std::chrono::seconds(600);
  job.signal = LocalSignal{.name = "USR1", .before_end = std::chrono::seconds(599), .batch_shell_only = true};
  MustSubmit(job);
  EXPECT_EQ(MustEnd(job).exit_code, 7);
  EXPECT_TRUE(HasFile(job, "warned"));
}

TEST_F(ProcessSchedulerTest, AJobWhoseProcessVanishedIsTheSitesFault) {
  const LocalJob job = NewJob("echo $PPID > runner.new && mv runner.new runner\n" + UntilTold());
  MustSubmit(job);
  EXPECT_TRUE(Eventually([&] { return HasFile(job, "runner"); }));
  ASSERT_TRUE(SignalProcessGroup(*IdentityOf(PidIn(job, "runner")), SIGKILL).ok());
  EXPECT_EQ(MustEnd(job).cause, EndCause::kSiteInterrupted);
}

TEST_F(ProcessSchedulerTest, AnEndWhileNoAgentRanIsKnownAfterwards) {
  const LocalJob job = NewJob(": > ran\n" + UntilTold() + "exit 9\n");
  MustSubmit(job);
  EXPECT_TRUE(Eventually([&] { return HasFile(job, "ran"); }));
  Tell(job);
  EXPECT_TRUE(Eventually([&] { return ReadFile(StatePath("status")).ok(); }));
  site_.Recreate();
  EXPECT_EQ(MustEnd(job).exit_code, 9);
}

TEST_F(ProcessSchedulerTest, TheTimeWithoutAnAgentAfterTheEndIsNotTheJobs) {
  const LocalJob job = FirstJobThatIsOver("0");
  Timestamp start{};
  site_.RecreateWithRecord(1, [&](ProcessJob& record) {
    start = std::chrono::floor<std::chrono::seconds>(record.start_time) - std::chrono::hours(10);
    record.start_time = start;
    const std::string end = std::to_string(MicrosOf(start) / 1'000'000 + 60);
    EXPECT_TRUE(WriteFileAtomically(StatePath("status"), "0 " + end + "\n").ok());
  });
  const LocalJobView view = MustEnd(job);
  EXPECT_EQ(view.end_time, start + std::chrono::seconds(61)) << "the runner cuts its seconds off";
  EXPECT_EQ(view.elapsed, std::chrono::seconds(61));
}

TEST_F(ProcessSchedulerTest, AJobThatBeganAndEndedWithinOneSecondHasUsedSomething) {
  const LocalJob job = FirstJobThatIsOver("0");
  site_.RecreateWithRecord(1, [&](ProcessJob& record) {
    const auto second = std::chrono::floor<std::chrono::seconds>(record.start_time) - std::chrono::hours(10);
    record.start_time = second + std::chrono::milliseconds(400);
    EXPECT_TRUE(
        WriteFileAtomically(StatePath("status"), fmt::format("0 {}\n", second.time_since_epoch().count())).ok());
  });
  EXPECT_EQ(MustEnd(job).elapsed, std::chrono::seconds(1));
}

TEST_F(ProcessSchedulerTest, AnEndThatCannotBeIsMovedToWhereItCan) {
  const LocalJob job = FirstJobThatIsOver("0");
  Timestamp start{};
  site_.RecreateWithRecord(1, [&](ProcessJob& record) {
    start = record.start_time;
    EXPECT_TRUE(WriteFileAtomically(StatePath("status"), "0 17\n").ok());
  });
  EXPECT_EQ(MustEnd(job).end_time, start);
}

// --- Whom it may kill.

TEST(ProcessTable, NoProcessBelongsToANumberThatNoneHas) {
  EXPECT_THAT(ProcessTable::Read().ProcessesOf(0), testing::IsEmpty());
  EXPECT_THAT(ProcessTable::Read().ProcessesOf(-1), testing::IsEmpty());
}

TEST_F(ProcessSchedulerTest, AJobThatWasOverBeforeItsProcessWasNotedEndsWithItsCode) {
  ASSERT_TRUE(ProcessTable::Read().ProcessesOf(0).empty()) << "it would kill every process of this user";
  const LocalJob job = FirstJobThatIsOver("9");
  site_.RecreateWithRecord(1, [](ProcessJob& record) {
    record.state = ProcessJobState::kStarting;
    record.runner = {};
  });
  EXPECT_EQ(MustEnd(job).exit_code, 9);
}

// A process of somebody else, which the test ends.
class Stranger {
 public:
  Stranger() : identity_(Start()) {}
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  ~Stranger() {
    static_cast<void>(SignalProcess(identity_, SIGKILL));
    WaitUntilGone(identity_, std::chrono::minutes(1));
  }
  const ProcessIdentity& identity() const { return identity_; }

 private:
  static ProcessIdentity Start() {
    DetachedCommand command;
    command.argv = {"/bin/sleep", "1000"};
    command.output_path = command.error_path = "/dev/null";
    return StartDetached(command).value();
  }
  const ProcessIdentity identity_;
};

TEST_F(ProcessSchedulerTest, WhoHasTheNumberOfADeadRunnerByNowIsLeftAlone) {
  const Stranger stranger;
  const LocalJob job = FirstJobThatIsOver("9");
  site_.RecreateWithRecord(1, [&](ProcessJob& record) {
    record.runner = {.pid = stranger.identity().pid, .start_ticks = stranger.identity().start_ticks - 1};
  });
  EXPECT_EQ(MustEnd(job).exit_code, 9);
  EXPECT_TRUE(IsAlive(stranger.identity()));
}

TEST_F(ProcessSchedulerTest, AfterARebootAJobHasEndedAndNothingIsKilled) {
  const Stranger stranger;
  const LocalJob job = NewJob(": > ran\n" + UntilTold());
  MustSubmit(job);
  EXPECT_TRUE(Eventually([&] { return HasFile(job, "ran"); }));
  ProcessIdentity runner;
  site_.options().boot_id = "boot 2";
  site_.RecreateWithRecord(1, [&](ProcessJob& record) { runner = std::exchange(record.runner, stranger.identity()); });
  EXPECT_EQ(MustEnd(job).cause, EndCause::kSiteInterrupted);
  EXPECT_TRUE(IsAlive(stranger.identity()));
  Tell(job);
  EXPECT_TRUE(Eventually([&] { return WaitUntilGone(runner, std::chrono::minutes(1)); }));
}

TEST_F(ProcessSchedulerTest, ASecondAgentOnTheSameStateIsRefused) {
  const SystemClock clock;
  EXPECT_EQ(ProcessScheduler::Open(site_.options(), clock).status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(ProcessSchedulerTest, IdsAreNeverGivenTwice) {
  site_.options().ended_kept = std::chrono::hours(0);
  site_.Recreate();
  const LocalJob job = NewJob("exit 0\n");
  const LocalJobIdentity first = MustSubmit(job);
  EXPECT_TRUE(Eventually([&] { return !Find(job).has_value(); }));
  site_.Recreate();
  EXPECT_NE(MustSubmit(NewJob("exit 0\n")).local_job_id, first.local_job_id);
}

TEST_F(ProcessSchedulerTest, ItsOwnThreadKeepsLimitsWithoutAnyPoll) {
  site_.options().tick_interval = std::chrono::milliseconds(20);
  site_.Recreate();
  LocalJob job = NewJob("while :; do sleep 0.1; done\n");
  job.time_limit = std::chrono::seconds(1);
  MustSubmit(job);
  EXPECT_TRUE(Eventually([&] { return std::filesystem::exists(StatePath("status")); }));
  EXPECT_EQ(MustEnd(job).cause, EndCause::kTimeLimit);
}

TEST_F(ProcessSchedulerTest, ACancelIsTheSitesUnlessTheAgentKnowsBetter) {
  const LocalJob running = ProcessSite::AskForAll(NewJob(": > ran\n" + UntilTold()));
  const LocalJob waiting = ProcessSite::AskForAll(NewJob("exit 0\n"));
  const LocalJobIdentity names[] = {MustSubmit(running), MustSubmit(waiting)};
  EXPECT_TRUE(Eventually([&] { return HasFile(running, "ran"); }));
  for (const LocalJobIdentity& name : names) {
    ASSERT_TRUE(site_.scheduler().Cancel(name).ok());
  }
  for (const LocalJob& job : {running, waiting}) {
    const LocalJobView view = MustEnd(job);
    EXPECT_EQ(view.cause, EndCause::kCancelledBySite);
    EXPECT_EQ(view.raw_state, "CANCELLED");
  }
}

TEST_F(ProcessSchedulerTest, CheckSendsAProbeThroughToItsEnd) {
  const LocalJob probe = NewJob("echo probe > ran\n");
  const std::vector<CheckLine> lines = site_.scheduler().Check(probe);
  for (const CheckLine& line : lines) {
    EXPECT_EQ(line.verdict, CheckLine::Verdict::kPass) << line.what << ": " << line.found;
  }
  EXPECT_EQ(lines.back().what, "the probe job ends well");
  EXPECT_EQ(ReadFile(probe.directory + "/ran").value(), "probe\n");
}

TEST_F(ProcessSchedulerTest, CheckFailsWhereTheProbeFails) {
  const std::vector<CheckLine> lines = site_.scheduler().Check(NewJob("exit 3\n"));
  EXPECT_EQ(lines.back().verdict, CheckLine::Verdict::kFail);
  EXPECT_THAT(lines.back().found, HasSubstr("exit code 3"));
}

TEST_F(ProcessSchedulerTest, CheckFailsWhereTheProbeDoesNotEndAndCancelsIt) {
  site_.options().probe_timeout = std::chrono::milliseconds(0);
  site_.Recreate();
  const LocalJob probe = NewJob(UntilTold());
  const std::vector<CheckLine> lines = site_.scheduler().Check(probe);
  EXPECT_EQ(lines.back().verdict, CheckLine::Verdict::kFail);
  EXPECT_THAT(lines.back().found, HasSubstr("RUNNING"));
  EXPECT_EQ(MustEnd(probe).raw_state, "CANCELLED");
}

}  // namespace
}  // namespace turnpike
