#include "cli/account_commands.h"

#include "cli/exit_code.h"
#include "cli/job_text.h"
#include "cli/json_output.h"
#include "cli/pages.h"
#include "cli/table.h"
#include "cli/terminal_text.h"

namespace turnpike {
namespace {

template <class Request>
Status SetOwner(const AccountOwner& owner, const BrokerSession& session, Request& request) {
  if (!owner.project.empty() && !owner.site.empty()) {
    return InvalidArgument("--project and --site exclude each other: an account belongs to one of them");
  }
  if (!owner.site.empty()) {
    request.set_site(owner.site);
  } else if (const std::string& project = owner.project.empty() ? session.project : owner.project; !project.empty()) {
    request.set_project(project);
  }
  return OkStatus();
}

Table ToTable(const v1::ListTransfersResponse& response) {
  Table table({{.title = "TIME"},
               {.title = "KIND"},
               {.title = "AMOUNT", .align = Align::kRight},
               {.title = "UNIT"},
               {.title = "FROM"},
               {.title = "TO"},
               {.title = "JOB"},
               {.title = "DESCRIPTION"}});
  for (const v1::Transfer& transfer : response.transfers()) {
    table.Add({{MomentText(transfer.time())},
               {TransferKindText(transfer.kind())},
               {transfer.amount()},
               {transfer.unit()},
               {transfer.debit_account_id()},
               {transfer.credit_account_id()},
               {transfer.job_id()},
               {transfer.description()}});
  }
  return table;
}

}  // namespace

Result<int> RunBalance(const BalanceOptions& options, CommandContext& context) {
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  v1::GetAccountRequest request;
  RETURN_IF_ERROR(SetOwner(options.owner, session, request));
  request.set_unit(options.unit);
  ASSIGN_OR_RETURN(const v1::GetAccountResponse response, session.client->GetAccount(request));
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
    return kExitOk;
  }
  const v1::Account& account = response.account();
  Table table({{.title = "ACCOUNT"},
               {.title = "UNIT"},
               {.title = "BALANCE", .align = Align::kRight},
               {.title = "HELD", .align = Align::kRight},
               {.title = "AVAILABLE", .align = Align::kRight}});
  table.Add({{account.owner()}, {account.unit()}, {account.balance()}, {account.held()}, {account.available()}});
  context.terminal.out << table.ToString({.header = true, .color = context.terminal.color});
  return kExitOk;
}

Result<int> RunTransfers(const TransfersOptions& options, CommandContext& context) {
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  v1::ListTransfersRequest request;
  RETURN_IF_ERROR(SetOwner(options.owner, session, request));
  ASSIGN_OR_RETURN(const v1::ListTransfersResponse response,
                   FetchPages(*session.client, &Client::ListTransfers, std::move(request), options.limit,
                              &v1::ListTransfersResponse::mutable_transfers));
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
    return kExitOk;
  }
  context.terminal.out << ToTable(response).ToString({.header = options.header, .color = context.terminal.color});
  if (!response.next_page_token().empty()) {
    context.terminal.err << fmt::format("only the newest {} are shown; more with --limit\n", response.transfers_size());
  }
  return kExitOk;
}

}  // namespace turnpike
