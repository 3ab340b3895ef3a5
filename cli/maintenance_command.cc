#include "cli/maintenance_command.h"

#include "cli/exit_code.h"
#include "cli/job_text.h"
#include "cli/json_output.h"
#include "cli/moment.h"
#include "cli/table.h"
#include "cli/terminal_text.h"

namespace turnpike {
namespace {

std::vector<Cell> CellsOf(const v1::MaintenanceWindow& window) {
  return {{MomentText(window.start_time())},
          {MomentText(window.end_time())},
          {window.share().empty() ? "(all)" : window.share()},
          {window.window_id().empty() ? "(scheduler)" : window.window_id()},
          {window.reason()}};
}

// The operators' own windows, then the schedulers'.
Table ToTable(const v1::Site& site) {
  Table table({{.title = "FROM"}, {.title = "UNTIL"}, {.title = "SHARE"}, {.title = "WINDOW"}, {.title = "REASON"}});
  for (const v1::MaintenanceWindow& window : site.maintenance()) {
    table.Add(CellsOf(window));
  }
  for (const v1::Share& share : site.shares()) {
    for (v1::MaintenanceWindow window : share.maintenance()) {
      window.set_share(share.name());
      table.Add(CellsOf(window));
    }
  }
  return table;
}

template <class Response>
Result<int> PrintSite(const Response& response, const SiteMaintenanceOptions& options, CommandContext& context) {
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
  } else {
    context.terminal.out
        << ToTable(response.site()).ToString({.header = options.header, .color = context.terminal.color});
  }
  return kExitOk;
}

Result<int> Schedule(const SiteMaintenanceOptions& options, CommandContext& context) {
  v1::ScheduleMaintenanceRequest request;
  request.set_request_id(options.request_id);
  request.set_site(options.site);
  request.set_share(options.share);
  request.set_reason(options.reason);
  const Timestamp now = context.clock.Now();
  if (!options.from.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_start_time(), ParseMomentAhead(options.from, now));
  }
  ASSIGN_OR_RETURN(*request.mutable_end_time(), ParseMomentAhead(options.until, now));
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  ASSIGN_OR_RETURN(const v1::ScheduleMaintenanceResponse response, session.client->ScheduleMaintenance(request));
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
    return kExitOk;
  }
  const v1::MaintenanceWindow& window = response.window();
  context.terminal.out << fmt::format("{} gets nothing that would run between {} and {}; window {}\n",
                                      EscapeLine(options.site), MomentText(window.start_time()),
                                      MomentText(window.end_time()), EscapeLine(window.window_id()));
  return kExitOk;
}

}  // namespace

Result<int> RunSiteMaintenance(const SiteMaintenanceOptions& options, CommandContext& context) {
  if (!options.until.empty() && !options.cancel.empty()) {
    return InvalidArgument("--until makes a window and --cancel takes one back; give one of the two");
  }
  if (!options.until.empty()) {
    return Schedule(options, context);
  }
  if (!options.from.empty()) {
    return InvalidArgument("--from is given without --until; say until when the site is not to be used");
  }
  if (!options.cancel.empty()) {
    v1::CancelMaintenanceRequest request;
    request.set_request_id(options.request_id);
    request.set_site(options.site);
    request.set_window_id(options.cancel);
    ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
    ASSIGN_OR_RETURN(const v1::CancelMaintenanceResponse response, session.client->CancelMaintenance(request));
    return PrintSite(response, options, context);
  }
  v1::GetSiteRequest request;
  request.set_site(options.site);
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  ASSIGN_OR_RETURN(const v1::GetSiteResponse response, session.client->GetSite(request));
  return PrintSite(response, options, context);
}

}  // namespace turnpike
