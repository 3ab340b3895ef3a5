#include "cli/wait_for_job.h"

#include "base/error_reason.h"
#include "cli/exit_code.h"
#include "cli/job_text.h"
#include "cli/terminal_text.h"

namespace turnpike {
namespace {

constexpr int kFailuresMax = 60;     // in a row, about a minute beyond the client's own retries
constexpr int kChargeLooksMax = 40;  // 10 s

std::string StateLine(const v1::Job& job) {
  std::string text = fmt::format("job {} {}", ShortJobId(job), JobStateText(job.state()));
  if (!job.site().empty()) {
    text += fmt::format(" at {}/{}", job.site(), job.share());
  }
  if (!job.local_job_id().empty()) {
    text += fmt::format(", local job {}", job.local_job_id());
  }
  if (HasEnded(job.state())) {
    text += fmt::format(": {}", EndText(job));
  }
  return job.reason().empty() ? text : text + fmt::format(" ({})", job.reason());
}

class JobWaiter {
 public:
  JobWaiter(const WaitRequest& request, Client& client, CommandContext& context)
      : request_(request), client_(client), context_(context), begin_(context.clock.Monotonic()), job_(request.job) {}

  Result<v1::Job> Wait() {
    Say();
    // A watch begins with the job as it stands.  It is read before all the same, for one that ended needs no watch, and
    // with every sign of life.
    RETURN_IF_ERROR(ReadAgain());
    while (!Done()) {
      RETURN_IF_ERROR(Watch());
      if (Done() || context_.stop.WaitFor(request_.pause)) {
        break;
      }
      RETURN_IF_ERROR(ReadAgain());
    }
    if (!HasEnded(job_.state())) {
      return DeadlineExceeded("the time to wait is over and the job is {}", JobStateText(job_.state()));
    }
    RETURN_IF_ERROR(AwaitCharge());
    return job_;
  }

 private:
  Status Watch() {
    v1::WatchJobsRequest watch;
    watch.set_project_id(request_.project);
    watch.add_job_ids(request_.job.job_id());
    const Status status = client_.WatchJobs(watch, context_.stop, [&](const v1::WatchJobsResponse& response) {
      if (response.has_event()) {
        Take(response.event().job());
      } else {
        static_cast<void>(ReadOnce());  // a sign of life: the next one, or the loop, sees what this one missed
      }
      return !Done();
    });
    // Too old a place in the stream: the loop reads the job and watches afresh.
    return status.code() == StatusCode::kOutOfRange ? OkStatus() : status;
  }

  Status ReadAgain() {
    for (int failures = 0;; ++failures) {
      Status status = ReadOnce();
      if (status.code() != StatusCode::kUnavailable || failures == kFailuresMax ||
          context_.stop.WaitFor(request_.pause)) {
        return status;
      }
    }
  }

  // The site says what was used with the end, or soon after it.
  Status AwaitCharge() {
    for (int looks = 0; !job_.money().settled() && looks < kChargeLooksMax; ++looks) {
      RETURN_IF_ERROR(ReadAgain());
      if (job_.money().settled() || context_.stop.WaitFor(request_.charge_pause)) {
        break;
      }
    }
    return OkStatus();
  }

  Status ReadOnce() {
    v1::GetJobRequest get;
    get.set_job_id(request_.job.job_id());
    ASSIGN_OR_RETURN(const v1::GetJobResponse response, client_.GetJob(get));
    Take(response.job());
    return OkStatus();
  }

  void Take(const v1::Job& job) {
    if (job.job_id() != request_.job.job_id() || job.version() <= job_.version()) {
      return;
    }
    job_ = job;
    Say();
  }

  void Say() {
    std::string line = StateLine(job_);
    if (line != said_) {
      context_.terminal.err << EscapeLine(line) << "\n" << std::flush;
      said_ = std::move(line);
    }
  }

  bool Done() const {
    const bool late = request_.wait_max && context_.clock.Monotonic() - begin_ >= *request_.wait_max;
    return HasEnded(job_.state()) || late;
  }

  const WaitRequest& request_;
  Client& client_;
  CommandContext& context_;
  const MonotonicTime begin_;
  v1::Job job_;
  std::string said_;
};

}  // namespace

Result<v1::Job> WaitForJob(const WaitRequest& request, Client& client, CommandContext& context) {
  Result<v1::Job> ended = JobWaiter(request, client, context).Wait();
  if (ended.ok()) {
    return ended;
  }
  const std::string id = ShortJobId(request.job);
  const Status status = ended.status();
  return WithDetails(
      MakeStatus(status.code(), fmt::format("{}; job {} goes on: see it with turnpike show {}, end it with turnpike "
                                            "cancel {}",
                                            MessageOf(status), id, id, id)),
      DetailsOf(status));
}

}  // namespace turnpike
