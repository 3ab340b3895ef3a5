// What WatchJobs sends first, and what after it.

#include <gmock/gmock.h>

#include "broker/core/stored_request.h"
#include "tests/broker/rpc/sample_spec.h"
#include "tests/broker/rpc/user_services.h"
#include "tests/broker/rpc/violation_paths.h"

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

// One open watch, cancelled when it goes.
class Watch {
 public:
  Watch(std::unique_ptr<grpc::ClientContext> context, v1::JobService::Stub& stub, const v1::WatchJobsRequest& request)
      : context_(std::move(context)), reader_(stub.WatchJobs(context_.get(), request)) {}
  ~Watch() {
    context_->TryCancel();
    static_cast<void>(End());
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // The next event's job and its state.
  std::pair<std::string, v1::JobState> Next() {
    EXPECT_TRUE(reader_->Read(&response_));
    return {response_.event().job().job_id(), response_.event().job().state()};
  }
  std::string resume_token() const { return response_.event().resume_token(); }
  // Reads to the end.
  Status End() {
    while (reader_ && reader_->Read(&response_)) {
    }
    const std::unique_ptr<grpc::ClientReader<v1::WatchJobsResponse>> reader = std::move(reader_);
    return reader ? FromGrpc(reader->Finish()) : OkStatus();
  }

 private:
  const std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchJobsResponse>> reader_;
  v1::WatchJobsResponse response_;
};

class WatchJobs : public UserServices {
 protected:
  Watch Open(const std::string& token, const v1::WatchJobsRequest& request) {
    auto context = std::make_unique<grpc::ClientContext>();
    Prepare(token, *context);
    return Watch(std::move(context), *v1::JobService::NewStub(channel_), request);
  }
  // In the store, a thousand at a time.
  void SubmitManyOfAda(int thousands) {
    const Rows rows = database_.AsSuperuser("SELECT project_id FROM project WHERE name = 'astro'");
    NewJob job;
    job.name = "one of many";
    job.class_request = EncodeJobRequest({});
    job.class_id = ClassIdOf(job.class_request);
    job.spec = "spec";
    job.script = "#!/bin/sh\n";
    job.nodes = job.cores = job.attempts_max = 1;
    job.time_limit_seconds = 600;
    job.created_at = database_.Now();
    job.reserve_micros = 1;
    job.unit = "EUR";
    for (int i = 0; i < thousands; ++i) {
      SubmitCall call{.key = database_.NewKey("SubmitJobs", std::to_string(i)),
                      .jobs = std::vector<NewJob>(1'000, job),
                      .encode_reply = [](const auto&) { return "reply"; }};
      call.key.project_id = rows.Id<ProjectId>(0, 0);
      for (NewJob& one : call.jobs) {
        one.job_id = database_.ids().TimeOrdered<JobId>();
      }
      const Result<std::vector<SubmitVerdict>> verdicts = jobs_.Submit({call});
      ASSERT_TRUE(verdicts.ok()) << verdicts.status();
      ASSERT_TRUE(verdicts->front().results.back().ok()) << verdicts->front().results.back().status();
    }
  }
  // How many jobs the next lines are of.
  static size_t ReadDistinct(Watch& watch, int lines) {
    std::set<std::string> jobs;
    for (int i = 0; i < lines && !::testing::Test::HasFailure(); ++i) {
      jobs.insert(watch.Next().first);
    }
    return jobs.size();
  }
  static v1::WatchJobsRequest For(const std::vector<std::string>& job_ids) {
    v1::WatchJobsRequest request;
    request.mutable_job_ids()->Assign(job_ids.begin(), job_ids.end());
    return request;
  }
};

TEST_F(WatchJobs, SendEachNamedJobOnceFirstAlsoOneThatHasEnded) {
  const std::string ended = Submit(kAda);
  const std::string live = Submit(kAda);
  const std::string other = Submit(kAda);
  Cancel(kAda, ended);
  FollowToEndOf(ended);
  Watch watch = Open(kAda, For({live, ended}));
  EXPECT_THAT((std::vector{watch.Next(), watch.Next()}),
              UnorderedElementsAre(Pair(ended, v1::JOB_STATE_CANCELLED), Pair(live, v1::JOB_STATE_PENDING)));
  Cancel(kAda, other);
  Cancel(kAda, live);
  FollowToEndOf(live);
  EXPECT_THAT(watch.Next(), Pair(live, v1::JOB_STATE_CANCELLED));
}

TEST_F(WatchJobs, WithoutNamesSendLiveJobsAlone) {
  const std::string ended = Submit(kAda);
  const std::string live = Submit(kAda);
  Cancel(kAda, ended);
  FollowToEndOf(ended);
  Watch watch = Open(kAda, {});
  EXPECT_THAT(watch.Next(), Pair(live, v1::JOB_STATE_PENDING));
  Cancel(kAda, live);
  FollowToEndOf(live);
  EXPECT_THAT(watch.Next(), Pair(live, v1::JOB_STATE_CANCELLED));
}

TEST_F(WatchJobs, ResumedSendOnlyWhatCameAfterTheToken) {
  const std::string job = Submit(kAda);
  v1::WatchJobsRequest request = For({job});
  {
    Watch watch = Open(kAda, request);
    EXPECT_THAT(watch.Next(), Pair(job, v1::JOB_STATE_PENDING));
    request.set_resume_token(watch.resume_token());
  }
  Cancel(kAda, job);
  Watch resumed = Open(kAda, request);
  FollowToEndOf(job);
  EXPECT_THAT(resumed.Next(), Pair(job, v1::JOB_STATE_CANCELLED));
}

// Whoever is cut off within the first look would else never hear of the jobs behind.
TEST_F(WatchJobs, AreNotToBeResumedBeforeTheFirstLookIsWhole) {
  const std::string first = Submit(kAda);
  const std::string second = Submit(kAda);
  Watch watch = Open(kAda, For({first, second}));
  watch.Next();
  EXPECT_EQ(watch.resume_token(), "");
  watch.Next();
  EXPECT_NE(watch.resume_token(), "");
}

// More than the queue of a stream that has gone live may hold.
TEST_F(WatchJobs, BeginInALargeProjectAndResumeBehindALotThatWasMissed) {
  v1::WatchJobsRequest resumed;
  const std::string first = Submit(kAda);
  {
    Watch watch = Open(kAda, {});
    EXPECT_THAT(watch.Next(), Pair(first, v1::JOB_STATE_PENDING));
    resumed.set_resume_token(watch.resume_token());
  }
  SubmitManyOfAda(21);
  Watch from_start = Open(kAda, {});
  EXPECT_EQ(ReadDistinct(from_start, 21'001), 21'001U);
  EXPECT_NE(from_start.resume_token(), "");
  Watch behind_token = Open(kAda, resumed);
  EXPECT_EQ(ReadDistinct(behind_token, 21'000), 21'000U);
  EXPECT_NE(behind_token.resume_token(), "");
  Cancel(kAda, first);
  FollowToEndOf(first);
  EXPECT_THAT(from_start.Next(), Pair(first, v1::JOB_STATE_CANCELLED));
  EXPECT_THAT(behind_token.Next(), Pair(first, v1::JOB_STATE_CANCELLED));
}

TEST_F(WatchJobs, AWatcherThatDoesNotReadIsCutOff) {
  constexpr int kEvents = 30'000;  // more than a stream keeps for its reader and the connection takes
  const std::string job = Submit(kAda);
  Watch watch = Open(kAda, {});
  watch.Next();
  Cancel(kAda, job);
  FollowToEndOf(job);
  EXPECT_THAT(watch.Next(), Pair(job, v1::JOB_STATE_CANCELLED));  // It is live from here on.

  LoggedEvent event{.position = events_.Head().value(), .at = database_.Now(), .kind = "UPDATED", .job = {}};
  event.job.project_id =
      database_.AsSuperuser("SELECT project_id FROM project WHERE name = 'astro'").Id<ProjectId>(0, 0);
  event.position = {.xid = event.position.xid + 1, .seq = 0};
  std::vector<LoggedEvent> events;
  for (int i = 0; i < kEvents; ++i) {
    ++event.position.seq;
    events.push_back(event);
  }
  hub_.OnEvents(events);
  ASSERT_EQ(hub_.cut().value(), 1);
  const Status status = watch.End();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable) << status;
  EXPECT_EQ(DetailsOf(status).reason, ErrorReason::kOverloaded);
}

TEST_F(WatchJobs, RefuseATokenThatMissedMoreThanADay) {
  const std::string job = Submit(kAda);
  v1::WatchJobsRequest request;
  {
    Watch watch = Open(kAda, {});
    EXPECT_THAT(watch.Next(), Pair(job, v1::JOB_STATE_PENDING));
    request.set_resume_token(watch.resume_token());
  }
  Cancel(kAda, job);
  database_.AsSuperuser("UPDATE job_event SET at = at - interval '23 hours 59 minutes' WHERE kind = 'CANCELLED'");
  {
    Watch watch = Open(kAda, request);
    EXPECT_THAT(watch.Next(), Pair(job, v1::JOB_STATE_CANCELLED));
  }
  database_.AsSuperuser("UPDATE job_event SET at = at - interval '1 minute' WHERE kind = 'CANCELLED'");
  Watch watch = Open(kAda, request);
  const Status status = watch.End();
  EXPECT_EQ(status.code(), StatusCode::kOutOfRange) << status;
  EXPECT_EQ(DetailsOf(status).reason, ErrorReason::kResumeTokenTooOld);
}

TEST_F(WatchJobs, DoNotShowAnotherProjectsJob) {
  const std::string of_bob = Submit(kBob);
  const std::string of_ada = Submit(kAda);
  Watch watch = Open(kBob, For({of_ada, of_bob}));
  EXPECT_THAT(watch.Next(), Pair(of_bob, v1::JOB_STATE_PENDING));
  Cancel(kAda, of_ada);
  Cancel(kBob, of_bob);
  FollowToEndOf(of_bob);
  EXPECT_THAT(watch.Next(), Pair(of_bob, v1::JOB_STATE_CANCELLED));
}

TEST_F(WatchJobs, RefuseANameThatIsNoId) {
  Watch watch = Open(kAda, For({Submit(kAda), "17"}));
  const Status status = watch.End();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(PathsOf(status), ElementsAre("job_ids[1]"));
}

TEST_F(WatchJobs, NeedAToken) {
  Watch watch = Open(kNobody, {});
  EXPECT_EQ(watch.End().code(), StatusCode::kUnauthenticated);
}

}  // namespace
}  // namespace turnpike
