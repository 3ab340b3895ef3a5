#include "broker/rpc/decode_spec.h"

#include <algorithm>
#include <set>

#include "base/money.h"
#include "broker/rpc/check_message.h"
#include "broker/rpc/convert_time.h"

namespace turnpike {
namespace {

constexpr size_t kNameBytesMax = 128;
constexpr size_t kRegionBytesMax = 255;
constexpr size_t kScriptBytesMax = 1U << 20U;
// All but the script's content: every broker keeps what waiting jobs ask for in memory, and every order carries the
// rest.
constexpr size_t kSpecBytesMax = 512U << 10U;
constexpr size_t kFileNameBytesMax = 255;
constexpr size_t kPathBytesMax = 4'096;
constexpr size_t kSignalNameBytesMax = 32;
constexpr size_t kSiteFlagBytesMax = 1'024;
constexpr size_t kEnvironmentBytesMax = 128U << 10U;
constexpr size_t kArgumentBytesMax = 128U << 10U;
constexpr int kLabelsMax = 64;
constexpr size_t kLabelKeyBytesMax = 63;
constexpr size_t kLabelValueBytesMax = 255;
constexpr int kSiteFlagsMax = 64;
constexpr int64_t kSignalBeforeEndMax = 18 * 3600;
constexpr std::string_view kForeignPrefixes[] = {"SLURM_", "SBATCH_", "SRUN_", "PBS_",     "LSB_",
                                                 "LSF_",   "SGE_",    "LD_",   "TURNPIKE_"};
constexpr std::string_view kForeignNames[] = {"BASH_ENV", "ENV", "IFS", "SHELLOPTS", "BASHOPTS", "PS4"};
constexpr std::string_view kSchedulers[] = {"slurm", "pbs", "lsf", "gridengine"};

bool IsVariableName(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// A name without SIG, or a number.
bool IsSignal(std::string_view name) {
  const bool is_number = !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
  return is_number || IsVariableName(name);
}

bool IsForeign(std::string_view name) {
  return std::ranges::any_of(kForeignPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); }) ||
         std::ranges::find(kForeignNames, name) != std::end(kForeignNames);
}

// Decodes one spec; each part reports its own violations.
class SpecDecoder {
 public:
  SpecDecoder(const v1::JobSpec& spec, const std::string& path) : spec_(spec), path_(path) {}

  JobDraft Run() {
    const size_t bytes = spec_.ByteSizeLong() - spec_.script().content().size();
    if (bytes > kSpecBytesMax) {
      violations_.Add(path_, fmt::format("has {} bytes beside the script, {} are allowed", bytes, kSpecBytesMax));
      draft_.invalid = violations_.ToStatus();
      return std::move(draft_);
    }
    CheckMessage(spec_, path_, violations_);
    DecodeName();
    DecodeProgram();
    DecodeResources();
    DecodeTimes();
    DecodeEnvironment();
    DecodePlacement();
    DecodeRest();
    RefuseUnsupported();
    ValidateRequest(draft_.request, path_, violations_);
    draft_.invalid = violations_.ToStatus();
    if (draft_.invalid.ok()) {
      StoreSpec();
    }
    return std::move(draft_);
  }

 private:
  std::string At(std::string_view field) const { return fmt::format("{}.{}", path_, field); }

  void DecodeName() {
    draft_.name = spec_.name().empty() ? "job" : spec_.name();
    CheckBytes(spec_.name(), kNameBytesMax, "name");
    // NUL is CheckMessage's.
    if (std::ranges::any_of(spec_.name(), [](char c) { return (c > 0 && c < 0x20) || c == 0x7f; })) {
      violations_.Add(At("name"), "holds control characters");
    }
  }

  void DecodeProgram() {
    switch (spec_.program_case()) {
      case v1::JobSpec::kScript:
        DecodeScript(spec_.script());
        return;
      case v1::JobSpec::kCommand:
        CheckArguments(spec_.command().arguments(), At("command.arguments"));
        if (spec_.command().arguments_size() == 0 || spec_.command().arguments(0).empty()) {
          violations_.Add(At("command.arguments"), "is empty; name the program to run");
        }
        return;
      case v1::JobSpec::PROGRAM_NOT_SET:
        violations_.Add(At("program"), "is not set; give a script or a command");
        return;
    }
  }

  void DecodeScript(const v1::Script& script) {
    const std::string& content = script.content();
    if (content.empty()) {
      violations_.Add(At("script.content"), "is empty");
    } else if (content.size() > kScriptBytesMax) {
      violations_.Add(At("script.content"),
                      fmt::format("has {} bytes, {} are allowed", content.size(), kScriptBytesMax));
    } else if (!content.starts_with("#!")) {
      violations_.Add(At("script.content"), "does not begin with \"#!\" and an interpreter, such as #!/bin/bash");
    }
    CheckBytes(script.file_name(), kFileNameBytesMax, "script.file_name");
    CheckArguments(script.arguments(), At("script.arguments"));
    draft_.script = content;
  }

