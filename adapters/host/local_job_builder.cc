#include "adapters/host/local_job_builder.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "adapters/core/local_tag.h"
#include "adapters/host/guard.h"
#include "adapters/host/shebang.h"
#include "adapters/host/wrapper_text.h"

namespace turnpike {
namespace {

constexpr size_t kScriptBytesMax = 1 << 20;
constexpr size_t kEnvironmentBytesMax = 128 << 10;
constexpr size_t kNameBytesMax = 128;
constexpr size_t kVariableNameBytesMax = 255;

// Prefixes and whole names that belong to the loader, the shell or a scheduler.
constexpr std::array<std::string_view, 11> kDeniedPrefixes = {
    "LD_", "SLURM_", "SBATCH_", "SRUN_", "SALLOC_", "PBS_", "SGE_", "LSB_", "LSF_", "BASH_FUNC_", "TURNPIKE_"};
constexpr std::array<std::string_view, 14> kDeniedNames = {
    "BASH_ENV", "ENV",  "IFS",     "SHELLOPTS", "BASHOPTS", "PS4",  "PROMPT_COMMAND",
    "HOME",     "USER", "LOGNAME", "SHELL",     "UID",      "PPID", "BASH_XTRACEFD"};

bool IsNameCharacter(char character) {
  return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z') ||
         (character >= '0' && character <= '9') || character == '_';
}

bool IsVariableName(std::string_view name) {
  if (name.empty() || name.size() > kVariableNameBytesMax || (name.front() >= '0' && name.front() <= '9')) {
    return false;
  }
  for (const char character : name) {
    if (!IsNameCharacter(character)) {
      return false;
    }
  }
  return true;
}

bool HasControlCharacter(std::string_view text) {
  for (const char character : text) {
    if (static_cast<unsigned char>(character) < 0x20 || character == 0x7F) {
      return true;
    }
  }
  return false;
}

struct LocalUser {
  std::string name;
  std::string home;
  std::string shell;
};

Result<LocalUser> FindLocalUser(const std::string& name) {
  std::vector<char> buffer(64 << 10);
  passwd entry{};
  passwd* found = nullptr;
  const int error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) {
    return error == 0 ? NotFound("the local user '{}' does not exist at this site", name)
                      : Unavailable("the local user '{}' cannot be looked up", name);
  }
  return LocalUser{.name = name, .home = found->pw_dir, .shell = found->pw_shell};
}

Status CheckProgram(const OrderView& order) {
  if (order.script.empty() && order.command.empty()) {
    return InvalidArgument("the job has neither a script nor a command");
  }
  if (order.script.size() > kScriptBytesMax || order.script.find('\0') != std::string::npos) {
    return InvalidArgument("the script is larger than {} bytes or holds a NUL", kScriptBytesMax);
  }
  for (const auto* arguments : {&order.command, &order.script_arguments}) {
    for (const std::string& argument : *arguments) {
      if (argument.find('\0') != std::string::npos) {
        return InvalidArgument("an argument holds a NUL");
      }
    }
  }
  if (!order.command.empty() && order.script.empty() && order.command.front().empty()) {
    return InvalidArgument("the command's program is empty");
  }
  return order.script.empty() ? OkStatus() : InterpreterOf(order.script).status();
}

Status CheckEnvironment(const OrderView& order) {
  size_t bytes = 0;
  for (const auto& [name, value] : order.environment) {
    RETURN_IF_ERROR(CheckEnvironmentVariable(name, value));
    bytes += name.size() + value.size() + 2;
  }
  if (bytes > kEnvironmentBytesMax) {
    return InvalidArgument("the environment is larger than {} bytes", kEnvironmentBytesMax);
  }
  return OkStatus();
}

Status CheckResources(const OrderView& order) {
  if (order.time_limit <= std::chrono::seconds(0)) {
    return InvalidArgument("the job has no time limit");
  }
  if (order.nodes < 0 || order.tasks < 0 || order.tasks_per_node < 0 || order.cpus_per_task < 0 ||
      order.memory_per_node_mib < 0 || order.memory_per_cpu_mib < 0 || order.accelerators_per_node < 0) {
    return InvalidArgument("a resource is negative");
  }
  for (const LocalFlag& flag : order.site_flags) {
    if (HasControlCharacter(flag.value)) {
      return InvalidArgument("the flag {} has a value with control characters", flag.flag);
    }
  }
  return OkStatus();
}

Status CheckTexts(const OrderView& order) {
  if (order.name.size() > kNameBytesMax || HasControlCharacter(order.name)) {
    return InvalidArgument("the job's name is longer than {} bytes or holds control characters", kNameBytesMax);
  }
  if (!order.working_directory.empty() &&
      (!order.working_directory.starts_with('/') || HasControlCharacter(order.working_directory))) {
    return InvalidArgument("the working directory '{}' is no absolute path", order.working_directory);
  }
  return OkStatus();
}

// The scheduler's own name for the class of accelerator.
Result<std::string> LocalAccelerator(const OrderView& order, const ShareRow& share) {
  if (order.accelerators_per_node == 0) {
    return std::string();
  }
  for (const AcceleratorRow& row : share.accelerators) {
    if (row.model == order.accelerator_model || order.accelerator_model == "gpu" || order.accelerator_model.empty()) {
      return row.gres;
    }
  }
  return NotFound("share '{}' has no accelerators of class '{}'", share.name, order.accelerator_model);
}

// The job's own words come last, and win.
std::vector<std::pair<std::string, std::string>> EnvironmentOf(const OrderView& order) {
  std::vector<std::pair<std::string, std::string>> environment;
  if (!order.trace.traceparent.empty()) {
    environment.emplace_back("TRACEPARENT", order.trace.traceparent);
  }
  if (!order.trace.request_id.empty()) {
    environment.emplace_back("TURNPIKE_REQUEST_ID", order.trace.request_id);
  }
  environment.insert(environment.end(), order.environment.begin(), order.environment.end());
  return environment;
}

WrapperSettings SettingsFor(const LocalJob& job, const OrderView& order, const ShareRow& share, const LocalUser& user) {
  WrapperSettings settings;
  settings.tag = job.tag;
  settings.display_name = job.display_name;
  settings.working_directory =
      order.working_directory.empty() ? job.directory + "/" + AttemptFiles::kWork : order.working_directory;
  settings.home = user.home;
  settings.user = user.name;
  settings.shell = user.shell;
  settings.environment = share.environment;
  settings.init_file = share.init_file;
  return settings;
}

}  // namespace

