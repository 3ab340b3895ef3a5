// The converters for program, order, retries and placement; those for resources lie in resource_converters.cc, those
// for the command's own switches in switch_converters.cc.
#include "cli/spec_converters.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cctype>

#include "base/money.h"
#include "cli/moment.h"
#include "cli/terminal_text.h"

namespace turnpike {
namespace {

constexpr int64_t kRoundTripSecondsMax = 60;
constexpr int64_t kPriorityMax = 1000;
constexpr int64_t kNiceDefault = 100;

bool IsVariableName(std::string_view name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; });
}

// NAME=value, or NAME for the value that it has here.
Status ExportVariable(const std::string& piece, const SpecDraft& draft, std::map<std::string, std::string>& variables) {
  const size_t equals = piece.find('=');
  const std::string name = piece.substr(0, equals);
  if (!IsVariableName(name)) {
    return InvalidArgument("'{}' is not the name of a variable; write NAME or NAME=value", name);
  }
  if (equals != std::string::npos) {
    variables[name] = piece.substr(equals + 1);
    return OkStatus();
  }
  const std::optional<std::string> value = draft.environment ? draft.environment(name) : std::nullopt;
  if (!value) {
    return InvalidArgument("variable {} is not set here; write {}=value", name, name);
  }
  if (!IsUtf8(*value)) {
    return InvalidArgument("variable {} is not UTF-8 here; write {}=value", name, name);
  }
  variables[name] = *value;
  return OkStatus();
}

Result<std::vector<std::string>> Names(const Setting& setting) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, SplitAtCommas(setting.value));
  if (names.empty()) {
    return InvalidArgument("a name is missing; write one or several with commas between them");
  }
  return names;
}

}  // namespace

Status SetName(const Setting& setting, SpecDraft& draft) {
  if (setting.value.empty()) {
    return InvalidArgument("a name is missing; leave the flag out to name the job after its script");
  }
  draft.spec.set_name(setting.value);
  return OkStatus();
}

Status SetWorkingDirectory(const Setting& setting, SpecDraft& draft) {
  if (!setting.value.starts_with('/')) {
    return InvalidArgument(
        "'{}' is not absolute; the directory lies at the site, where this machine's folders mean nothing",
        setting.value);
  }
  draft.spec.set_working_directory(setting.value);
  return OkStatus();
}

Status SetEnvironment(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(const std::vector<std::string> pieces, SplitAtCommas(setting.value));
  std::map<std::string, std::string> variables;
  for (const std::string& piece : pieces) {
    if (piece == "ALL") {
      draft.notes.push_back(fmt::format(
          "--export=ALL ({}): this machine's variables are not sent to a site; name those that the job needs: "
          "--export=NAME,OTHER=value",
          setting.origin.where));
    } else if (piece != "NONE" && piece != "NIL") {
      RETURN_IF_ERROR(ExportVariable(piece, draft, variables));
    }
  }
  for (const auto& [name, value] : variables) {  // sorted by name, each once: what the contract asks for
    v1::EnvironmentVariable* variable = draft.spec.add_environment();
    variable->set_name(name);
    variable->set_value(value);
  }
  return OkStatus();
}

Status SetSignal(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(const SignalRequest request, ParseSignal(setting.value));
  if (request.for_reservation) {
    return InvalidArgument("'{}': signals for a reservation (R:) belong to one site and are not supported; leave R out",
                           setting.value);
  }
  v1::Signal* signal = draft.spec.mutable_signal();
  signal->set_name(request.name);
  *signal->mutable_before_end() = google::protobuf::util::TimeUtil::SecondsToDuration(request.before_end.count());
  signal->set_batch_shell_only(request.batch_shell_only);
  return OkStatus();
}

Status SetCommentLabel(const Setting& setting, SpecDraft& draft) {
  v1::Label* label = draft.spec.add_labels();
  label->set_key("comment");
  label->set_value(setting.value);
  return OkStatus();
}

Status AddLabel(const Setting& setting, SpecDraft& draft) {
  const size_t equals = setting.value.find('=');
  if (equals == 0 || equals == std::string::npos) {
    return InvalidArgument("'{}' is not a label; write KEY=VALUE", setting.value);
  }
  v1::Label* label = draft.spec.add_labels();
  label->set_key(setting.value.substr(0, equals));
  label->set_value(setting.value.substr(equals + 1));
  return OkStatus();
}

Status SetNice(const Setting& setting, SpecDraft& draft) {
  if (!setting.has_value || setting.value.empty()) {
    draft.spec.set_priority(-kNiceDefault);
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const int64_t nice, ParseCount(setting.value, {.least = -kPriorityMax, .most = kPriorityMax}));
  draft.spec.set_priority(static_cast<int32_t>(-nice));
  return OkStatus();
}

Status SetPriority(const Setting& setting, SpecDraft& draft) {
  const Result<int64_t> priority = ParseCount(setting.value, {.least = -kPriorityMax, .most = kPriorityMax});
  if (!priority.ok()) {
    return InvalidArgument("'{}' is not a priority; it orders the project's own jobs, from -{} to {}, higher first",
                           setting.value, kPriorityMax, kPriorityMax);
  }
  draft.spec.set_priority(static_cast<int32_t>(*priority));
  return OkStatus();
}

