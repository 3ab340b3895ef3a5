#include "cli/queue_command.h"

#include <algorithm>

#include "cli/exit_code.h"
#include "cli/job_text.h"
#include "cli/json_output.h"
#include "cli/pages.h"
#include "cli/table.h"

namespace turnpike {
namespace {

constexpr size_t kNameWidth = 24;
constexpr size_t kReasonWidth = 40;

struct StateName {
  std::string_view name;
  std::string_view short_name;  // as squeue -t takes it
  v1::JobState state;
};
constexpr StateName kStates[] = {
    {"PENDING", "PD", v1::JOB_STATE_PENDING},     {"PLACED", "PL", v1::JOB_STATE_PLACED},
    {"QUEUED", "Q", v1::JOB_STATE_QUEUED},        {"RUNNING", "R", v1::JOB_STATE_RUNNING},
    {"COMPLETED", "CD", v1::JOB_STATE_COMPLETED}, {"FAILED", "F", v1::JOB_STATE_FAILED},
    {"CANCELLED", "CA", v1::JOB_STATE_CANCELLED},
};

Result<v1::JobState> ParseState(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
  for (const StateName& state : kStates) {
    if (name == state.name || name == state.short_name) {
      return state.state;
    }
  }
  return InvalidArgument(
      "'{}' is no job state; the states are PENDING, PLACED, QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED", name);
}

Result<v1::ListJobsRequest> ToRequest(const QueueOptions& options) {
  v1::ListJobsRequest request;
  for (const std::string& name : options.states) {
    ASSIGN_OR_RETURN(const v1::JobState state, ParseState(name));
    request.add_states(state);
  }
  if (options.states.empty() && !options.all) {
    for (const StateName& state : kStates) {
      if (!HasEnded(state.state)) {
        request.add_states(state.state);
      }
    }
  }
  return request;
}

Table ToTable(const v1::ListJobsResponse& response, const CommandContext& context) {
  const bool cut = context.terminal.out_is_terminal;
  Table table({{.title = "JOBID", .align = Align::kRight},
               {.title = "NAME", .width_max = cut ? kNameWidth : 0},
               {.title = "STATE"},
               {.title = "SITE"},
               {.title = "LOCALID"},
               {.title = "REASON", .width_max = cut ? kReasonWidth : 0},
               {.title = "TIME", .align = Align::kRight},
               {.title = "LIMIT", .align = Align::kRight},
               {.title = "COST", .align = Align::kRight}});
  const Timestamp now = context.clock.Now();
  for (const v1::Job& job : response.jobs()) {
    table.Add({{ShortJobId(job)},
               {job.name()},
               {JobStateText(job.state()) + (job.cancel_requested() && !HasEnded(job.state()) ? "*" : ""),
                TintOf(job.state())},
               {job.site()},
               {job.local_job_id()},
               {job.reason()},
               {RunTimeText(job, now)},
               {job.has_time_limit() ? DurationText(job.time_limit()) : ""},
               {CostText(job.money())}});
  }
  return table;
}

}  // namespace

Result<int> RunQueue(const QueueOptions& options, CommandContext& context) {
  ASSIGN_OR_RETURN(v1::ListJobsRequest request, ToRequest(options));
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  request.set_project_id(options.project.empty() ? session.project : options.project);
  ASSIGN_OR_RETURN(const v1::ListJobsResponse response,
                   FetchPages(*session.client, &Client::ListJobs, std::move(request), options.limit,
                              &v1::ListJobsResponse::mutable_jobs));
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
    return kExitOk;
  }
  context.terminal.out
      << ToTable(response, context).ToString({.header = options.header, .color = context.terminal.color});
  if (!response.next_page_token().empty()) {
    context.terminal.err << fmt::format("only the newest {} are shown; more with --limit\n", response.jobs_size());
  }
  return kExitOk;
}

}  // namespace turnpike