Status CheckEnvironmentVariable(std::string_view name, std::string_view value) {
  if (!IsVariableName(name)) {
    return InvalidArgument("'{}' is no name for an environment variable", name);
  }
  for (const std::string_view prefix : kDeniedPrefixes) {
    if (name.starts_with(prefix)) {
      return InvalidArgument("the environment variable {} is not the job's to set", name);
    }
  }
  for (const std::string_view denied : kDeniedNames) {
    if (name == denied) {
      return InvalidArgument("the environment variable {} is not the job's to set", name);
    }
  }
  if (value.find('\0') != std::string_view::npos) {
    return InvalidArgument("the environment variable {} holds a NUL", name);
  }
  return OkStatus();
}

LocalJobBuilder::LocalJobBuilder(Options options, const AttemptDirectories& directories)
    : options_(std::move(options)), directories_(directories) {}

Result<LocalAccount> LocalJobBuilder::CheckOrder(const OrderView& order) const {
  ASSIGN_OR_RETURN(LocalAccount account, MapAccount(options_.map, {.project_id = order.project_id,
                                                                   .project_name = order.project_name,
                                                                   .user = order.user,
                                                                   .share = order.share}));
  if (account.local_user.empty()) {
    account.local_user = options_.own_user;
  }
  if (account.local_user != options_.own_user) {
    return FailedPrecondition("this site runs jobs only as its agent's own user, not as '{}'", account.local_user);
  }
  const ShareRow& share = *options_.map.FindShare(order.share);
  RETURN_IF_ERROR(FindLocalUser(account.local_user).status());
  RETURN_IF_ERROR(CheckProgram(order));
  RETURN_IF_ERROR(CheckEnvironment(order));
  RETURN_IF_ERROR(CheckResources(order));
  RETURN_IF_ERROR(CheckTexts(order));
  RETURN_IF_ERROR(LocalAccelerator(order, share).status());
  return account;
}

