// Three brokers on one database: any call on any of them, one of them places, and the death of any loses nothing.
#include <gtest/gtest.h>

#include "tests/e2e/eventually.h"
#include "tests/e2e/federation.h"
#include "tests/e2e/job_waves.h"
#include "tests/e2e/sound_run.h"

namespace turnpike {
namespace {

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

  Federation federation_{Federation::Settings{.local_site = false}};
  std::map<std::string, Daemon*> replicas_;
  std::unique_ptr<Database> database_;
  JobWaves waves_{federation_};
};

TEST_F(Replicas, TheDeathOfTheOneThatPlacesIsMadeGoodByAnother) {
  waves_.ExpectAllCompleted(waves_.Submit());
  const std::string first = Placer();
  ASSERT_TRUE(replicas_.contains(first)) << first;

  auto submissions = waves_.Submit();
  ASSERT_TRUE(replicas_[first]->Kill().ok());
  waves_.ExpectAllCompleted(std::move(submissions));
  const std::string second = Placer();
  EXPECT_NE(second, first);
  ASSERT_TRUE(replicas_.contains(second)) << second;

  // Frozen, it holds its lock and its connections, and says nothing: it is cut off.
  submissions = waves_.Submit();
  ASSERT_TRUE(replicas_[second]->Pause().ok());
  EXPECT_TRUE(Eventually([&] { return !Placer().empty() && Placer() != second; })) << Placer();
  ASSERT_TRUE(replicas_[second]->Resume().ok());
  waves_.ExpectAllCompleted(std::move(submissions));

  if (!federation_.broker().alive()) {
    const Status restarted = federation_.StartBroker();
    ASSERT_TRUE(restarted.ok()) << MessageOf(restarted);
  }
  const Status sound = CheckSoundRun(federation_);
  EXPECT_TRUE(sound.ok()) << MessageOf(sound);
}

}  // namespace
}  // namespace turnpike
