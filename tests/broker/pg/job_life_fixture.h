#pragma once
// One project with 10 EUR, one site with one price, and the steps of a job's life through the stores, against a real
// PostgreSQL.

#include <gtest/gtest.h>

#include "base/error_reason.h"
#include "billing/pg/audit_books.h"
#include "billing/pg/pg_ledger_store.h"
#include "broker/core/stored_request.h"
#include "broker/pg/pg_event_log.h"
#include "broker/pg/pg_job_store.h"
#include "broker/pg/pg_link_store.h"
#include "broker/pg/pg_placement_store.h"
#include "broker/pg/pg_site_store.h"
#include "tests/billing/pg/api_database.h"

namespace turnpike {

constexpr int64_t kReserve = 5'000'000;  // 5 EUR

class JobLifeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    project_ = {.project_id = database_.ids().Random<ProjectId>(), .name = "astro", .unit = "EUR"};
    ASSERT_TRUE(ledger_.CreateProject(database_.NewKey("CreateProject", "astro"), project_).ok());
    ASSERT_TRUE(ledger_
                    .Deposit({.key = database_.NewKey("Deposit", "1"),
                              .project_id = project_.project_id,
                              .amount_micros = 10'000'000,
                              .description = "grant"})
                    .ok());
    NewSite site;
    site.site.site_id = site_id_;
    site.site.name = "alpha";
    site.site.display_name = "Alpha";
    site.site.time_zone = "UTC";
    site.token_hash = Sha256("token");
    site.token_expires_at = database_.Now() + std::chrono::hours(1);
    ASSERT_TRUE(sites_.Register(database_.NewKey("RegisterSite", "alpha"), site).ok());
    PriceBook book;
    book.site_id = site_id_;
    book.unit = "EUR";
    book.rates = {{.share = "*",
                   .resource = PricedResource::kCoreHour,
                   .micros_per_hour = 3'600'000}};  // 1,000 micros a core-second
    ASSERT_TRUE(sites_.SetPriceBook(database_.NewKey("SetPriceBook", "alpha"), book).ok());
    const Result<OpenedSession> session = links_.OpenSession({.site_id = site_id_,
                                                              .replica = "test",
                                                              .journal_id = journal_,
                                                              .journal_seq = 0,
                                                              .epoch_seen = 0,
                                                              .scheduler = "process"});
    ASSERT_TRUE(session.ok()) << session.status();
    epoch_ = session->epoch;
  }

  NewJob Job(int64_t reserve = kReserve) {
    JobRequest request;
    request.unit = "EUR";
    request.budget_micros = reserve;
    NewJob job;
    job.job_id = database_.ids().TimeOrdered<JobId>();
    job.name = "job";
    job.subject = "alice";
    job.class_request = EncodeJobRequest(request);
    job.class_id = ClassIdOf(job.class_request);
    job.spec = "spec";
    job.script = "#!/bin/sh\ntrue\n";
    job.nodes = 1;
    job.cores = 1;
    job.attempts_max = 3;
    job.time_limit_seconds = 600;
    job.created_at = database_.Now();
    job.reserve_micros = reserve;
    job.unit = "EUR";
    return job;
  }

  SubmitCall Call(std::vector<NewJob> jobs, const std::string& body = "body") {
    SubmitCall call{.key = database_.NewKey("SubmitJob", body),
                    .jobs = std::move(jobs),
                    .encode_reply = [](const auto&) { return "reply"; }};
    call.key.project_id = project_.project_id;
    return call;
  }

  JobView Submit(const NewJob& job) {
    const Result<std::vector<SubmitVerdict>> verdicts = jobs_.Submit({Call({job})});
    EXPECT_TRUE(verdicts.ok()) << verdicts.status();
    EXPECT_TRUE(verdicts->front().results.front().ok()) << verdicts->front().results.front().status();
    return *verdicts->front().results.front();
  }

  // Offered an hour ago, so that a life of some seconds fits in.
  AttemptId Place(const JobView& job, std::chrono::seconds lifetime = std::chrono::seconds(60)) {
    const PlannedAttempt line{.job_id = job.job_id,
                              .task_index = 0,
                              .version = job.version,
                              .attempt_id = database_.ids().Random<AttemptId>(),
                              .site_id = site_id_,
                              .share = "main",
                              .price_version = 1,
                              .amounts = {.nodes = 1, .cores = 1, .accelerators = 0, .memory_mib = 100},
                              .time_limit_seconds = 600};
    const Result<size_t> placed = placement_.CommitPlan({line}, lifetime, nullptr);
    EXPECT_TRUE(placed.ok()) << placed.status();
    EXPECT_EQ(*placed, 1U);
    database_.AsSuperuser("UPDATE attempt SET offered_at = offered_at - interval '1 hour' WHERE attempt_id = $1",
                          Params().Id(line.attempt_id));
    return line.attempt_id;
  }

  SiteReport Report(ReportKind kind, AttemptId attempt) {
    SiteReport report;
    report.seq = ++seq_;
    report.attempt_id = attempt;
    report.fence = 1;
    report.kind = kind;
    report.at = database_.Now();
    return report;
  }

  Result<AppliedReports> Apply(std::vector<SiteReport> reports) {
    return links_.Apply({.site_id = site_id_, .epoch = epoch_, .journal_id = journal_, .reports = std::move(reports)});
  }

  // Claimed, submitted, started, ended after ten seconds on one core.
  std::vector<SiteReport> WholeLife(AttemptId attempt) {
    const Timestamp start = TimestampFromSeconds(1'000'000);
    std::vector<SiteReport> reports = {Report(ReportKind::kClaimed, attempt), Report(ReportKind::kSubmitted, attempt),
                                       Report(ReportKind::kStarted, attempt), Report(ReportKind::kEnded, attempt)};
    reports[1].cluster = "c";
    reports[1].local_job_id = "17";
    reports[1].submit_time = start;
    reports[2].start_time = start;
    reports[3].start_time = start;
    reports[3].end_time = start + std::chrono::seconds(10);
    reports[3].cause = EndCause::kProgramEnded;
    reports[3].exit_code = 0;
    reports[3].site_state = "COMPLETED";
    reports[3].usage = UsageFigures{.used = {.node_seconds = 10, .core_seconds = 10}, .provisional = false};
    return reports;
  }

  JobView Get(JobId job_id) {
    const Result<StoredJob> stored = jobs_.Get(project_.project_id, job_id);
    EXPECT_TRUE(stored.ok()) << stored.status();
    return stored->view;
  }
  AccountView Account() { return ledger_.Accounts({.project_id = project_.project_id, .site_id = {}})->front(); }
  void ExpectSoundBooks() {
    const Result<std::vector<AuditCheck>> checks = AuditBooks(placement_transactions_);
    ASSERT_TRUE(checks.ok()) << checks.status();
    EXPECT_TRUE(IsSound(*checks)) << FormatAudit(*checks);
  }

  ApiDatabase database_;
  const TestDatabase& raw_ = database_.database();
  SystemClock machine_;
  DatabaseClock clock_{machine_};
  TransactionRunner link_transactions_{{.connection = {.conninfo = raw_.ConnectionString(kLinkRole)}}, clock_};
  TransactionRunner placement_transactions_{{.connection = {.conninfo = raw_.ConnectionString(kPlacementRole)}},
                                            clock_};
  PgLedgerStore ledger_{database_.transactions(), database_.ids()};
  PgSiteStore sites_{database_.transactions()};
  PgJobStore jobs_{database_.transactions(), database_.ids()};
  PgLinkStore links_{link_transactions_, database_.ids(), std::chrono::seconds(0)};
  PgPlacementStore placement_{placement_transactions_, database_.ids()};
  PgEventLog events_{placement_transactions_};
  ProjectView project_;
  const SiteId site_id_ = database_.ids().Random<SiteId>();
  const JournalId journal_ = database_.ids().Random<JournalId>();
  int64_t epoch_ = 0;
  int64_t seq_ = 0;
};

}  // namespace turnpike
