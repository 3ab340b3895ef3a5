// What the broker does all day reads the rows that it is about, however much has ended before: counted in rows that
// PostgreSQL says it read, with some thousands of ended jobs beside the few at hand.

#include <algorithm>
#include <functional>

#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

constexpr int kEndedJobs = 3'000;
constexpr int64_t kRowsMax = 300;  // A statement that reads one of the tables above as a whole reads thousands.

class HistoryReads : public JobLifeTest {
 protected:
  void SetUp() override {
    JobLifeTest::SetUp();
    const JobView model = Submit(Job(1'000));
    ASSERT_TRUE(Apply(WholeLife(Place(model))).ok());
    EndMoreLike(model.job_id);
  }

  // Copies of a job that ended, with all its rows but the transfers.
  void EndMoreLike(JobId model) {
    const Params params = std::move(Params().Id(model));
    database_.AsSuperuser(R"(
        CREATE TABLE copy AS
        SELECT uuid_at(now() - interval '1 hour' + n * interval '1 second') AS job_id, gen_random_uuid() AS attempt_id
          FROM generate_series(1, $1) AS n)",
                          Params().Int(kEndedJobs));
    database_.AsSuperuser(R"(
        INSERT INTO job (project_id, job_id, name, subject, spec, priority, nodes, cores, accelerators, time_limit_seconds, attempts_max,
                         rerun_safe, created_at)
        SELECT m.project_id, c.job_id, m.name, m.subject, m.spec, m.priority, m.nodes, m.cores, m.accelerators, m.time_limit_seconds,
               m.attempts_max, m.rerun_safe, m.created_at
          FROM job AS m CROSS JOIN copy AS c WHERE m.job_id = $1)",
                          params);
    database_.AsSuperuser(R"(
        INSERT INTO job_end
        SELECT (jsonb_populate_record(m, jsonb_build_object('job_id', c.job_id, 'attempt_id', c.attempt_id))).*
          FROM job_end AS m CROSS JOIN copy AS c WHERE m.job_id = $1)",
                          params);
    database_.AsSuperuser(R"(
        INSERT INTO attempt_end
        SELECT (jsonb_populate_record(m, jsonb_build_object('job_id', c.job_id, 'attempt_id', c.attempt_id))).*
          FROM attempt_end AS m CROSS JOIN copy AS c WHERE m.job_id = $1)",
                          params);
    database_.AsSuperuser(R"(
        INSERT INTO funds_hold
        SELECT (jsonb_populate_record(m, jsonb_build_object('job_id', c.job_id))).*
          FROM funds_hold AS m CROSS JOIN copy AS c WHERE m.job_id = $1)",
                          params);
    database_.AsSuperuser("DROP TABLE copy");
    database_.AsSuperuser("ANALYZE");
  }

  // In tables and indexes together.  A session tells its counts when it is asked to, at the end of a transaction.
  int64_t RowsRead(TransactionRunner& session) {
    const Status told = session.Run(
        {}, [](Transaction& tx) -> Status { return tx.Execute("SELECT pg_stat_force_next_flush()::text").status(); });
    EXPECT_TRUE(told.ok()) << told;
    return database_.CountAsSuperuser(
        "SELECT ((SELECT sum(seq_tup_read) FROM pg_stat_user_tables) +"
        "        (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes))::bigint");
  }
  // By the one connection that the runner has opened so far.
  int64_t RowsReadBy(TransactionRunner& session, const std::function<void()>& work) {
    const int64_t before = RowsRead(session);
    work();
    EXPECT_EQ(session.open_connections(), 1);
    return RowsRead(session) - before;
  }

  JobListRequest ListOf(std::vector<JobState> states, std::optional<JobId> before = {}) {
    return {.project_id = project_.project_id, .before = before, .limit = 20, .states = std::move(states)};
  }

  void MakeOverdue() {
    database_.AsSuperuser(
        "UPDATE attempt_end SET charge_due_at = now() - interval '1 minute' WHERE charge_state = 'PENDING'");
  }
};

