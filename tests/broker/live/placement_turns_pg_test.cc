// The placement thread turn by turn: what one turn does, and how far behind the event log it says it is.

#include <gmock/gmock.h>

#include "broker/live/placement_loop.h"
#include "broker/pg/pg_log_watch.h"
#include "broker/pg/pg_placement_lease.h"
#include "tests/broker/live/federation_fixture.h"

namespace turnpike {
namespace {

constexpr std::chrono::seconds kLongEnough{60};

class HandClock final : public Clock {
 public:
  Timestamp Now() const override { return TimestampFromSeconds(1'800'000'000); }
  MonotonicTime Monotonic() const override { return now_.load(); }
  void Advance(std::chrono::seconds time) { now_ = now_.load() + time; }

 private:
  std::atomic<MonotonicTime> now_{MonotonicTime{} + std::chrono::hours(1)};
};

// The real log, with a wait that lasts until the test wants the next turn.
class TurnLog final : public EventLog {
 public:
  explicit TurnLog(EventLog& log) : log_(log) {}

  Result<EventPosition> Head() override { return log_.Head(); }
  Result<std::vector<LoggedEvent>> ReadAfter(EventPosition after, size_t limit) override {
    return log_.ReadAfter(after, limit);
  }
  Result<std::optional<Duration>> AgeOfNext(EventPosition after) override { return log_.AgeOfNext(after); }
  Result<int64_t> RestoreEpoch() override { return log_.RestoreEpoch(); }
  int64_t Timeline() const override { return log_.Timeline(); }
  void WaitForHint(std::chrono::milliseconds) override EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    ++turns_done_;
    changed_.NotifyAll();
    while (turns_done_ >= turns_wanted_ && !released_) {
      changed_.Wait(mutex_);
    }
  }
  void Poke() override EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    ++pokes_;
  }

  // Whether the thread wanted to go on at once; false as well where it does not end the turn.
  bool Turn() EXCLUDES(mutex_) {
    const auto until = std::chrono::steady_clock::now() + kLongEnough;
    MutexLock lock(mutex_);
    pokes_ = 0;
    ++turns_wanted_;
    changed_.NotifyAll();
    while (turns_done_ < turns_wanted_ && changed_.WaitUntil(mutex_, until)) {
    }
    EXPECT_EQ(turns_done_, turns_wanted_);
    return pokes_ > 0;
  }
  void Release() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    released_ = true;
    changed_.NotifyAll();
  }

 private:
  EventLog& log_;
  Mutex mutex_;
  CondVar changed_;
  int turns_wanted_ GUARDED_BY(mutex_) = 0;
  int turns_done_ GUARDED_BY(mutex_) = 0;
  int pokes_ GUARDED_BY(mutex_) = 0;
  bool released_ GUARDED_BY(mutex_) = false;
};

class PlacementTurns : public FederationTest {
 protected:
  // Its thread does the first turn by itself.
  bool Start() {
    EXPECT_TRUE(loop_.Start().ok());
    return log_.Turn();
  }
  void TearDown() override {
    log_.Release();
    loop_.Stop();
  }
  int64_t CountFailed() { return database_.CountAsSuperuser("SELECT count(*) FROM job_end WHERE state = 'FAILED'"); }

  HandClock hand_clock_;
  Metrics metrics_;
  SiteSessions sessions_;
  TransactionRunner event_transactions_{{.connection = {.conninfo = raw_.ConnectionString(kPlacementRole)}}, clock_};
  PgEventLog pg_log_{event_transactions_};
  TurnLog log_{pg_log_};
  PgLogWatch log_watch_{event_transactions_};
  LogHub log_hub_{log_watch_, sessions_, [] {}};
  PgPlacementLease lease_{placement_transactions_, {.replica = "test"}};
  PlacementLoop loop_{{.log = log_,
                       .store = placement_,
                       .lease = lease_,
                       .index = index_,
                       .clock = hand_clock_,
                       .listeners = {},
                       .logs = log_hub_,
                       .sessions = sessions_,
                       .metrics = metrics_},
                      {}};
};

TEST_F(PlacementTurns, GiveUpAThousandJobsATurnSoThatTheLeaseIsRenewedBetween) {
  SubmitMany(900, HopelessJobOf());
  SubmitMany(900, HopelessJobOf());
  SubmitMany(700, HopelessJobOf());
  EXPECT_TRUE(Start());
  EXPECT_EQ(CountFailed(), 1'000);
  EXPECT_TRUE(log_.Turn());
  EXPECT_EQ(CountFailed(), 2'000);
  EXPECT_TRUE(log_.Turn());
  EXPECT_EQ(CountFailed(), 2'500);
  EXPECT_FALSE(log_.Turn());
  ExpectSoundBooks();
}

TEST_F(PlacementTurns, LeaveTheRecordOfWhatTheyDecide) {
  constexpr char kRecords[] =
      "SELECT count(*) FROM placement_round AS r JOIN placement_lease AS l ON l.epoch = r.lease_epoch";
  Start();
  EXPECT_EQ(database_.CountAsSuperuser(kRecords), 0);
  Submit(JobWith([](JobRequest&) {}));
  log_.Turn();
  EXPECT_EQ(database_.CountAsSuperuser(kRecords), 1);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT placed FROM placement_round"), 1);
  Submit(HopelessJobOf());
  log_.Turn();
  EXPECT_EQ(database_.CountAsSuperuser(kRecords), 2);
  EXPECT_EQ(CountFailed(), 1);
  log_.Turn();
  EXPECT_EQ(database_.CountAsSuperuser(kRecords), 2);
}

// Nobody knows whether the record was stored, so the next one does not build on it.
TEST_F(PlacementTurns, BeginAnewWhereAPlanWasNotCommitted) {
  Start();
  Submit(JobWith([](JobRequest&) {}));
  log_.Turn();
  database_.AsSuperuser("ALTER TABLE attempt ADD CONSTRAINT none CHECK (false) NOT VALID");
  Submit(JobWith([](JobRequest&) {}));
  log_.Turn();
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM placement_round"), 1);
  database_.AsSuperuser("ALTER TABLE attempt DROP CONSTRAINT none");
  log_.Turn();
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM placement_round WHERE number = 0"), 2);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM attempt"), 2);
}

TEST_F(PlacementTurns, AReadThatReachesTheEndCountsHoweverMuchItFound) {
  Start();
  for (int i = 0; i < 3; ++i) {
    Submit(JobWith([](JobRequest&) {}));
    hand_clock_.Advance(std::chrono::seconds(100));
    EXPECT_GE(loop_.LagSeconds(), 100);
    log_.Turn();
    EXPECT_EQ(loop_.LagSeconds(), 0);
  }
}

TEST_F(PlacementTurns, WhatAnOpenTransactionKeepsFromTheReaderCountsAsBehind) {
  Start();
  const Status blocked = link_transactions_.Run({}, [&](Transaction& tx) -> Status {
    RETURN_IF_ERROR(tx.Execute("SELECT pg_current_xact_id()::text").status());
    Submit(JobWith([](JobRequest&) {}));
    database_.AsSuperuser("UPDATE job_event SET at = at - interval '40 seconds'");
    hand_clock_.Advance(std::chrono::seconds(5));
    log_.Turn();
    EXPECT_GE(loop_.LagSeconds(), 40);
    EXPECT_LT(loop_.LagSeconds(), 40 + kLongEnough.count());
    return OkStatus();
  });
  ASSERT_TRUE(blocked.ok()) << blocked;
  log_.Turn();
  EXPECT_EQ(loop_.LagSeconds(), 0);
}

}  // namespace
}  // namespace turnpike