Status SetRerunSafe(const Setting&, SpecDraft& draft) {
  draft.spec.mutable_retry_policy()->set_rerun_safe(true);
  return OkStatus();
}

Status SetRerunUnsafe(const Setting&, SpecDraft& draft) {
  draft.spec.mutable_retry_policy()->set_rerun_safe(false);
  return OkStatus();
}

Status SetAttemptsMax(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(const int64_t attempts, ParseCount(setting.value, {.least = 1, .most = 10}));
  draft.spec.mutable_retry_policy()->set_attempts_max(static_cast<int32_t>(attempts));
  return OkStatus();
}

Status AddSites(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, Names(setting));
  draft.spec.mutable_placement()->mutable_sites()->Add(names.begin(), names.end());
  return OkStatus();
}

Status AddExcludedSites(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, Names(setting));
  draft.spec.mutable_placement()->mutable_excluded_sites()->Add(names.begin(), names.end());
  return OkStatus();
}

Status AddRegions(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, Names(setting));
  draft.spec.mutable_placement()->mutable_regions()->Add(names.begin(), names.end());
  return OkStatus();
}

namespace {

// "20ms", "0.5ms", "1.5s", "800us".
Result<std::chrono::microseconds> ParseRoundTrip(const std::string& text) {
  constexpr std::pair<std::string_view, int64_t> kUnits[] = {{"us", 1}, {"ms", 1'000}, {"s", 1'000'000}};
  constexpr int64_t kMillion = 1'000'000;  // ParseMicros counts millionths
  for (const auto& [unit, micros] : kUnits) {
    if (!text.ends_with(unit)) {
      continue;
    }
    const Result<int64_t> number = ParseMicros(text.substr(0, text.size() - unit.size()));
    if (number.ok() && *number > 0 && *number <= kRoundTripSecondsMax * kMillion * kMillion / micros) {
      return std::chrono::microseconds(std::max<int64_t>(*number * micros / kMillion, 1));
    }
    break;
  }
  return InvalidArgument("'{}' is no round trip; write a number and its unit, 1us to {}s, for example 20ms", text,
                         kRoundTripSecondsMax);
}

}  // namespace

Status SetRoundTripMax(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(const std::chrono::microseconds time, ParseRoundTrip(setting.value));
  google::protobuf::Duration& round_trip = *draft.spec.mutable_placement()->mutable_round_trip_max();
  round_trip.set_seconds(time.count() / 1'000'000);
  round_trip.set_nanos(static_cast<int32_t>(time.count() % 1'000'000) * 1'000);
  return OkStatus();
}

Status SetUserRegion(const Setting& setting, SpecDraft& draft) {
  if (setting.value.empty()) {
    return InvalidArgument("a region is missing; name the one you are in, as `turnpike sites` names them");
  }
  draft.spec.mutable_placement()->set_user_region(setting.value);
  return OkStatus();
}

Status SetObjective(const Setting& setting, SpecDraft& draft) {
  constexpr std::pair<std::string_view, v1::Placement::Objective> kObjectives[] = {
      {"balanced", v1::Placement::OBJECTIVE_BALANCED},
      {"fastest", v1::Placement::OBJECTIVE_FASTEST},
      {"cheapest", v1::Placement::OBJECTIVE_CHEAPEST},
      {"greenest", v1::Placement::OBJECTIVE_GREENEST}};
  for (const auto& [name, objective] : kObjectives) {
    if (setting.value == name) {
      draft.spec.mutable_placement()->set_objective(objective);
      return OkStatus();
    }
  }
  return InvalidArgument(
      "'{}' is not one of balanced, fastest, cheapest, greenest; Slurm's --prefer for node features goes on an "
      "#SBATCH line of the script",
      setting.value);
}

Status SetBudget(const Setting& setting, SpecDraft& draft) {
  const Result<int64_t> micros = ParseMicros(setting.value);
  if (!micros.ok() || *micros <= 0) {
    return InvalidArgument(
        "'{}' is not an amount of money; write a positive decimal in the account's unit, for example 12.50",
        setting.value);
  }
  draft.spec.mutable_placement()->set_budget(setting.value);
  return OkStatus();
}

// The same moment wherever and whenever the script is read, so the zone must be said.
Status SetDeadline(const Setting& setting, SpecDraft& draft) {
  ASSIGN_OR_RETURN(*draft.spec.mutable_deadline(), ParseFixedMoment(setting.value));
  return OkStatus();
}

void AddSiteFlag(const Setting& setting, const std::string& value, SpecDraft& draft) {
  const std::string flag = fmt::format("--{}", setting.option->name);
  v1::SiteFlag* kept = draft.spec.add_site_flags();
  kept->set_scheduler("slurm");
  kept->set_flag(flag);
  kept->set_value(value);
  draft.origins["site_flags." + flag] = setting.origin.where;
}

}  // namespace turnpike
