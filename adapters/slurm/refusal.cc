#include "adapters/slurm/refusal.h"

#include <fmt/format.h>

#include <algorithm>

namespace turnpike::slurm {
namespace {

using enum SubmitOutcome::Kind;

constexpr RefusalMessage kController[] = {
    {"Invalid partition name specified", kRefused},
    {"No partition specified or system default partition", kRefused},
    {"User's group not permitted to use this partition", kRefused},
    {"Invalid account or account/partition combination specified", kRefused},
    {"Invalid qos specification", kRefused},
    {"Invalid wckey specification", kRefused},
    {"Invalid license specification", kRefused},
    {"Invalid feature specification", kRefused},
    {"Invalid generic resource (gres) specification", kRefused},
    {"Invalid Trackable RESource (TRES) specification", kRefused},
    {"Requested reservation is invalid", kRefused},
    {"Access denied to requested reservation", kRefused},
    {"Requested time limit is invalid (missing or exceeds some limit)", kRefused},
    {"Time limit specification required, but not provided", kRefused},
    {"Invalid node name specified", kRefused},
    {"Pathname of a file, directory or other parameter too long", kRefused},
    {"Access/permission denied", kRefused},
    {"Invalid user id", kRefused},
    {"Invalid group id", kRefused},
    // Limits of the site: the same job may pass later.
    {"Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)", kBackPressure},
    {"Requested account has breached requested QOS usage threshold", kBackPressure},
    {"Unable to create job record, try again", kBackPressure},  // The queue is full.
    {"Resource temporarily unavailable", kBackPressure},        // MaxJobCount: after 15 tries of sbatch, 120 s.
    {"System submissions disabled", kBackPressure},
    {"Required partition not available (inactive or drain)", kBackPressure},
    // No connection came about, so nothing was sent.  The send, receive and shutdown failures are another matter.
    {"Unable to contact slurm controller (connect failure)", kBackPressure},
};

constexpr RefusalMessage kClient[] = {
    {"sbatch: error: This does not look like a batch script.", kRefused},
    {"sbatch: error: Batch script is empty!", kRefused},
    {"sbatch: error: Batch script contains only whitespace!", kRefused},
    {"sbatch: error: Unable to open file ", kRefused},
    {"sbatch: error: Invalid --", kRefused},
    {"sbatch: unrecognized option ", kRefused},
    {"sbatch: fatal: Unable to process configuration file", kBackPressure},
    {"sbatch: fatal: Could not establish a configuration source", kBackPressure},
};

constexpr std::string_view kSubmissionFailed = "sbatch: error: Batch job submission failed: ";

std::string_view LastLine(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace

const std::span<const RefusalMessage> kControllerRefusals(kController);
const std::span<const RefusalMessage> kClientRefusals(kClient);

FailureVerdict JudgeFailedSubmission(const ChildResult& result) {
  const std::string_view last = LastLine(result.error_output);
  const auto ambiguous = [&last](std::string_view why) {
    return FailureVerdict{kAmbiguous, last.empty() ? std::string(why) : fmt::format("{}; it said: {}", why, last)};
  };
  if (result.timed_out) return ambiguous("sbatch did not answer in time");
  if (result.signal != 0) return ambiguous(fmt::format("signal {} ended sbatch", result.signal));
  if (!result.output.empty())
    return ambiguous(fmt::format("sbatch printed an answer and ended with {}", result.exit_code));
  if (last.starts_with(kSubmissionFailed)) {
    const std::string_view message = last.substr(kSubmissionFailed.size());
    for (const RefusalMessage& refusal : kController) {
      if (refusal.text == message) return {refusal.kind, std::string(message)};
    }
    return ambiguous(fmt::format("sbatch ended with {}", result.exit_code));
  }
  // sbatch's own complaints; several lines, the telling one is the first that is known.
  for (std::string_view rest = result.error_output; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    for (const RefusalMessage& refusal : kClient) {
      if (line.starts_with(refusal.text)) return {refusal.kind, std::string(line)};
    }
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  return ambiguous(fmt::format("sbatch ended with {}", result.exit_code));
}

}  // namespace turnpike::slurm
