#include "cli/error_report.h"

#include <chrono>

#include "base/error_reason.h"
#include "cli/exit_code.h"
#include "cli/json_output.h"
#include "cli/terminal_text.h"

namespace turnpike {
namespace {

// What to do; empty where the message says it.
std::string_view AdviceFor(const Status& status, const ErrorDetails& details) {
  switch (ExitCodeOf(status)) {
    case kExitNoToken:
      return "give a token: turnpike --token-file FILE …, or set TURNPIKE_TOKEN_FILE; an operator of the federation "
             "makes them";
    case kExitNoSiteFits:
      return "ask for less, or see what there is: turnpike sites";
    case kExitDenied:
      return details.reason == ErrorReason::kBalanceTooLow
                 ? "see what is left with turnpike balance; ask for less time or resources, or have the project's "
                   "account filled"
                 : "ask an operator of the federation or of the site for the right to do this";
    case kExitBrokerAway:
      return "try again in a while; submitting again with the same --request-id never makes a second job";
    default:
      return "";
  }
}

}  // namespace

std::string ErrorText(const Status& status) {
  const ErrorDetails details = DetailsOf(status);
  std::string text;
  if (details.violations.empty()) {
    text = fmt::format("turnpike: {}\n", EscapeLine(MessageOf(status)));
  } else {
    text = "turnpike: the request is wrong; correct this:\n";
    for (const FieldViolation& violation : details.violations) {
      text += fmt::format("  {}: {}\n", EscapeLine(violation.path), EscapeLine(violation.description));
    }
  }
  if (details.retry_after) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*details.retry_after).count();
    text += fmt::format("  the broker asks to wait {} s first\n", seconds);
  }
  if (const std::string_view advice = AdviceFor(status, details); !advice.empty()) {
    text += fmt::format("  {}\n", advice);
  }
  return text;
}

int ReportError(const Status& status, const ErrorStreams& streams) {
  streams.err << ErrorText(status);
  if (streams.json) {
    streams.out << ErrorToJson(status);
  }
  return ExitCodeOf(status);
}

}  // namespace turnpike
