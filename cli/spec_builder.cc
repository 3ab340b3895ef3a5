#include "cli/spec_builder.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

#include "base/error_reason.h"
#include "cli/settle_resources.h"
#include "cli/slurm_values.h"
#include "cli/spec_converters.h"
#include "cli/terminal_text.h"
#include "cli/turnpike_flags.h"

namespace turnpike {
namespace {

// A switch of the command is its own key; mapped options that fill one field share theirs.
std::string_view KeyOf(const Setting& setting) {
  return setting.option->field.empty() ? setting.option->name : setting.option->field;
}

std::string PathOf(const Setting& setting) {
  return setting.origin.layer == SettingLayer::kFlag
             ? setting.origin.where
             : fmt::format("{}: --{}", setting.origin.where, setting.option->name);
}

// The GPUs in --gres become --gpus-per-node, so that they override and are overridden as such.
Result<std::vector<Setting>> SplitGres(std::span<const Setting> settings, FieldViolations& violations) {
  ASSIGN_OR_RETURN(const SubmitOption* gpus_per_node, TurnpikeDialect().FindName("gpus-per-node"));
  std::vector<Setting> split;
  for (const Setting& setting : settings) {
    split.push_back(setting);
    if (setting.option->name != "gres") {
      continue;
    }
    const Result<GresRequest> request = ParseGres(setting.value);
    if (!request.ok()) {
      violations.Add(PathOf(setting), std::string(MessageOf(request.status())));
      split.pop_back();
    } else if (!request->gpus.empty()) {
      const GpuRequest& gpus = request->gpus.front();
      split.push_back({gpus_per_node, fmt::format("{}:{}", gpus.model, gpus.count), true, setting.origin});
    }
  }
  return split;
}

// What counts of the settings with one key: those of the strongest layer, and of them the last, unless each mention
// counts.
std::vector<Setting> Strongest(const std::vector<Setting>& same_key, FieldViolations& violations) {
  SettingLayer layer = SettingLayer::kDirective;
  for (const Setting& setting : same_key) {
    layer = std::max(layer, setting.origin.layer);
  }
  std::vector<Setting> strongest;
  std::copy_if(same_key.begin(), same_key.end(), std::back_inserter(strongest),
               [&](const Setting& setting) { return setting.origin.layer == layer; });
  if (strongest.back().option->repeatable) {
    return strongest;
  }
  const Setting last = strongest.back();
  for (const Setting& other : strongest) {
    const bool both_have_values =
        last.option->argument == OptionArgument::kRequired && other.option->argument == OptionArgument::kRequired;
    if (both_have_values && other.option->name != last.option->name) {
      violations.Add(PathOf(other),
                     fmt::format("excludes --{} ({}); keep one of them", last.option->name, last.origin.where));
    }
  }
  return {last};
}

// Each key's settings in the order in which the keys were first said.
std::vector<Setting> Resolve(const std::vector<Setting>& settings, FieldViolations& violations) {
  std::vector<std::pair<std::string_view, std::vector<Setting>>> groups;
  for (const Setting& setting : settings) {
    const std::string_view key = KeyOf(setting);
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& known) { return known.first == key; });
    if (group == groups.end()) {
      group = groups.insert(groups.end(), {key, {}});
    }
    group->second.push_back(setting);
  }
  std::vector<Setting> resolved;
  for (const auto& [key, same_key] : groups) {
    const std::vector<Setting> strongest = Strongest(same_key, violations);
    resolved.insert(resolved.end(), strongest.begin(), strongest.end());
  }
  return resolved;
}

void Apply(const Setting& setting, SpecDraft& draft, FieldViolations& violations) {
  const SubmitOption& option = *setting.option;
  if (!IsUtf8(setting.value)) {
    violations.Add(PathOf(setting), "its value is not UTF-8");
    return;
  }
  switch (option.kind) {
    case OptionClass::kMapped:
      if (const Status status = option.convert(setting, draft); !status.ok()) {
        violations.Add(PathOf(setting), std::string(MessageOf(status)));
      } else if (!option.field.empty()) {
        draft.origins[std::string(option.field)] = setting.origin.where;
      }
      break;
    case OptionClass::kSiteBound:
      AddSiteFlag(setting, setting.value, draft);
      break;
    case OptionClass::kAdvisory:
      draft.notes.push_back(fmt::format("--{} ({}): {}", option.name, setting.origin.where, option.text));
      break;
    case OptionClass::kRefused:
      violations.Add(PathOf(setting), std::string(option.text));
      break;
  }
}

