// What the placing broker does to the tables twice a day: old rows go, and the coming months get their partitions.

#include "base/pg/sql_status.h"
#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

class Maintain : public JobLifeTest {
 protected:
  SubmitCall CallUnder(const char* request_id) {
    SubmitCall call = Call({Job(1'000)});
    call.key.request_id = *RequestId::Parse(request_id);
    return call;
  }
  // A table's partition of the last month that partitions are made for.
  std::string NameOf(const std::string& table) {
    const Rows rows = database_.AsSuperuser(
        "SELECT $1 || to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + interval '3 months', '_YYYYMM')",
        Params().Text(table));
    return std::string(rows.Text(0, 0));
  }
  void Drop(const std::string& table) { database_.AsSuperuser(("DROP TABLE " + NameOf(table)).c_str()); }
  bool IsThere(const std::string& table) {
    return database_.CountAsSuperuser(
               "SELECT count(*) FROM pg_inherits WHERE inhrelid = to_regclass($1) AND inhparent = to_regclass($2)",
               Params().Text(NameOf(table)).Text(table)) == 1;
  }
};

TEST_F(Maintain, DropsKeysByTheTimeInThemAndKeepsThoseThatTellNoneForAWhile) {
  // By its bytes, of 1970; by chance a random one is of any time.
  const SubmitCall random = CallUnder("00000000-0000-4000-8000-000000000001");
  ASSERT_TRUE(jobs_.Submit({random}).ok());
  const SubmitCall recent = Call({Job(1'000)});
  ASSERT_TRUE(jobs_.Submit({recent}).ok());
  database_.AsSuperuser(
      "INSERT INTO request_key (project_id, method, key, request_hash) "
      "SELECT project_id, 'old', '00000000-0000-7000-8000-000000000001', request_hash FROM request_key LIMIT 1");
  ASSERT_TRUE(placement_.DropOldRows(0).ok());
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM request_key WHERE method = 'old'"), 0);
  for (const SubmitCall* call : {&random, &recent}) {
    const Result<std::vector<SubmitVerdict>> again = jobs_.Submit({*call});
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE(again->front().repeated);
  }
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM job"), 2);
}

// Of the past and of the far future by their bytes, as random ones are.
TEST_F(Maintain, DropsKeysThatTellNoTimeWhenTheyHaveBeenKeptLongEnough) {
  for (const char* key : {"00000000-0000-4000-8000-000000000001", "f0000000-0000-4000-8000-000000000001"}) {
    ASSERT_TRUE(jobs_.Submit({CallUnder(key)}).ok());
  }
  const auto kept_of_them = [this] {
    return database_.CountAsSuperuser("SELECT count(*) FROM request_key WHERE (get_byte(uuid_send(key), 6) >> 4) = 4");
  };
  database_.AsSuperuser("UPDATE request_key SET kept_since = now() - interval '89 days'");
  ASSERT_TRUE(placement_.DropOldRows(0).ok());
  EXPECT_EQ(kept_of_them(), 2);
  database_.AsSuperuser("UPDATE request_key SET kept_since = now() - interval '91 days'");
  ASSERT_TRUE(placement_.DropOldRows(0).ok());
  EXPECT_EQ(kept_of_them(), 0);
  EXPECT_GT(database_.CountAsSuperuser("SELECT count(*) FROM request_key"), 0) << "those that tell their time stay";
}

TEST_F(Maintain, DropsTheOutputOfJobsThatEndedLongAgo) {
  const auto store_output = [this](const AttemptId& attempt, const std::string& text) {
    ASSERT_TRUE(
        links_.StoreLog(site_id_, {{.attempt_id = attempt, .error_stream = false, .offset = 0, .bytes = text}}).ok());
  };
  const JobView old = Submit(Job(1'000'000));
  const JobView recent = Submit(Job(1'000'000));
  const JobView live = Submit(Job(1'000'000));
  for (const JobView* job : {&old, &recent}) {
    const AttemptId attempt = Place(*job);
    store_output(attempt, job->job_id.ToString());
    ASSERT_TRUE(Apply(WholeLife(attempt)).ok());
  }
  store_output(Place(live), live.job_id.ToString());
  database_.AsSuperuser("UPDATE log_chunk SET at = now() - interval '91 days'");
  database_.AsSuperuser("UPDATE job_end SET ended_at = now() - interval '89 days' WHERE job_id = $1",
                        Params().Id(recent.job_id));
  ASSERT_TRUE(placement_.DropOldRows(0).ok());
  const Rows left = database_.AsSuperuser("SELECT job_id FROM log_chunk ORDER BY job_id");
  ASSERT_EQ(left.size(), 2);
  EXPECT_EQ(left.Id<JobId>(0, 0), recent.job_id);
  EXPECT_EQ(left.Id<JobId>(1, 0), live.job_id);
  database_.AsSuperuser("UPDATE log_chunk SET at = now() - interval '89 days'");
  database_.AsSuperuser("UPDATE job_end SET ended_at = now() - interval '400 days'");  // by the site's clock
  ASSERT_TRUE(placement_.DropOldRows(0).ok());
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM log_chunk"), 2);
}

TEST_F(Maintain, DropsOldRefusals) {
  database_.AsSuperuser(
      "INSERT INTO quote_refusal (at, project_id, reason, request, detail) "
      "SELECT now() - days * interval '1 day', $1, 'NO_SITE_FITS', '', days::text FROM unnest(ARRAY[1, 399, 401]) AS "
      "days",
      Params().Id(project_.project_id));
  ASSERT_TRUE(placement_.DropOldRows(0).ok());
  const Rows left = database_.AsSuperuser("SELECT detail FROM quote_refusal ORDER BY at");
  ASSERT_EQ(left.size(), 2);
  EXPECT_EQ(left.Text(0, 0), "399");
  EXPECT_EQ(left.Text(1, 0), "1");
}

// 2100, by a clock that is wrong.
TEST_F(Maintain, AKeyFromAfterTomorrowIsRefused) {
  const Result<std::vector<SubmitVerdict>> verdicts =
      jobs_.Submit({CallUnder("03bb2cc3-d800-7000-8000-000000000001"), Call({Job(1'000)})});
  ASSERT_TRUE(verdicts.ok()) << verdicts.status();
  EXPECT_EQ(verdicts->front().status.code(), StatusCode::kInvalidArgument) << verdicts->front().status;
  EXPECT_EQ(DetailsOf(verdicts->front().status).reason, ErrorReason::kInvalidField);
  EXPECT_TRUE((*verdicts)[1].results.front().ok());
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM job"), 1);
}

TEST_F(Maintain, MakesAPartitionAlsoForRowsThatCameBeforeIt) {
  Drop("request_key");
  Drop("job_event");
  // Of the last month that partitions are made for.
  database_.AsSuperuser(
      "INSERT INTO request_key (project_id, method, key, request_hash) "
      "SELECT project_id, 'early', overlay(uuid_at(now() + interval '3 months')::text PLACING '4' FROM 15)::uuid, "
      "request_hash"
      "  FROM request_key LIMIT 1");
  ASSERT_TRUE(placement_.Maintain().ok());
  EXPECT_TRUE(IsThere("request_key"));
  EXPECT_TRUE(IsThere("job_event"));
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM request_key_default"), 0);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM request_key WHERE method = 'early'"), 1);
  const Result<Rows> by_name = database_.AsRole(kApiRole, ("SELECT 1 FROM " + NameOf("request_key")).c_str());
  EXPECT_EQ(SqlStateOf(by_name.status()), kInsufficientPrivilege);  // Only through its parent, where the policies are.
}

TEST_F(Maintain, APartitionThatCannotBeMadeKeepsNoOtherFromBeingMade) {
  Drop("request_key");
  Drop("usage_record");
  database_.AsSuperuser(
      "DO $$ BEGIN EXECUTE format('CREATE TABLE in_the_way PARTITION OF request_key FOR VALUES FROM (%L) TO (%L)',"
      " uuid_at(now() + interval '3 months'), uuid_at(now() + interval '3 months 1 second')); END $$");
  ASSERT_TRUE(placement_.Maintain().ok());
  EXPECT_FALSE(IsThere("request_key"));
  EXPECT_TRUE(IsThere("usage_record"));
  database_.AsSuperuser("DROP TABLE in_the_way");
  ASSERT_TRUE(placement_.Maintain().ok());
  EXPECT_TRUE(IsThere("request_key"));
}

TEST_F(Maintain, DropsTheRecordedRoundsOfOldDays) {
  constexpr char kRound[] =
      "INSERT INTO placement_round (round, at, lease_epoch, number, policy_version, waiting, placed, input, plan) "
      "SELECT 1, now() - make_interval(days => $1::integer), 1, 0, 1, 0, 0, '', ''";
  database_.AsSuperuser(
      "DO $$ BEGIN PERFORM make_partition('placement_round', 'placement_round_' || to_char(day, 'YYYYMMDD'), 'at', "
      "day::text, (day + interval '1 day')::text) FROM (SELECT date_trunc('day', now() AT TIME ZONE 'UTC') "
      "AT TIME ZONE 'UTC' - interval '15 days' AS day) AS old; END $$");
  for (const int64_t days : {0, 13, 15, 16}) {  // Two of them in partitions of their own, two in the default one.
    database_.AsSuperuser(kRound, Params().Int(days));
  }
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM placement_round_default"), 2);
  ASSERT_TRUE(placement_.Maintain().ok());
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM placement_round"), 2);
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM placement_round WHERE at < now() - interval '14 days'"),
            0);
  PgPlacementStore shorter(placement_transactions_, database_.ids(), {.rounds = std::chrono::days(2)});
  ASSERT_TRUE(shorter.Maintain().ok());
  EXPECT_EQ(database_.CountAsSuperuser("SELECT count(*) FROM placement_round"), 1);
}

TEST_F(Maintain, MakesTheComingDaysPartitionsOfRounds) {
  constexpr char kTomorrow[] =
      "SELECT count(*) FROM pg_inherits WHERE inhparent = 'placement_round'::regclass AND inhrelid = "
      "to_regclass('placement_round_' || to_char((now() AT TIME ZONE 'UTC') + interval '1 day', 'YYYYMMDD'))";
  EXPECT_EQ(database_.CountAsSuperuser(kTomorrow), 1);
  database_.AsSuperuser(
      "DO $$ BEGIN EXECUTE 'DROP TABLE placement_round_' || to_char((now() AT TIME ZONE 'UTC') + interval '1 day', "
      "'YYYYMMDD'); END $$");
  EXPECT_EQ(database_.CountAsSuperuser(kTomorrow), 0);
  ASSERT_TRUE(placement_.Maintain().ok());
  EXPECT_EQ(database_.CountAsSuperuser(kTomorrow), 1);
}

// Each row holds jobs of all projects.
TEST_F(Maintain, OnlyPlacementReadsRecordedRounds) {
  EXPECT_TRUE(database_.AsRole(kPlacementRole, "SELECT round FROM placement_round").ok());
  for (const char* role : {kApiRole, kLinkRole}) {
    const Result<Rows> rows = database_.AsRole(role, "SELECT round FROM placement_round");
    EXPECT_EQ(SqlStateOf(rows.status()), kInsufficientPrivilege) << role;
  }
}

}  // namespace
}  // namespace turnpike