TEST_F(HistoryReads, AReportReadsItsOwnJob) {
  std::vector<SiteReport> reports = WholeLife(Place(Submit(Job(100'000))));
  EXPECT_LT(RowsReadBy(link_transactions_, [&] { ASSERT_TRUE(Apply(reports).ok()); }), kRowsMax);
}

TEST_F(HistoryReads, ALateUsageReadsItsOwnJob) {
  std::vector<SiteReport> reports = WholeLife(Place(Submit(Job(100'000))));
  reports.back().usage.reset();
  ASSERT_TRUE(Apply(reports).ok());
  SiteReport late = Report(ReportKind::kUsage, *reports.back().attempt_id);
  late.usage = UsageFigures{.used = {.node_seconds = 1, .core_seconds = 1}, .provisional = false};
  EXPECT_LT(RowsReadBy(link_transactions_, [&] { ASSERT_TRUE(Apply({late}).ok()); }), kRowsMax);
}

TEST_F(HistoryReads, TheSweepReadsWhatIsDue) {
  Place(Submit(Job(100'000)), std::chrono::seconds(-1));
  std::vector<SiteReport> reports = WholeLife(Place(Submit(Job(100'000))));
  reports.back().usage.reset();
  ASSERT_TRUE(Apply(reports).ok());
  MakeOverdue();
  EXPECT_LT(RowsReadBy(placement_transactions_, [&] { EXPECT_EQ(*placement_.WithdrawExpired(10), 1U); }), kRowsMax);
  EXPECT_LT(RowsReadBy(placement_transactions_, [&] { EXPECT_EQ(*placement_.SettleOverdue(10), 1U); }), kRowsMax);
}

TEST_F(HistoryReads, ACancelOfAPlacedJobReadsThatJob) {
  const JobView job = Submit(Job(100'000));
  Place(job);
  RequestKey key = database_.NewKey("CancelJob", "x");
  key.project_id = project_.project_id;
  EXPECT_LT(RowsReadBy(database_.transactions(), [&] { ASSERT_TRUE(jobs_.Cancel(key, job.job_id).ok()); }), kRowsMax);
}

TEST_F(HistoryReads, APageOfEventsReadsThatPage) {
  database_.AsSuperuser(R"(
      INSERT INTO job_event (at, project_id, job_id, version, kind, state, body)
      SELECT m.at, m.project_id, m.job_id, m.version, m.kind, m.state, m.body
        FROM (SELECT * FROM job_event LIMIT 1) AS m CROSS JOIN generate_series(1, 5000))");
  database_.AsSuperuser("ANALYZE job_event");
  size_t count = 0;
  const int64_t read = RowsReadBy(placement_transactions_, [&] { count = events_.ReadAfter({}, 100).value().size(); });
  EXPECT_EQ(count, 100U);
  EXPECT_LT(read, kRowsMax);
}

TEST_F(HistoryReads, UsageSinceYesterdayReadsNoOlderOne) {
  database_.AsSuperuser(R"(
      INSERT INTO usage_record
      SELECT (jsonb_populate_record(m, jsonb_build_object('attempt_id', gen_random_uuid(), 'at', m.at - interval '3 days',
                                                          'ended_at', m.at - interval '3 days'))).*
        FROM usage_record AS m CROSS JOIN generate_series(1, 3000))");
  database_.AsSuperuser("UPDATE usage_record SET ended_at = at");
  database_.AsSuperuser("ANALYZE usage_record");
  const UsageQuery query{.project_id = project_.project_id,
                         .job_id = {},
                         .since = database_.Now() - std::chrono::hours(24),
                         .page = {.before_at = {}, .before_id = {}, .limit = 20}};
  size_t count = 0;
  const int64_t read = RowsReadBy(database_.transactions(), [&] { count = ledger_.Usage(query).value().size(); });
  EXPECT_EQ(count, 1U);
  EXPECT_LT(read, kRowsMax);
}

TEST_F(HistoryReads, APageOfJobsReadsThatPage) {
  const JobView live = Submit(Job(100'000));
  JobListRequest named = ListOf({});
  named.only = {live.job_id};
  for (const JobListRequest& request : {ListOf({}), ListOf({}, live.job_id), ListOf({JobState::kPending}), named}) {
    const int64_t read = RowsReadBy(database_.transactions(), [&] { ASSERT_TRUE(jobs_.List(request).ok()); });
    EXPECT_LT(read, kRowsMax) << request.states.size() << " states, before: " << request.before.has_value()
                              << ", named: " << request.only.size();
  }
}

TEST_F(HistoryReads, APageOfJobsIsOfTheStatesAskedForAndTheYoungestFirst) {
  const JobView live = Submit(Job(100'000));
  for (const JobListRequest& request :
       {ListOf({}), ListOf({JobState::kCompleted}), ListOf({JobState::kPending, JobState::kCompleted})}) {
    const std::vector<JobView> page = jobs_.List(request).value();
    EXPECT_EQ(page.size(), request.limit);
    EXPECT_TRUE(std::ranges::is_sorted(page, std::ranges::greater(), &JobView::job_id));
    EXPECT_EQ(page.front().job_id == live.job_id, request.states.size() != 1);
  }
  EXPECT_EQ(jobs_.List(ListOf({JobState::kPending}))->size(), 1U);
  EXPECT_EQ(jobs_.List(ListOf({JobState::kFailed}))->size(), 0U);
  const JobId last = jobs_.List(ListOf({}))->back().job_id;
  EXPECT_LT(jobs_.List(ListOf({}, last))->front().job_id, last);
}

}  // namespace
}  // namespace turnpike
