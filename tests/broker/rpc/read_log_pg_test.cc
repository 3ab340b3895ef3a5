// ReadLog over the wire: what is kept, and what a job goes on to write while its reader follows.
#include <gmock/gmock.h>

#include <thread>

#include "base/stop_signal.h"
#include "tests/broker/live/fake_session.h"
#include "tests/broker/rpc/user_services.h"
#include "tests/broker/rpc/violation_paths.h"
#include "tests/contracts/eventually.h"

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// One open call, cancelled when it goes.
class Reader {
 public:
  Reader(std::unique_ptr<grpc::ClientContext> context, v1::JobService::Stub& stub, const v1::ReadLogRequest& request)
      : context_(std::move(context)), reader_(stub.ReadLog(context_.get(), request)) {}
  ~Reader() {
    context_->TryCancel();
    static_cast<void>(End());
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // "attempt/offset:bytes", or what it waits for; empty at the end.
  std::string Next() {
    v1::ReadLogResponse piece;
    if (!reader_->Read(&piece)) {
      return "";
    }
    return piece.waiting_for().empty() ? fmt::format("{}/{}:{}", piece.attempt(), piece.offset(), piece.data())
                                       : piece.waiting_for();
  }
  Status End() {
    while (reader_ && !Next().empty()) {
    }
    const auto reader = std::move(reader_);
    return reader ? FromGrpc(reader->Finish()) : OkStatus();
  }

 private:
  const std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReader<v1::ReadLogResponse>> reader_;
};

class ReadLog : public UserServices {
 protected:
  void SetUp() override {
    UserServices::SetUp();
    const Rows session = database_.AsSuperuser("SELECT site_id, epoch FROM site_session");
    site_id_ = session.Id<SiteId>(0, 0);
    epoch_ = session.Int(0, 1);
    job_id_ = Submit(kAda);
    follower_ = std::thread([this, from = events_.Head().value()] { FollowEvents(from); });
  }
  void TearDown() override {
    stop_.Stop();
    events_.Poke();
    follower_.join();
  }

  // As the placement loop does.
  void FollowEvents(EventPosition from) {
    while (!stop_.stopped()) {
      const Result<std::vector<LoggedEvent>> events = events_.ReadAfter(from, 100);
      if (events.ok() && !events->empty()) {
        from = events->back().position;
        hub_.OnEvents(*events);
      }
      EXPECT_TRUE(log_hub_.Look(machine_.Monotonic()).ok());
      events_.WaitForHint(std::chrono::milliseconds(10));
    }
  }

  void Place() {
    const JobView job = Job();
    attempt_ = database_.ids().Random<AttemptId>();
    const PlannedAttempt line{.job_id = job.job_id,
                              .task_index = 0,
                              .version = job.version,
                              .attempt_id = attempt_,
                              .site_id = site_id_,
                              .share = "main",
                              .price_version = 1,
                              .amounts = {.nodes = 1, .cores = 1, .accelerators = 0, .memory_mib = 100},
                              .time_limit_seconds = 600};
    ASSERT_EQ(placement_.CommitPlan({line}, std::chrono::seconds(60), nullptr).value_or(0), 1U);
  }
  void Report(
      ReportKind kind, const std::function<void(SiteReport&)>& fill = [](SiteReport&) {}) {
    SiteReport report;
    report.seq = ++seq_;
    report.attempt_id = attempt_;
    report.fence = 1;
    report.kind = kind;
    report.at = database_.Now();
    fill(report);
    const Result<AppliedReports> applied =
        links_.Apply({.site_id = site_id_, .epoch = epoch_, .journal_id = journal_, .reports = {report}});
    ASSERT_TRUE(applied.ok()) << applied.status();
  }
  void Queue() {
    Report(ReportKind::kClaimed);
    Report(ReportKind::kSubmitted, [this](SiteReport& report) {
      report.cluster = "c";
      report.local_job_id = "17";
      report.submit_time = database_.Now();
    });
  }
  void Start() {
    Report(ReportKind::kStarted, [this](SiteReport& report) { report.start_time = database_.Now(); });
  }
  void End() {
    Report(ReportKind::kEnded, [this](SiteReport& report) {
      report.start_time = database_.Now();
      report.end_time = report.start_time;
      report.cause = EndCause::kProgramEnded;
      report.exit_code = 0;
      report.usage = UsageFigures{.used = {.node_seconds = 1, .core_seconds = 1}, .provisional = false};
    });
  }
  void Store(int64_t offset, const std::string& bytes) {
    const Result<StoredLog> stored =
        links_.StoreLog(site_id_, {{.attempt_id = attempt_, .offset = offset, .bytes = bytes}});
    ASSERT_TRUE(stored.ok()) << stored.status();
    log_hub_.NoteStored(stored->followed);
  }
  JobView Job() { return jobs_.Get(ProjectOfAda(), *JobId::Parse(job_id_)).value().view; }
  ProjectId ProjectOfAda() {
    return database_.AsSuperuser("SELECT project_id FROM project WHERE name = 'astro'").Id<ProjectId>(0, 0);
  }
  bool IsWished() {
    return Eventually([this] { return Count("log_wish") == 1; });
  }

