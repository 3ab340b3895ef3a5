// The converters of cli/spec_converters.h for the switches of the command itself.
#include "base/ids.h"
#include "cli/base64.h"
#include "cli/spec_converters.h"

namespace turnpike {

Status SwitchWait(const Setting&, SpecDraft& draft) {
  draft.switches.wait = true;
  return OkStatus();
}

Status SwitchJson(const Setting&, SpecDraft& draft) {
  draft.switches.json = true;
  return OkStatus();
}

Status SwitchParsable(const Setting&, SpecDraft& draft) {
  draft.switches.parsable = true;
  return OkStatus();
}

Status SwitchDryRun(const Setting&, SpecDraft& draft) {
  draft.switches.dry_run = true;
  return OkStatus();
}

Status SwitchQuiet(const Setting&, SpecDraft& draft) {
  draft.switches.quiet = true;
  return OkStatus();
}

Status SwitchPrintSpec(const Setting&, SpecDraft& draft) {
  draft.switches.print_spec = true;
  return OkStatus();
}

Status SwitchHelp(const Setting&, SpecDraft& draft) {
  draft.switches.help = true;
  return OkStatus();
}

Status SwitchVersion(const Setting&, SpecDraft& draft) {
  draft.switches.version = true;
  return OkStatus();
}

Status SwitchIgnoreForeign(const Setting&, SpecDraft& draft) {
  draft.switches.ignore_foreign_directives = true;
  return OkStatus();
}

Status SetWrap(const Setting& setting, SpecDraft& draft) {
  if (setting.value.empty()) {
    return InvalidArgument("a command is missing; write --wrap='COMMAND ARGUMENTS'");
  }
  draft.switches.wrap = setting.value;
  return OkStatus();
}

Status SetRequestId(const Setting& setting, SpecDraft& draft) {
  if (!RequestId::Parse(setting.value)) {
    return InvalidArgument("'{}' is not a UUID; a request id is a UUIDv7, new for each job, the same for each retry",
                           setting.value);
  }
  draft.switches.request_id = setting.value;
  return OkStatus();
}

Status SetQuote(const Setting& setting, SpecDraft& draft) {
  const std::optional<std::string> quote = FromBase64(setting.value);
  if (!quote || quote->empty()) {
    return InvalidArgument("'{}' is not base64; give the quote that `turnpike quote --json` prints", setting.value);
  }
  draft.switches.quote = *quote;
  return OkStatus();
}

Status SetProject(const Setting& setting, SpecDraft& draft) {
  draft.switches.project = setting.value;
  return OkStatus();
}

Status SetWaitMax(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(draft.switches.wait_max, ParseTimeLimit(setting.value));
  draft.switches.wait = true;
  return OkStatus();
}

}  // namespace turnpike
