// turnpike-broker replay, over rounds that were decided and stored as a broker does it.

#include <gmock/gmock.h>

#include "tests/broker/live/federation_fixture.h"
#include "tests/broker/main/run_broker.h"

namespace turnpike {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Replay : public FederationTest {
 protected:
  void SetUp() override {
    FederationTest::SetUp();
    position_ = *events_.Head();
    ASSERT_TRUE(index_.Rebuild().ok());
  }

  // What a replica with this lease does in a turn.  Returns how many jobs were placed.
  size_t RunRound(IndexFollower& index, int64_t lease_epoch = 1) {
    const Result<std::vector<LoggedEvent>> events = events_.ReadAfter(position_, 10'000);
    EXPECT_TRUE(events.ok()) << events.status();
    EXPECT_TRUE(index.Apply(*events).ok());
    position_ = events->empty() ? position_ : events->back().position;
    EXPECT_TRUE(index.RefreshSites().ok());
    const RoundPlan round = index.PlanRound(lease_epoch);
    if (round.attempts.empty()) {
      EXPECT_TRUE(!round.record || placement_.RecordRound(*round.record).ok());
      return 0;
    }
    EXPECT_TRUE(round.record);
    return placement_.CommitPlan(round.attempts, std::chrono::seconds(60), &*round.record).value_or(0);
  }
  void SubmitSome(int count, int32_t cores = 64) {
    SubmitMany(count, JobWith([&](JobRequest& request) { request.cpus_per_task = cores; }));
  }
  ChildResult RunReplay(std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), "replay");
    return RunBroker(raw_, arguments);
  }
  std::string RoundNumber(int place) {
    return std::to_string(
        database_.CountAsSuperuser("SELECT round FROM placement_round ORDER BY round OFFSET $1", Params().Int(place)));
  }

  EventPosition position_;
};

TEST_F(Replay, RoundsOfTwoLeasesComeOutAsTheyWereDecided) {
  SubmitSome(5);
  EXPECT_EQ(RunRound(index_), 5U);
  StoreCapacity(3);  // Fewer than are at the site already.
  SubmitSome(20);
  EXPECT_GT(RunRound(index_), 0U);
  database_.AsSuperuser(
      "INSERT INTO share_pause (site_id, share, project_id, paused_until, seconds, limit_name) SELECT $1, 'main', $2, "
      "now() + interval '1 hour', 900, 'MaxJobs'",
      Params().Id(site_id_).Id(project_.project_id));
  SubmitSome(1, 1);
  EXPECT_EQ(RunRound(index_), 0U);  // The last record is too young for one that places nothing.
  database_.AsSuperuser("DELETE FROM share_pause");
  StoreCapacity(30);
  EXPECT_GT(RunRound(index_), 0U);

  IndexFollower other(
      {.placement = placement_, .sites = sites_, .ids = database_.ids(), .clock = clock_, .policy = {}});
  position_ = *events_.Head();
  ASSERT_TRUE(other.Rebuild().ok());
  SubmitSome(2, 3);
  EXPECT_GT(RunRound(other, 2), 0U);
  SubmitSome(2, 5);
  EXPECT_EQ(RunRound(other, 2), 2U);

  const ChildResult replay = RunReplay();
  EXPECT_EQ(replay.exit_code, 0) << replay.error_output << replay.output;
  EXPECT_THAT(replay.output, HasSubstr(" under policy 1: 5 of 5 waiting jobs placed, 0 kinds stay: the same\n"));
  EXPECT_THAT(replay.output, EndsWith("5 rounds run again, 0 with another plan, 0 could not be run\n"));
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM placement_round WHERE number = 0"), 2);
}

// A plan's line that the database leaves out is decided all the same; the job's event tells the next round.
TEST_F(Replay, AJobThatChangedMeanwhileDoesNotMatter) {
  SubmitSome(3, 1);
  const Result<std::vector<LoggedEvent>> events = events_.ReadAfter(position_, 10);
  ASSERT_TRUE(index_.Apply(*events).ok());
  position_ = events->back().position;
  database_.AsSuperuser("UPDATE job_state SET version = version + 1");
  const RoundPlan round = index_.PlanRound(1);
  ASSERT_EQ(round.attempts.size(), 3U);
  EXPECT_EQ(*placement_.CommitPlan(round.attempts, std::chrono::seconds(60), &*round.record), 0U);
  SubmitSome(1, 2);
  EXPECT_EQ(RunRound(index_), 1U);
  const ChildResult replay = RunReplay();
  EXPECT_EQ(replay.exit_code, 0) << replay.output;
  EXPECT_THAT(replay.output, EndsWith("2 rounds run again, 0 with another plan, 0 could not be run\n"));
}