Result<LocalJob> LocalJobBuilder::Describe(const AttemptId& attempt_id, const OrderView& order) const {
  LocalJob job;
  ASSIGN_OR_RETURN(job.account, CheckOrder(order));
  const ShareRow& share = *options_.map.FindShare(order.share);
  job.attempt_id = attempt_id;
  job.tag = LocalTag(attempt_id);
  job.comment = LocalComment(job.tag, options_.site_key);
  job.display_name = order.name.empty() ? "job" : order.name;
  job.nodes = std::max(order.nodes, 1);
  job.tasks = std::max(order.tasks, job.nodes);
  job.tasks_per_node = order.tasks_per_node;
  job.cpus_per_task = std::max(order.cpus_per_task, 1);
  job.memory_per_node_mib = order.memory_per_node_mib;
  job.memory_per_cpu_mib = order.memory_per_cpu_mib;
  ASSIGN_OR_RETURN(job.accelerator_resource, LocalAccelerator(order, share));
  job.accelerators_per_node = order.accelerators_per_node;
  job.exclusive = order.exclusive || share.whole_nodes;
  job.time_limit = order.time_limit;
  job.signal = order.signal;
  // A flag that the site's map does not know means nothing here; the user was told so at submission.
  std::ranges::copy_if(order.site_flags, std::back_inserter(job.flags),
                       [&](const LocalFlag& flag) { return share.flags.contains(flag.flag); });
  job.directory = directories_.PathOf(attempt_id);
  job.wrapper = WrapperText(job.directory);
  job.output_path = job.directory + "/" + AttemptFiles::kOutput;
  job.error_path = job.directory + "/" + AttemptFiles::kError;
  return job;
}

Result<LocalJob> LocalJobBuilder::Prepare(const AttemptId& attempt_id, const OrderView& order) const {
  ASSIGN_OR_RETURN(LocalJob job, Describe(attempt_id, order));
  RETURN_IF_ERROR(Fill(job, order));
  return job;
}

Status LocalJobBuilder::Fill(const LocalJob& job, const OrderView& order) const {
  ASSIGN_OR_RETURN(const LocalUser user, FindLocalUser(job.account.local_user));
  ASSIGN_OR_RETURN(const AttemptDirectory directory, directories_.Make(job.attempt_id));
  WrapperSettings settings = SettingsFor(job, order, *options_.map.FindShare(order.share), user);
  settings.guard_name = GuardName(job.attempt_id, options_.site_key);
  if (order.script.empty()) {
    settings.command = order.command;
  } else {
    ASSIGN_OR_RETURN(settings.command, InterpreterOf(order.script));
    settings.command_is_script = true;
    settings.script_index = settings.command.size();
    settings.command.push_back(directory.PathOf(options_.script_name));
    settings.command.insert(settings.command.end(), order.script_arguments.begin(), order.script_arguments.end());
    RETURN_IF_ERROR(directory.WriteFile(options_.script_name, order.script, 0700));
  }
  RETURN_IF_ERROR(directory.MakeFolder(AttemptFiles::kWork));
  RETURN_IF_ERROR(directory.WriteFile(AttemptFiles::kEnvironment, EnvironmentText(EnvironmentOf(order))));
  RETURN_IF_ERROR(directory.WriteFile(AttemptFiles::kSettings, SettingsText(settings)));
  return directory.Sync();
}

}  // namespace turnpike