  void CheckBytes(const std::string& text, size_t bytes_max, std::string_view field) {
    if (text.size() > bytes_max) {
      violations_.Add(At(field), fmt::format("has {} bytes, {} are allowed", text.size(), bytes_max));
    }
  }

  template <class Arguments>
  void CheckArguments(const Arguments& arguments, const std::string& path) {
    size_t bytes = 0;
    for (const std::string& argument : arguments) {
      bytes += argument.size() + 1;
    }
    if (bytes > kArgumentBytesMax) {
      violations_.Add(path, fmt::format("have {} bytes, {} are allowed", bytes, kArgumentBytesMax));
    }
  }

  void DecodeResources() {
    const v1::Resources& resources = spec_.resources();
    JobRequest& request = draft_.request;
    request.nodes = resources.nodes() == 0 ? 1 : resources.nodes();
    request.tasks = resources.tasks() == 0 ? std::max(request.nodes, 1) : resources.tasks();
    request.tasks_per_node = resources.tasks_per_node();
    request.cpus_per_task = resources.cpus_per_task() == 0 ? 1 : resources.cpus_per_task();
    request.memory_per_node_mib = resources.memory_per_node_mib();
    request.memory_per_cpu_mib = resources.memory_per_cpu_mib();
    request.accelerator_model = resources.accelerators().model();
    request.accelerators_per_node = resources.accelerators().per_node();
    request.exclusive = resources.exclusive();
    request.cpu_architectures.assign(spec_.cpu_architectures().begin(), spec_.cpu_architectures().end());
  }

  void DecodeTimes() {
    if (spec_.has_time_limit()) {
      const int64_t seconds = spec_.time_limit().seconds();
      const bool has_rest = spec_.time_limit().nanos() > 0 && seconds < INT64_MAX;
      draft_.request.time_limit = std::chrono::seconds(has_rest ? seconds + 1 : seconds);
    }
    if (spec_.has_deadline()) {
      draft_.request.deadline = FromProto(spec_.deadline());
    }
    if (!spec_.has_signal()) {
      return;
    }
    if (spec_.signal().name().size() > kSignalNameBytesMax || !IsSignal(spec_.signal().name())) {
      violations_.Add(At("signal.name"), "is not the name of a signal, such as USR1");
    }
    const int64_t before = spec_.signal().before_end().seconds();
    if (before < 1 || before > kSignalBeforeEndMax) {
      violations_.Add(At("signal.before_end"),
                      fmt::format("is {} s; 1 to {} s are possible", before, kSignalBeforeEndMax));
    }
  }

  void DecodeEnvironment() {
    size_t bytes = 0;
    std::string previous;
    for (int i = 0; i < spec_.environment_size(); ++i) {
      const v1::EnvironmentVariable& variable = spec_.environment(i);
      const std::string path = fmt::format("{}[{}].name", At("environment"), i);
      bytes += variable.name().size() + variable.value().size() + 2;
      if (!IsVariableName(variable.name())) {
        violations_.Add(path, "is not the name of a variable");
      } else if (IsForeign(variable.name())) {
        violations_.Add(path,
                        fmt::format("is {}, which belongs to schedulers or loaders; leave it out", variable.name()));
      }
      if (i > 0 && variable.name() <= previous) {
        violations_.Add(path, "stands out of order or twice; sort by name, each name once");
      }
      previous = variable.name();
    }
    if (bytes > kEnvironmentBytesMax) {
      violations_.Add(At("environment"), fmt::format("has {} bytes, {} are allowed", bytes, kEnvironmentBytesMax));
    }
    CheckBytes(spec_.working_directory(), kPathBytesMax, "working_directory");
    if (!spec_.working_directory().empty() && !spec_.working_directory().starts_with('/')) {
      violations_.Add(At("working_directory"), "is not absolute; give a directory at the site that begins with /");
    }
  }

  void DecodePlacement() {
    const v1::Placement& placement = spec_.placement();
    JobRequest& request = draft_.request;
    request.sites.assign(placement.sites().begin(), placement.sites().end());
    request.excluded_sites.assign(placement.excluded_sites().begin(), placement.excluded_sites().end());
    request.regions.assign(placement.regions().begin(), placement.regions().end());
    if (placement.objective() == v1::Placement::OBJECTIVE_FASTEST) {
      request.objective = Objective::kFastest;
    } else if (placement.objective() == v1::Placement::OBJECTIVE_CHEAPEST) {
      request.objective = Objective::kCheapest;
    }
    CheckBytes(placement.user_region(), kRegionBytesMax, "placement.user_region");
    if (placement.has_round_trip_max()) {  // Without it the region would part jobs that match alike.
      request.round_trip_max = FromProto(placement.round_trip_max());
      request.user_region = placement.user_region();
    }
    if (!placement.budget().empty()) {
      const Result<int64_t> budget = ParseMicros(placement.budget());
      if (budget.ok()) {
        request.budget_micros = *budget;
      } else {
        violations_.Add(At("placement.budget"), std::string(MessageOf(budget.status())));
      }
    }
  }