TEST_F(Replay, NamesTheFirstDifferenceAndEndsWithOne) {
  SubmitSome(1);
  RunRound(index_);
  SubmitSome(1);
  RunRound(index_);
  SubmitSome(1);
  RunRound(index_);
  database_.AsSuperuser(
      "UPDATE placement_round SET plan = (SELECT plan FROM placement_round ORDER BY round LIMIT 1) "
      "WHERE round = (SELECT max(round) FROM placement_round)");
  const ChildResult replay = RunReplay();
  EXPECT_EQ(replay.exit_code, 1);
  EXPECT_THAT(replay.output, HasSubstr("ANOTHER PLAN: placement 1: recorded: job "));
  EXPECT_THAT(replay.output, EndsWith("3 rounds run again, 1 with another plan, 0 could not be run\n"));
}

TEST_F(Replay, BeginsWhereItIsTold) {
  for (int i = 0; i < 4; ++i) {
    SubmitSome(1);
    RunRound(index_);
  }
  const ChildResult middle = RunReplay({"--from", RoundNumber(1), "--to", RoundNumber(2)});
  EXPECT_EQ(middle.exit_code, 0) << middle.error_output;
  EXPECT_THAT(middle.output, StartsWith("round " + RoundNumber(1) + " at "));
  EXPECT_THAT(middle.output, EndsWith("2 rounds run again, 0 with another plan, 0 could not be run\n"));
  EXPECT_EQ(RunReplay({"--from", "1000000"}).output, "0 rounds run again, 0 with another plan, 0 could not be run\n");
}

// The first of a lease, with a long queue.
TEST_F(Replay, ALargeRecordIsStoredInPieces) {
  StoreCapacity(0);
  SubmitSome(100, 1);
  SubmitSome(100, 2);
  const Result<std::vector<LoggedEvent>> events = events_.ReadAfter(position_, 10'000);
  std::vector<LoggedEvent> many;
  for (int i = 0; i < 300; ++i) {  // 60,000 jobs that only the index knows.
    for (LoggedEvent event : *events) {
      event.job.job_id = database_.ids().TimeOrdered<JobId>();
      many.push_back(std::move(event));
    }
  }
  ASSERT_TRUE(index_.Apply(many).ok());
  ASSERT_TRUE(index_.RefreshSites().ok());
  RoundPlan round = index_.PlanRound(1);
  ASSERT_TRUE(round.record);
  EXPECT_GT(round.record->input.size(), size_t{1} << 20U);
  ASSERT_TRUE(placement_.RecordRound(*round.record).ok());
  StoreCapacity(9);
  SubmitSome(1, 3);
  EXPECT_GT(RunRound(index_), 0U);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT max(piece) FROM placement_round"), 1);
  const ChildResult replay = RunReplay();
  EXPECT_EQ(replay.exit_code, 0) << replay.output;
  EXPECT_THAT(replay.output, HasSubstr("0 of 60000 waiting jobs placed, 2 kinds stay: the same\n"));
  EXPECT_THAT(replay.output, EndsWith("2 rounds run again, 0 with another plan, 0 could not be run\n"));
}

TEST_F(Replay, SaysWhatCannotBeRunAgain) {
  for (int i = 0; i < 3; ++i) {
    SubmitSome(1);
    RunRound(index_);
  }
  database_.AsSuperuser("DELETE FROM placement_round WHERE round = $1::bigint", Params().Text(RoundNumber(1)));
  const ChildResult replay = RunReplay();
  EXPECT_EQ(replay.exit_code, 1);
  EXPECT_THAT(replay.output, HasSubstr("cannot be run again, nor can those that build on it: the record before it, "
                                       "number 1 under epoch 1 of the lease, is not there\n"));
  EXPECT_THAT(replay.output, EndsWith("1 rounds run again, 0 with another plan, 1 could not be run\n"));
  EXPECT_THAT(RunReplay({"--from", RoundNumber(0), "--to", RoundNumber(0)}).output, Not(HasSubstr("cannot be run")));
}

}  // namespace
}  // namespace turnpike
