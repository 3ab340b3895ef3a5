#pragma once
// The command line as plain structs.  The one file that knows the parser library.

#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "cli/account_commands.h"
#include "cli/cancel_command.h"
#include "cli/explain_command.h"
#include "cli/logs_command.h"
#include "cli/maintenance_command.h"
#include "cli/price_commands.h"
#include "cli/project_commands.h"
#include "cli/queue_command.h"
#include "cli/quote_command.h"
#include "cli/show_command.h"
#include "cli/site_commands.h"
#include "cli/sites_command.h"
#include "cli/submit_command.h"
#include "cli/usage_command.h"
#include "sdk/settings.h"

namespace turnpike {

struct VersionOptions {};

using CommandOptions =
    std::variant<VersionOptions, SubmitOptions, QuoteOptions, ExplainOptions, QueueOptions, ShowOptions, LogsOptions,
                 CancelOptions, SitesOptions, BalanceOptions, TransfersOptions, UsageOptions, SiteRegisterOptions,
                 SiteTokenOptions, SiteDrainOptions, SiteResumeOptions, SiteQuarantineOptions, SiteReleaseOptions,
                 PriceSetOptions, PriceShowOptions, ProjectCreateOptions, DepositOptions, ProjectWeightOptions,
                 SiteMaintenanceOptions>;

struct Arguments {
  ClientSettings settings;  // what flags say about the broker
  bool json = false;
  CommandOptions command;
};

// --help: to be printed, and nothing else done.
struct HelpText {
  std::string text;
};

// INVALID_ARGUMENT for a wrong command line.  `words` without the program's name.
Result<std::variant<Arguments, HelpText>> ParseArguments(const std::vector<std::string>& words);

}  // namespace turnpike