void SetProgram(const SpecSources& sources, SpecDraft& draft) {
  if (const auto* script = std::get_if<ScriptProgram>(sources.program)) {
    v1::Script* target = draft.spec.mutable_script();
    target->set_content(script->content);
    target->set_file_name(script->file_name);
    target->mutable_arguments()->Add(script->arguments.begin(), script->arguments.end());
    draft.origins["script"] = sources.program_origin;
    if (draft.spec.name().empty() && !script->default_name.empty()) {
      draft.spec.set_name(script->default_name);
      draft.origins["name"] = "the script's name";
    }
    return;
  }
  const std::vector<std::string>& words = std::get<CommandProgram>(*sources.program).arguments;
  draft.spec.mutable_command()->mutable_arguments()->Add(words.begin(), words.end());
  draft.origins["command"] = sources.program_origin;
  if (draft.spec.name().empty()) {
    const std::string& program = words.front();
    draft.spec.set_name(program.substr(program.find_last_of('/') + 1));
    draft.origins["name"] = "the program's name";
  }
}

// The contract wants labels sorted by key, each once; of equal keys the last one said counts.
void SortLabels(v1::JobSpec& spec) {
  std::map<std::string, std::string> labels;
  for (const v1::Label& label : spec.labels()) {
    labels[label.key()] = label.value();
  }
  spec.clear_labels();
  for (const auto& [key, value] : labels) {
    v1::Label* label = spec.add_labels();
    label->set_key(key);
    label->set_value(value);
  }
}

void NoteSiteFlags(SpecDraft& draft) {
  std::vector<std::string> flags;
  for (const v1::SiteFlag& flag : draft.spec.site_flags()) {
    flags.push_back(flag.value().empty() ? flag.flag() : fmt::format("{}={}", flag.flag(), flag.value()));
  }
  if (!flags.empty()) {
    draft.notes.push_back(
        fmt::format("kept for sites whose own map knows them, without effect elsewhere: {}", fmt::join(flags, " ")));
  }
}

}  // namespace

Result<SpecDraft> BuildSpec(const SpecSources& sources) {
  FieldViolations violations;
  SpecDraft draft;
  draft.environment = sources.environment;
  ASSIGN_OR_RETURN(const std::vector<Setting> settings, SplitGres(sources.settings, violations));
  for (const Setting& setting : Resolve(settings, violations)) {
    Apply(setting, draft, violations);
  }
  RETURN_IF_ERROR(violations.ToStatus());
  if (const Status status = SettleResources(draft); !status.ok()) {
    violations.Add("resources", std::string(MessageOf(status)));
    return violations.ToStatus();
  }
  if (draft.spec.resources().ByteSizeLong() == 0) {
    draft.spec.clear_resources();
  }
  SortLabels(draft.spec);
  NoteSiteFlags(draft);
  SetProgram(sources, draft);
  return draft;
}

Result<SubmitSwitches> ReadSwitches(std::span<const Setting> settings) {
  FieldViolations violations;
  SpecDraft draft;
  for (const Setting& setting : settings) {
    if (setting.option->kind == OptionClass::kMapped && setting.option->field.empty()) {
      Apply(setting, draft, violations);
    }
  }
  RETURN_IF_ERROR(violations.ToStatus());
  return draft.switches;
}

Result<std::vector<Setting>> EnvironmentSettings(const std::map<std::string, std::string>& environment) {
  std::vector<Setting> settings;
  for (const SubmitOption* option : TurnpikeDialect().All()) {
    const bool about_the_job = option->kind == OptionClass::kSiteBound || !option->field.empty();
    std::string name = fmt::format("TURNPIKE_{}", option->name);
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
      return c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    });
    const auto found = environment.find(name);
    if (!about_the_job || found == environment.end()) {
      continue;
    }
    const std::string& value = found->second;
    const bool is_switch = option->argument == OptionArgument::kNone;
    if (is_switch && value != "1" && value != "0") {
      return InvalidArgument("{}={} is neither 1 nor 0", name, value);
    }
    if (!is_switch || value == "1") {
      settings.push_back({option, is_switch ? "" : value, !is_switch, {SettingLayer::kEnvironment, name}});
    }
  }
  return settings;
}

}  // namespace turnpike
