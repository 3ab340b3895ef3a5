#include "billing/actions/deposit.h"

#include <algorithm>

#include "base/error_reason.h"

namespace turnpike {
namespace {

constexpr size_t kDescriptionBytesMax = 200;

bool IsControlCharacter(char c) {
  const unsigned char code = static_cast<unsigned char>(c);
  return code < 0x20 || code == 0x7f;
}

int64_t ReadAmount(const std::string& amount, FieldViolations& violations) {
  const Result<int64_t> micros = ParseMicros(amount);
  if (!micros.ok()) {
    violations.Add("amount", std::string(MessageOf(micros.status())));
    return 0;
  }
  if (*micros <= 0) {
    violations.Add("amount", fmt::format("is {}; a deposit is more than zero", amount));
  }
  return *micros;
}

void ValidateDescription(const std::string& description, FieldViolations& violations) {
  if (description.size() > kDescriptionBytesMax) {
    violations.Add("description",
                   fmt::format("has {} bytes; at most {} are kept", description.size(), kDescriptionBytesMax));
  }
  if (std::ranges::any_of(description, IsControlCharacter)) {
    violations.Add("description", "has a control character; write one line of plain text");
  }
}

}  // namespace

Result<Deposited> Deposit::Run(const DepositCall& call) {
  FieldViolations violations;
  if (call.project.empty()) {
    violations.Add("project", "names no project; give its name or id");
  }
  const int64_t amount_micros = ReadAmount(call.amount, violations);
  ValidateDescription(call.description, violations);
  RETURN_IF_ERROR(violations.ToStatus());

  ASSIGN_OR_RETURN(const ProjectView project, ledger_.FindProject(call.project));
  ASSIGN_OR_RETURN(TransferView transfer, ledger_.Deposit({.key = call.key,
                                                           .project_id = project.project_id,
                                                           .amount_micros = amount_micros,
                                                           .description = call.description}));
  ASSIGN_OR_RETURN(std::vector<AccountView> accounts,
                   ledger_.Accounts({.project_id = project.project_id, .site_id = {}}));
  if (accounts.empty()) {
    return Internal("project {} has no account", project.name);
  }
  return Deposited{.account = std::move(accounts.front()), .transfer = std::move(transfer)};
}

}  // namespace turnpike
