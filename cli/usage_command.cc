#include "cli/usage_command.h"

#include "cli/exit_code.h"
#include "cli/job_text.h"
#include "cli/json_output.h"
#include "cli/moment.h"
#include "cli/pages.h"
#include "cli/table.h"

namespace turnpike {
namespace {

// "12.25" for 44,100 seconds: hours for reading, with the sum itself in --json.
std::string HoursText(int64_t seconds) {
  const int64_t hundredths = (seconds + 18) / 36;
  return fmt::format("{}.{:02}", hundredths / 100, hundredths % 100);
}

std::string RunTimeOf(const v1::UsageRecord& record) {
  return record.has_start_time() && record.has_end_time()
             ? ElapsedText(record.end_time().seconds() - record.start_time().seconds())
             : "";
}

Table ToTable(const v1::ListUsageResponse& response) {
  Table table({{.title = "ENDED"},
               {.title = "JOB"},
               {.title = "SITE"},
               {.title = "SHARE"},
               {.title = "LOCALID"},
               {.title = "TIME", .align = Align::kRight},
               {.title = "CORE-H", .align = Align::kRight},
               {.title = "ACCEL-H", .align = Align::kRight},
               {.title = "CHARGED", .align = Align::kRight},
               {.title = "UNIT"},
               {.title = "FORMULA"}});
  for (const v1::UsageRecord& record : response.records()) {
    table.Add({{record.has_end_time() ? MomentText(record.end_time()) : ""},
               {record.job_id()},
               {record.site()},
               {record.share()},
               {record.local_job_id()},
               {RunTimeOf(record)},
               {HoursText(record.core_seconds())},
               {HoursText(record.accelerator_seconds())},
               {record.charged() + (record.provisional() ? "*" : "")},
               {record.unit()},
               {record.formula()}});
  }
  return table;
}

}  // namespace

Result<int> RunUsage(const UsageOptions& options, CommandContext& context) {
  v1::ListUsageRequest request;
  request.set_job_id(options.job_id);
  if (!options.since.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_since(), ParseMomentPast(options.since, context.clock.Now()));
  }
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  request.set_project(options.project.empty() ? session.project : options.project);
  ASSIGN_OR_RETURN(const v1::ListUsageResponse response,
                   FetchPages(*session.client, &Client::ListUsage, std::move(request), options.limit,
                              &v1::ListUsageResponse::mutable_records));
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
    return kExitOk;
  }
  context.terminal.out << ToTable(response).ToString({.header = options.header, .color = context.terminal.color});
  if (!response.next_page_token().empty()) {
    context.terminal.err << fmt::format("only the newest {} are shown; more with --limit\n", response.records_size());
  }
  return kExitOk;
}

}  // namespace turnpike
