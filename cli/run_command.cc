#include "cli/run_command.h"

#include "cli/exit_code.h"
#include "cli/version.h"

namespace turnpike {
namespace {

// One overload a command: std::visit picks it, and a command without one does not compile.
struct Runner {
  CommandContext& context;

  Result<int> operator()(const VersionOptions&) const {
    context.terminal.out << VersionText();
    return kExitOk;
  }
  Result<int> operator()(const SubmitOptions& options) const { return RunSubmit(options, context); }
  Result<int> operator()(const QuoteOptions& options) const { return RunQuote(options, context); }
  Result<int> operator()(const ExplainOptions& options) const { return RunExplain(options, context); }
  Result<int> operator()(const QueueOptions& options) const { return RunQueue(options, context); }
  Result<int> operator()(const ShowOptions& options) const { return RunShow(options, context); }
  Result<int> operator()(const LogsOptions& options) const { return RunLogs(options, context); }
  Result<int> operator()(const CancelOptions& options) const { return RunCancel(options, context); }
  Result<int> operator()(const SitesOptions& options) const { return RunSites(options, context); }
  Result<int> operator()(const BalanceOptions& options) const { return RunBalance(options, context); }
  Result<int> operator()(const TransfersOptions& options) const { return RunTransfers(options, context); }
  Result<int> operator()(const UsageOptions& options) const { return RunUsage(options, context); }
  Result<int> operator()(const SiteRegisterOptions& options) const { return RunSiteRegister(options, context); }
  Result<int> operator()(const SiteTokenOptions& options) const { return RunSiteToken(options, context); }
  Result<int> operator()(const SiteDrainOptions& options) const { return RunSiteDrain(options, context); }
  Result<int> operator()(const SiteQuarantineOptions& options) const { return RunSiteQuarantine(options, context); }
  Result<int> operator()(const SiteReleaseOptions& options) const { return RunSiteRelease(options, context); }
  Result<int> operator()(const SiteResumeOptions& options) const { return RunSiteResume(options, context); }
  Result<int> operator()(const PriceSetOptions& options) const { return RunPriceSet(options, context); }
  Result<int> operator()(const PriceShowOptions& options) const { return RunPriceShow(options, context); }
  Result<int> operator()(const ProjectCreateOptions& options) const { return RunProjectCreate(options, context); }
  Result<int> operator()(const DepositOptions& options) const { return RunDeposit(options, context); }
  Result<int> operator()(const ProjectWeightOptions& options) const { return RunProjectWeight(options, context); }
  Result<int> operator()(const SiteMaintenanceOptions& options) const { return RunSiteMaintenance(options, context); }
};

}  // namespace

Result<int> RunCommand(const CommandOptions& command, CommandContext& context) {
  return std::visit(Runner{context}, command);
}

}  // namespace turnpike
