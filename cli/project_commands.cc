#include "cli/project_commands.h"

#include "cli/exit_code.h"
#include "cli/json_output.h"
#include "cli/terminal_text.h"

namespace turnpike {

Result<int> RunProjectCreate(const ProjectCreateOptions& options, CommandContext& context) {
  v1::CreateProjectRequest request;
  request.set_request_id(options.request_id);
  request.set_name(options.name);
  request.set_unit(options.unit);
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  ASSIGN_OR_RETURN(const v1::CreateProjectResponse response, session.client->CreateProject(request));
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
    return kExitOk;
  }
  context.terminal.out << fmt::format("{} {} {}\n", EscapeLine(response.project().name()),
                                      EscapeLine(response.project().project_id()),
                                      EscapeLine(response.project().unit()));
  context.terminal.err << fmt::format("its account is empty; fill it with: turnpike project deposit {} AMOUNT\n",
                                      EscapeLine(response.project().name()));
  return kExitOk;
}

Result<int> RunDeposit(const DepositOptions& options, CommandContext& context) {
  v1::DepositRequest request;
  request.set_request_id(options.request_id);
  request.set_project(options.project);
  request.set_amount(options.amount);
  request.set_description(options.description);
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  ASSIGN_OR_RETURN(const v1::DepositResponse response, session.client->Deposit(request));
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
    return kExitOk;
  }
  const v1::Account& account = response.account();
  context.terminal.out << fmt::format("{} {} {} available\n", EscapeLine(account.owner()),
                                      EscapeLine(account.available()), EscapeLine(account.unit()));
  return kExitOk;
}

Result<int> RunProjectWeight(const ProjectWeightOptions& options, CommandContext& context) {
  v1::UpdateProjectRequest request;
  request.set_request_id(options.request_id);
  request.set_project(options.project);
  request.set_weight(options.weight);
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  ASSIGN_OR_RETURN(const v1::UpdateProjectResponse response, session.client->UpdateProject(request));
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
    return kExitOk;
  }
  context.terminal.out << fmt::format("{} has weight {}\n", EscapeLine(response.project().name()),
                                      response.project().weight());
  return kExitOk;
}

}  // namespace turnpike
