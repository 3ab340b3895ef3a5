#pragma once
// A federation with one site of processes and one job, whose processes a test kills; and how to see where they stood.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/eventually.h"
#include "tests/e2e/federation.h"
#include "tests/e2e/read_journal.h"
#include "tests/e2e/sound_run.h"

namespace turnpike {

inline constexpr char kJobName[] = "crash";

inline constexpr char kStored[] = R"sql(
    SELECT (SELECT count(*) FROM job) || ' jobs, ' || (SELECT count(*) FROM funds_hold) || ' holds, '
        || coalesce((SELECT string_agg(state, ' ') FROM attempt), 'no') || ' attempt, '
        || (SELECT count(*) FROM job_end) || ' ends, '
        || (SELECT count(*) FROM transfer WHERE kind = 'CHARGE') || ' charges'
)sql";

// As Stored() tells them.
inline constexpr char kNothing[] = "0 jobs, 0 holds, no attempt, 0 ends, 0 charges";
inline constexpr char kAccepted[] = "1 jobs, 1 holds, no attempt, 0 ends, 0 charges";
inline constexpr char kOffered[] = "1 jobs, 1 holds, OFFERED attempt, 0 ends, 0 charges";
inline constexpr char kClaimed[] = "1 jobs, 1 holds, CLAIMED attempt, 0 ends, 0 charges";
inline constexpr char kUnsettled[] = "1 jobs, 1 holds, (CLAIMED|SUBMITTED|STARTED) attempt, 0 ends, 0 charges";
inline constexpr char kCharged[] = "1 jobs, 1 holds, no attempt, 1 ends, 1 charges";

class CrashTest : public testing::Test {
 protected:
  CrashTest() : CrashTest({.local_site = false}) {}
  explicit CrashTest(const Federation::Settings& settings) : federation_(settings) {}

  void TearDown() override {
    if (HasFailure()) {
      ADD_FAILURE() << "the broker's log ends with:\n" << federation_.broker().LogTail();
      if (site_ != nullptr) {
        ADD_FAILURE() << "the agent's log ends with:\n" << site_->daemon().LogTail();
      }
    }
  }

  void Start(const std::string& broker_failpoints, const std::string& agent_failpoints) {
    const Status started = federation_.StartBroker(broker_failpoints);
    ASSERT_TRUE(started.ok()) << MessageOf(started);
    const Result<SiteAgent*> site =
        federation_.AddSite({.name = "alpha", .scheduler_yaml = ProcessScheduler(4)}, agent_failpoints);
    ASSERT_TRUE(site.ok()) << MessageOf(site.status());
    site_ = *site;
  }

  // A job that runs until the gate opens, or for ever.
  std::string SubmitUntil(const std::string& gate) {
    const Result<std::string> job_id = federation_.Submit(federation_.payload().Job(kJobName, gate));
    EXPECT_TRUE(job_id.ok()) << MessageOf(job_id.status());
    EXPECT_TRUE(Eventually([&] { return HasStarted(federation_.payload(), kJobName); }));
    return job_id.value_or("");
  }
  void Cancel(const std::string& job_id) {
    const Result<std::unique_ptr<Client>> client = federation_.MakeClient();
    ASSERT_TRUE(client.ok());
    v1::CancelJobRequest cancel;
    cancel.set_job_id(job_id);
    const Result<v1::CancelJobResponse> asked = (*client)->CancelJob(cancel);
    ASSERT_TRUE(asked.ok()) << MessageOf(asked.status());
    EXPECT_TRUE(asked->job().cancel_requested());
  }

  // What the database holds now, as in kStored.
  std::string Stored() const {
    const Result<std::unique_ptr<Database>> database = federation_.OpenDatabase();
    EXPECT_TRUE(database.ok()) << MessageOf(database.status());
    const Result<std::string> stored = database.ok() ? (*database)->Value(kStored) : database.status();
    EXPECT_TRUE(stored.ok()) << MessageOf(stored.status());
    return stored.value_or("");
  }
  JournalState Journal() const {
    const Result<JournalState> journal = ReadJournal(site_->data_directory() + "/journal");
    EXPECT_TRUE(journal.ok()) << MessageOf(journal.status());
    return journal.value_or(JournalState{});
  }

  // What every run must come to.
  void ExpectOneEnd(std::future<Result<std::string>>& submission) {
    const Result<std::string> job_id = submission.get();
    ASSERT_TRUE(job_id.ok()) << MessageOf(job_id.status());
    ExpectEnd(*job_id, v1::JOB_STATE_COMPLETED);
    EXPECT_EQ(federation_.payload().Runs()[kJobName].ends, 1);
  }
  void ExpectEnd(const std::string& job_id, v1::JobState state) {
    const Result<v1::Job> job = federation_.WaitForEnd(job_id);
    ASSERT_TRUE(job.ok()) << MessageOf(job.status());
    EXPECT_EQ(job->state(), state) << job->ShortDebugString();
    EXPECT_GT(ChargedMicros(*job), 0) << job->ShortDebugString();
    EXPECT_EQ(federation_.payload().Runs()[kJobName].starts, 1);
    const Status sound = CheckSoundRun(federation_);
    EXPECT_TRUE(sound.ok()) << MessageOf(sound);
  }

  static void ExpectOk(const Status& status) { ASSERT_TRUE(status.ok()) << MessageOf(status); }

  Federation federation_;
  SiteAgent* site_ = nullptr;
};

}  // namespace turnpike
