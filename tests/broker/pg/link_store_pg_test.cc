// What a site's stream asks of the database and tells it, beside the life of a job, against a real PostgreSQL.

#include "tests/broker/pg/job_life_fixture.h"

namespace turnpike {
namespace {

class LinkStorePg : public JobLifeTest {};

TEST_F(LinkStorePg, AnOffersOrderIsReadOnlyForThoseThatAreNamed) {
  const AttemptId offered = Place(Submit(Job()));
  const AttemptId claimed = Place(Submit(Job()));
  ASSERT_TRUE(Apply({Report(ReportKind::kClaimed, claimed)}).ok());
  const auto all = links_.DesiredWithoutOrders(site_id_);
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), 2U);
  for (const DesiredAttempt& attempt : *all) {
    EXPECT_EQ(attempt.phase, attempt.attempt_id == offered ? DesiredPhase::kOffered : DesiredPhase::kGo);
    EXPECT_FALSE(attempt.order);
  }
  const AttemptId nobodys = database_.ids().Random<AttemptId>();
  const auto named = links_.Desired(site_id_, {offered, nobodys});
  ASSERT_TRUE(named.ok()) << named.status();
  ASSERT_EQ(named->size(), 2U);
  ASSERT_TRUE(named->front().order);
  EXPECT_EQ(named->front().order->script, "#!/bin/sh\ntrue\n");
  EXPECT_EQ(named->back().attempt_id, nobodys);
  EXPECT_EQ(named->back().phase, DesiredPhase::kGone);
}

TEST_F(LinkStorePg, AReportThatCannotBeReadIsKeptForAPersonAndTheJournalGoesOn) {
  const JobView job = Submit(Job());
  std::vector<SiteReport> reports;
  SiteReport& unreadable = reports.emplace_back();
  unreadable.seq = ++seq_;
  unreadable.kind = ReportKind::kUnreadable;
  unreadable.detail = "attempt '17' is no id";
  for (SiteReport& report : WholeLife(Place(job))) {
    reports.push_back(std::move(report));
  }
  const Result<AppliedReports> applied = Apply(reports);
  ASSERT_TRUE(applied.ok()) << applied.status();
  EXPECT_EQ(applied->acked_seq, reports.back().seq);
  ASSERT_TRUE(Apply(reports).ok());  // The same again.
  EXPECT_EQ(Get(job.job_id).state, JobState::kCompleted);
  const Rows refused = database_.AsSuperuser("SELECT seq, kind, why, attempt_id IS NULL FROM refused_report");
  ASSERT_EQ(refused.size(), 1);
  EXPECT_EQ(refused.Int(0, 0), 1);
  EXPECT_EQ(refused.Text(0, 1), "unreadable");
  EXPECT_EQ(refused.Text(0, 2), "attempt '17' is no id");
  EXPECT_TRUE(refused.Bool(0, 3));
}

}  // namespace
}  // namespace turnpike