  v1::ReadLogRequest Request(bool follow = true) const {
    v1::ReadLogRequest request;
    request.set_job_id(job_id_);
    request.set_follow(follow);
    return request;
  }
  Reader Open(const v1::ReadLogRequest& request, const std::string& token = kAda) {
    auto context = std::make_unique<grpc::ClientContext>();
    Prepare(token, *context);
    return Reader(std::move(context), *v1::JobService::NewStub(channel_), request);
  }

  SiteId site_id_;
  int64_t epoch_ = 0;
  int64_t seq_ = 0;
  const JournalId journal_ = database_.ids().Random<JournalId>();
  std::string job_id_;
  AttemptId attempt_;
  StopSignal stop_;
  std::thread follower_;
};

TEST_F(ReadLog, FollowsAJobFromBeforeItsStartToItsEnd) {
  Reader reader = Open(Request());
  EXPECT_THAT(reader.Next(), StartsWith("waiting for a site"));
  Place();
  EXPECT_EQ(reader.Next(), "placed at alpha");
  Queue();
  EXPECT_EQ(reader.Next(), "queued at alpha");
  Start();
  EXPECT_EQ(reader.Next(), "running at alpha");
  ASSERT_TRUE(IsWished());
  Store(0, "one\n");
  EXPECT_EQ(reader.Next(), "1/0:one\n");
  Store(2, "e\ntwo\n");
  EXPECT_EQ(reader.Next(), "1/4:two\n");
  End();
  EXPECT_THAT(reader.Next(), StartsWith("ended"));
  Store(8, "three\n");
  EXPECT_EQ(reader.Next(), "1/8:three\n");
  Store(14, "");
  EXPECT_EQ(reader.Next(), "");
  EXPECT_TRUE(reader.End().ok());
}

TEST_F(ReadLog, FollowsEachAttempt) {
  Reader reader = Open(Request());
  EXPECT_THAT(reader.Next(), StartsWith("waiting for a site"));
  Place();
  EXPECT_EQ(reader.Next(), "placed at alpha");
  ASSERT_TRUE(IsWished());
  Store(0, "first");
  EXPECT_EQ(reader.Next(), "1/0:first");
  Store(5, "");
  Report(ReportKind::kClaimed);
  Report(ReportKind::kNotStarted, [](SiteReport& report) { report.not_started = NotStartedKind::kBackPressure; });
  EXPECT_THAT(reader.Next(), StartsWith("waiting for a site"));
  Place();
  EXPECT_EQ(reader.Next(), "placed at alpha");
  ASSERT_TRUE(Eventually([this] { return Count("log_wish") == 2; }));
  Store(0, "second");
  EXPECT_EQ(reader.Next(), "2/0:second");

  v1::ReadLogRequest one = Request();
  one.set_attempt(1);
  Reader first = Open(one);
  EXPECT_EQ(first.Next(), "1/0:first");
  EXPECT_EQ(first.Next(), "");
}

TEST_F(ReadLog, WakesTheSiteWhenSomebodyBeginsToRead) {
  FakeSession session;
  sessions_.Add(site_id_, session);
  Place();
  {
    Reader reader = Open(Request());
    EXPECT_EQ(reader.Next(), "placed at alpha");
    EXPECT_TRUE(Eventually([&] { return !session.woken().empty(); }));
  }
  EXPECT_EQ(session.woken().front(), attempt_);
  sessions_.Remove(site_id_, session);
}

TEST_F(ReadLog, EndsWithWhatIsThereUnlessItFollows) {
  EXPECT_TRUE(Open(Request(false)).End().ok()) << "there is nothing yet";
  Place();
  Store(0, "hello");
  v1::ReadLogRequest request = Request(false);
  request.set_offset(-3);
  Reader reader = Open(request);
  EXPECT_EQ(reader.Next(), "1/2:llo");
  EXPECT_EQ(reader.Next(), "");
  EXPECT_EQ(Count("log_wish"), 0);
}

TEST_F(ReadLog, EndsWithAJobThatNeverBegan) {
  Reader reader = Open(Request());
  EXPECT_THAT(reader.Next(), StartsWith("waiting for a site"));
  Cancel(kAda, job_id_);
  EXPECT_TRUE(reader.End().ok());
}

TEST_F(ReadLog, RefusesWhatIsNotThere) {
  v1::ReadLogRequest request = Request(false);
  request.set_attempt(2);
  EXPECT_EQ(Open(request).End().code(), StatusCode::kNotFound);
  request.set_attempt(-1);
  EXPECT_THAT(PathsOf(Open(request).End()), ElementsAre("attempt"));
  EXPECT_EQ(Open(Request(), kBob).End().code(), StatusCode::kNotFound);
  EXPECT_EQ(Open(Request(), kNobody).End().code(), StatusCode::kUnauthenticated);
  request = Request();
  request.set_job_id("999");
  const Status status = Open(request).End();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("999"));
}

}  // namespace
}  // namespace turnpike
