// Three brokers on one database: any call on any of them, one of them places, and the death of any loses nothing.
#include <gtest/gtest.h>

#include "tests/e2e/eventually.h"
#include "tests/e2e/federation.h"
#include "tests/e2e/sound_run.h"

namespace turnpike {
namespace {

constexpr int kJobsEachTime = 20;
constexpr std::chrono::minutes kEndTime{5};

class Replicas : public testing::Test {
 protected:
  void SetUp() override {
    const Status started = federation_.StartBroker();
    ASSERT_TRUE(started.ok()) << MessageOf(started);
    for (const char* name : {"second", "third"}) {
      const Result<Daemon*> replica = federation_.AddReplica(name);
      ASSERT_TRUE(replica.ok()) << MessageOf(replica.status());
      replicas_[name] = *replica;
    }
    replicas_["dev"] = &federation_.broker();
    const Result<SiteAgent*> site = federation_.AddSite({.name = "alpha", .scheduler_yaml = ProcessScheduler(4)});
    ASSERT_TRUE(site.ok()) << MessageOf(site.status());
    Result<std::unique_ptr<Database>> database = federation_.OpenDatabase();
    ASSERT_TRUE(database.ok()) << MessageOf(database.status());
    database_ = *std::move(database);
  }

  void TearDown() override {
    for (const auto& [name, replica] : replicas_) {
      if (HasFailure()) {
        ADD_FAILURE() << "the log of " << name << " ends with:\n" << replica->LogTail();
      }
    }
  }

  // Whose heartbeat is fresh.
  std::string Placer() {
    return database_
        ->Value("SELECT coalesce(max(replica), '') FROM placement_lease WHERE heartbeat > now() - interval '2 s'")
        .value_or("");
  }
  std::vector<std::future<Result<std::string>>> SubmitSome() {
    std::vector<std::future<Result<std::string>>> submissions;
    for (int i = 0; i < kJobsEachTime; ++i) {
      submissions.push_back(federation_.SubmitInBackground(federation_.payload().Job(fmt::format("job{}", ++jobs_))));
    }
    return submissions;
  }
  void ExpectAllCompleted(std::vector<std::future<Result<std::string>>> submissions) {
    for (auto& submission : submissions) {
      const Result<std::string> job_id = submission.get();
      ASSERT_TRUE(job_id.ok()) << MessageOf(job_id.status());
      const Result<v1::Job> job = federation_.WaitForEnd(*job_id, kEndTime);
      ASSERT_TRUE(job.ok()) << MessageOf(job.status());
      EXPECT_EQ(job->state(), v1::JOB_STATE_COMPLETED) << job->ShortDebugString();
    }
  }

  Federation federation_{Federation::Settings{.local_site = false}};
  std::map<std::string, Daemon*> replicas_;
  std::unique_ptr<Database> database_;
  int jobs_ = 0;
};

TEST_F(Replicas, TheDeathOfTheOneThatPlacesIsMadeGoodByAnother) {
  ExpectAllCompleted(SubmitSome());
  const std::string first = Placer();
  ASSERT_TRUE(replicas_.contains(first)) << first;

  auto submissions = SubmitSome();
  ASSERT_TRUE(replicas_[first]->Kill().ok());
  ExpectAllCompleted(std::move(submissions));
  const std::string second = Placer();
  EXPECT_NE(second, first);
  ASSERT_TRUE(replicas_.contains(second)) << second;

  // Frozen, it holds its lock and its connections, and says nothing: it is cut off.
  submissions = SubmitSome();
  ASSERT_TRUE(replicas_[second]->Pause().ok());
  EXPECT_TRUE(Eventually([&] { return !Placer().empty() && Placer() != second; })) << Placer();
  ASSERT_TRUE(replicas_[second]->Resume().ok());
  ExpectAllCompleted(std::move(submissions));

  if (!federation_.broker().alive()) {
    const Status restarted = federation_.StartBroker();
    ASSERT_TRUE(restarted.ok()) << MessageOf(restarted);
  }
  const Status sound = CheckSoundRun(federation_);
  EXPECT_TRUE(sound.ok()) << MessageOf(sound);
}

}  // namespace
}  // namespace turnpike
