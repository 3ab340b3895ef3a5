#include "cli/turnpike_flags.h"

#include "cli/sbatch_flags.h"
#include "cli/spec_converters.h"

namespace turnpike {
namespace {

constexpr SubmitOption Mapped(std::string_view name, OptionArgument argument, std::string_view field,
                              OptionConverter convert, std::string_view help, bool repeatable = false) {
  return {name, '\0', argument, OptionClass::kMapped, field, help, convert, repeatable};
}

constexpr auto kNone = OptionArgument::kNone;
constexpr auto kRequired = OptionArgument::kRequired;

constexpr SubmitOption kTurnpikeOptions[] = {
    Mapped("site", kRequired, "placement.sites", AddSites, "NAME[,NAME] only these sites", true),
    Mapped("exclude-site", kRequired, "placement.excluded_sites", AddExcludedSites, "NAME[,NAME] never these sites",
           true),
    Mapped("region", kRequired, "placement.regions", AddRegions, "NAME[,NAME] only sites in these regions", true),
    Mapped("round-trip-max", kRequired, "placement.round_trip_max", SetRoundTripMax,
           "TIME the longest round trip between you and the site, for example 20ms"),
    Mapped("user-region", kRequired, "placement.user_region", SetUserRegion,
           "NAME where you are, as sites name their regions; the settings file's unless said"),
    Mapped("prefer", kRequired, "placement.objective", SetObjective,
           "balanced, fastest or cheapest: what matters most"),
    Mapped("budget", kRequired, "placement.budget", SetBudget,
           "AMOUNT the highest price for the whole job, for example 12.50"),
    Mapped("priority", kRequired, "priority", SetPriority,
           "N order among the project's own jobs, -1000 to 1000, higher first"),
    Mapped("label", kRequired, "labels", AddLabel, "KEY=VALUE for your own bookkeeping", true),
    Mapped("arch", kRequired, "cpu_architectures", AddArchitectures,
           "NAME[,NAME] only these processors, as uname -m says", true),
    Mapped("rerun-safe", kNone, "retry_policy.rerun_safe", SetRerunSafe, "running the program twice does no harm"),
    Mapped("max-attempts", kRequired, "retry_policy.attempts_max", SetAttemptsMax,
           "N attempts in all, 1 to 10; 3 unless said"),
    Mapped("project", kRequired, "project_id", SetProject,
           "NAME the project that pays, by its name or id; the token's only one unless said"),
    Mapped("json", kNone, "", SwitchJson, "one JSON document on standard output"),
    Mapped("dry-run", kNone, "", SwitchDryRun, "let the broker check everything and store nothing"),
    Mapped("print-spec", kNone, "", SwitchPrintSpec,
           "show what would be sent and where each part was said; send nothing"),
    Mapped("request-id", kRequired, "", SetRequestId,
           "UUID the same for each retry: one job, however often it is sent"),
    Mapped("quote", kRequired, "", SetQuote,
           "QUOTE from `turnpike quote --json` with the same flags and script: its prices hold"),
    Mapped("wait-max", kRequired, "", SetWaitMax, "TIME to wait at most, implies --wait; the job goes on after it"),
};

}  // namespace

std::span<const SubmitOption> TurnpikeOptions() {
  return kTurnpikeOptions;
}

const OptionSet& TurnpikeDialect() {
  static const OptionSet kDialect({TurnpikeOptions(), SbatchOptions()});
  return kDialect;
}

}  // namespace turnpike