  void DecodeRest() {
    draft_.request.priority = spec_.priority();
    draft_.request.attempts_max = spec_.retry_policy().attempts_max() == 0 ? 3 : spec_.retry_policy().attempts_max();
    draft_.request.rerun_safe = spec_.retry_policy().rerun_safe();
    if (spec_.labels_size() > kLabelsMax) {
      violations_.Add(At("labels"), fmt::format("are {}, {} are allowed", spec_.labels_size(), kLabelsMax));
    }
    for (int i = 0; i < spec_.labels_size(); ++i) {
      const v1::Label& label = spec_.labels(i);
      if (label.key().empty() || label.key().size() > kLabelKeyBytesMax || label.value().size() > kLabelValueBytesMax) {
        violations_.Add(fmt::format("{}[{}]", At("labels"), i), "has an empty key, or is too long");
      }
    }
    if (spec_.site_flags_size() > kSiteFlagsMax) {
      violations_.Add(At("site_flags"), fmt::format("are {}, {} are allowed", spec_.site_flags_size(), kSiteFlagsMax));
    }
    for (int i = 0; i < spec_.site_flags_size(); ++i) {
      const v1::SiteFlag& flag = spec_.site_flags(i);
      if (std::ranges::find(kSchedulers, flag.scheduler()) == std::end(kSchedulers) || !flag.flag().starts_with("--")) {
        violations_.Add(fmt::format("{}[{}]", At("site_flags"), i),
                        "names an unknown scheduler, or a flag that does not begin with --");
      }
      CheckBytes(flag.flag(), kSiteFlagBytesMax, fmt::format("site_flags[{}].flag", i));
      CheckBytes(flag.value(), kSiteFlagBytesMax, fmt::format("site_flags[{}].value", i));
    }
  }

  void Unsupported(bool is_set, std::string_view field, std::string_view instead) {
    if (is_set) {
      violations_.AddUnsupported(At(field), fmt::format("does not work yet; {}", instead));
    }
  }

  void RefuseUnsupported() {
    Unsupported(spec_.has_time_limit_min(), "time_limit_min", "give time_limit alone");
    Unsupported(!spec_.standard_input_path().empty(), "standard_input_path", "redirect inside the script");
    Unsupported(!spec_.standard_output_path().empty(), "standard_output_path", "output is kept with the job");
    Unsupported(!spec_.standard_error_path().empty(), "standard_error_path", "output is kept with the job");
    Unsupported(spec_.has_launcher(), "launcher", "call srun or mpirun in the script");
    Unsupported(spec_.software_size() > 0, "software", "use `module load` in the script");
    Unsupported(!spec_.container_image().empty(), "container_image", "start the container in the script");
    Unsupported(spec_.licenses_size() > 0, "licenses", "leave it out");
    Unsupported(spec_.inputs_size() > 0, "inputs", "fetch the files in the script");
    Unsupported(spec_.outputs_size() > 0, "outputs", "send the files away in the script");
    Unsupported(spec_.has_array(), "array", "submit the tasks as a batch of jobs");
    Unsupported(spec_.dependencies_size() > 0, "dependencies", "submit the next job when the first has ended");
    Unsupported(spec_.has_begin_time(), "begin_time", "submit it later");
    Unsupported(spec_.hold(), "hold", "submit it later");
    Unsupported(spec_.has_continuation(), "continuation", "leave it out");
    Unsupported(spec_.notifications_size() > 0, "notifications", "leave it out");
    Unsupported(spec_.resources().node_disk_mib() != 0, "resources.node_disk_mib", "leave it out");
    Unsupported(spec_.resources().accelerator_memory_mib() != 0, "resources.accelerator_memory_mib",
                "name the accelerator's model");
    Unsupported(!spec_.placement().price_per_hour_max().empty(), "placement.price_per_hour_max", "give a budget");
    Unsupported(spec_.placement().has_queue_wait_max(), "placement.queue_wait_max", "leave it out");
    Unsupported(spec_.placement().objective() == v1::Placement::OBJECTIVE_GREENEST, "placement.objective",
                "choose balanced, fastest or cheapest");
  }

  // The script travels and is stored apart.
  void StoreSpec() {
    v1::JobSpec stored = spec_;
    if (stored.has_script()) {
      stored.mutable_script()->clear_content();
    }
    draft_.spec = stored.SerializeAsString();
  }

  const v1::JobSpec& spec_;
  const std::string path_;
  FieldViolations violations_;
  JobDraft draft_;
};

}  // namespace

JobDraft DecodeSpec(const v1::JobSpec& spec, const std::string& path) {
  return SpecDecoder(spec, path).Run();
}

}  // namespace turnpike
