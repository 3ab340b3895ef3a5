#include "cli/show_command.h"

#include <vector>

#include "cli/exit_code.h"
#include "cli/job_output.h"
#include "cli/job_text.h"
#include "cli/json_output.h"
#include "cli/spec_text.h"
#include "cli/terminal_text.h"

namespace turnpike {
namespace {

struct Line {
  std::string name;
  std::string value;
};

std::string PlaceText(const v1::Job& job) {
  if (job.site().empty()) {
    return "";
  }
  std::string text = fmt::format("{}/{}", job.site(), job.share());
  if (!job.local_job_id().empty()) {
    text += fmt::format(", local job {}", job.local_job_id());
  }
  return job.site_state().empty() ? text : text + fmt::format(" ({})", job.site_state());
}

std::string StateLine(const v1::Job& job) {
  std::string text = JobStateText(job.state());
  if (HasEnded(job.state())) {
    text += fmt::format(": {}", EndText(job));
  } else if (job.cancel_requested()) {
    text += ", a cancel is under way";
  }
  return job.reason().empty() ? text : text + fmt::format(" ({})", job.reason());
}

std::string JobText(const v1::Job& job, Timestamp now) {
  const std::vector<Line> lines = {
      {"job", fmt::format("{} ({})", ShortJobId(job), job.job_id())},
      {"name", job.name()},
      {"state", StateLine(job)},
      {"site", PlaceText(job)},
      {"submitted", job.has_create_time() ? MomentText(job.create_time()) : ""},
      {"started", job.has_start_time() ? MomentText(job.start_time()) : ""},
      {"ended", job.has_end_time() ? MomentText(job.end_time()) : ""},
      {"run time", RunTimeText(job, now)},
      {"limit", job.has_time_limit() ? DurationText(job.time_limit()) : ""},
      {"attempts", job.attempt_count() > 0 ? fmt::format("{}", job.attempt_count()) : ""},
      {"money", BillText(job.money())},
  };
  std::string text;
  for (const Line& line : lines) {
    if (!line.value.empty()) {
      text += fmt::format("{:<10} {}\n", line.name, EscapeLine(line.value));
    }
  }
  text += "asked for\n";
  for (const SpecLine& line : SpecLines(job.spec())) {
    text += fmt::format("  {} = {}\n", EscapeLine(line.path), EscapeLine(line.value));
  }
  return text;
}

}  // namespace

Result<int> RunShow(const ShowOptions& options, CommandContext& context) {
  if ((options.output || options.error) && context.json) {
    return InvalidArgument("--json does not go with --output or --error, which print what the job wrote as it is");
  }
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  if (options.output || options.error) {
    const JobOutputRequest request{
        .job_id = options.job_id,
        .stream = options.error ? v1::ReadLogRequest::STREAM_ERROR : v1::ReadLogRequest::STREAM_OUTPUT,
        .escape = context.terminal.out_is_terminal};
    RETURN_IF_ERROR(PrintJobOutput(request, context.terminal.out, *session.client, context));
    return kExitOk;
  }
  v1::GetJobRequest request;
  request.set_job_id(options.job_id);
  ASSIGN_OR_RETURN(const v1::GetJobResponse response, session.client->GetJob(request));
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
  } else {
    context.terminal.out << JobText(response.job(), context.clock.Now());
  }
  return kExitOk;
}

}  // namespace turnpike
