#include "adapters/slurm/submit_arguments.h"

#include <algorithm>

#include "adapters/core/local_tag.h"
#include "adapters/slurm/tag.h"

namespace turnpike::slurm {
namespace {

constexpr std::string_view kPassable[] = {
    "--begin",
    "--constraint",
    "--contiguous",
    "--core-spec",
    "--cores-per-socket",
    "--cpu-freq",
    "--distribution",
    "--exclude",
    "--gpu-bind",
    "--gpu-freq",
    "--hint",
    "--licenses",
    "--mem-bind",
    "--network",
    "--nice",
    "--nodelist",
    "--ntasks-per-core",
    "--ntasks-per-gpu",
    "--ntasks-per-socket",
    "--oversubscribe",
    "--power",
    "--prefer",
    "--priority",
    "--sockets-per-node",
    "--spread-job",
    "--switches",
    "--thread-spec",
    "--threads-per-core",
    "--tmp",
    "--use-min-nodes",
};

constexpr size_t kNameSizeMax = 128;
constexpr size_t kPathSizeMax = 4000;
constexpr size_t kWrapperSizeMax = 4U << 20U;

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Letters, digits and `extra`, not empty, no dash in front.
bool Holds(std::string_view text, std::string_view extra, size_t size_max) {
  if (text.empty() || text.size() > size_max || text.front() == '-') return false;
  return std::all_of(text.begin(), text.end(),
                     [extra](char c) { return IsAlphanumeric(c) || extra.find(c) != std::string_view::npos; });
}

// Collects options, and the first thing wrong with one.
class Arguments {
 public:
  void Add(std::string option) { list_.push_back(std::move(option)); }
  void AddName(std::string_view option, std::string_view value) {
    if (value.empty()) return;
    if (!Holds(value, "_.@:+-", kNameSizeMax)) {
      return Refuse(InvalidArgument("{} '{}' holds something else than letters, digits and _.@:+-", option, value));
    }
    list_.push_back(fmt::format("{}={}", option, value));
  }
  void AddCount(std::string_view option, int64_t value, int64_t value_max, std::string_view unit = "") {
    if (value == 0) return;
    if (value < 0 || value > value_max) {
      return Refuse(InvalidArgument("{} {} is not between 1 and {}", option, value, value_max));
    }
    list_.push_back(fmt::format("{}={}{}", option, value, unit));
  }
  // sbatch replaces %x in the names of files, so those may hold no '%'; a '\' would switch that off.
  void AddPath(std::string_view option, std::string_view value) {
    const bool plain = std::none_of(value.begin(), value.end(), [](char c) {
      return c == '%' || c == '\\' || static_cast<unsigned char>(c) < ' ' || c == '\x7f';
    });
    if (!plain || !value.starts_with('/') || value.size() > kPathSizeMax) {
      return Refuse(
          InvalidArgument("{} '{}' is not an absolute path without %, \\ and control characters", option, value));
    }
    list_.push_back(fmt::format("{}={}", option, value));
  }
  void Refuse(Status error) {
    if (error_.ok()) error_ = std::move(error);
  }
  Result<std::vector<std::string>> Take() {
    RETURN_IF_ERROR(error_);
    return std::move(list_);
  }

 private:
  std::vector<std::string> list_;
  Status error_;
};

void AddIdentity(const LocalJob& job, Arguments& arguments) {
  if (!AttemptOfTag(job.tag))
    arguments.Refuse(InvalidArgument("the tag '{}' is not b and 26 characters of base32", job.tag));
  if (TagOf("", job.comment) != job.tag || !Holds(job.comment, ":_-", kNameSizeMax)) {
    arguments.Refuse(InvalidArgument("the comment '{}' is not the tag, a colon and letters or digits", job.comment));
  }
  arguments.Add("--job-name=" + job.tag);
  arguments.Add("--comment=" + job.comment);
}

void AddAccount(const LocalJob& job, const SlurmSettings& settings, Arguments& arguments) {
  const LocalAccount& account = job.account;
  if (!account.local_user.empty() && account.local_user != settings.own_user) {
    if (settings.own_uid != 0) {
      arguments.Refuse(
          InvalidArgument("the agent runs as {} and cannot submit as {}", settings.own_user, account.local_user));
    }
    arguments.AddName("--uid", account.local_user);
  }
  arguments.AddName("--partition", account.partition);
  arguments.AddName("--account", account.account);
  arguments.AddName("--qos", account.qos);
  arguments.AddName("--reservation", account.reservation);
  arguments.AddName("--wckey", account.wckey);
}

void AddAccelerators(const LocalJob& job, const SlurmSettings& settings, Arguments& arguments) {
  if (job.accelerators_per_node == 0) return;
  const std::string& resource = job.accelerator_resource;
  const bool known = std::ranges::count(settings.accelerators, resource, &SlurmAccelerator::gres) > 0;
  if (!known || !Holds(resource, "_:.+-", kNameSizeMax) || job.accelerators_per_node < 0) {
    return arguments.Refuse(InvalidArgument("{} of '{}' a node: the settings name no such generic resource",
                                            job.accelerators_per_node, resource));
  }
  arguments.Add(fmt::format("--gres={}:{}", resource, job.accelerators_per_node));
}

void AddResources(const LocalJob& job, const SlurmSettings& settings, Arguments& arguments) {
  constexpr int64_t kCountMax = 10'000'000;
  constexpr int64_t kMemoryMibMax = int64_t{1} << 40;
  if (job.nodes < 1 || job.tasks < 1 || job.cpus_per_task < 1) {
    arguments.Refuse(InvalidArgument("{} nodes, {} tasks, {} cpus per task: each is at least 1", job.nodes, job.tasks,
                                     job.cpus_per_task));
  }
  arguments.AddCount("--nodes", job.nodes, kCountMax);
  arguments.AddCount("--ntasks", job.tasks, kCountMax);
  arguments.AddCount("--ntasks-per-node", job.tasks_per_node, kCountMax);
  arguments.AddCount("--cpus-per-task", job.cpus_per_task, kCountMax);
  if (job.memory_per_node_mib != 0 && job.memory_per_cpu_mib != 0) {
    arguments.Refuse(InvalidArgument("memory is asked for both by node ({} MiB) and by cpu ({} MiB)",
                                     job.memory_per_node_mib, job.memory_per_cpu_mib));
  }
  arguments.AddCount("--mem", job.memory_per_node_mib, kMemoryMibMax, "M");
  arguments.AddCount("--mem-per-cpu", job.memory_per_cpu_mib, kMemoryMibMax, "M");
  AddAccelerators(job, settings, arguments);
  if (job.exclusive) arguments.Add("--exclusive");
  // Slurm counts in minutes, and so do we, upwards.
  arguments.AddCount("--time", std::chrono::ceil<std::chrono::minutes>(job.time_limit).count(), kCountMax);
}

void AddSignal(const LocalJob& job, Arguments& arguments) {
  if (!job.signal) return;
  const int64_t seconds = job.signal->before_end.count();
  if (!Holds(job.signal->name, "+-", 16) || seconds < 0 || seconds > 65'535) {
    return arguments.Refuse(
        InvalidArgument("the signal '{}', {} s before the end: the name is such as USR1, the time 0 to 65535 s",
                        job.signal->name, seconds));
  }
  arguments.Add(fmt::format("--signal={}{}@{}", job.signal->batch_shell_only ? "B:" : "", job.signal->name, seconds));
}

void AddFlags(const LocalJob& job, const SlurmSettings& settings, Arguments& arguments) {
  for (const LocalFlag& flag : job.flags) {
    const bool passable = std::find(std::begin(kPassable), std::end(kPassable), flag.flag) != std::end(kPassable);
    if (!passable || !settings.allowed_flags.contains(flag.flag)) {
      return arguments.Refuse(InvalidArgument("the flag {} is not let through at this site", flag.flag));
    }
    if (flag.value.empty()) {
      arguments.Add(flag.flag);
    } else if (Holds(flag.value, "_.,:;&|*()[]=%/@+!-", 1024)) {
      arguments.Add(flag.flag + "=" + flag.value);
    } else {
      return arguments.Refuse(
          InvalidArgument("the value '{}' of {} holds what no such value needs", flag.value, flag.flag));
    }
  }
}

void CheckWrapper(const LocalJob& job, Arguments& arguments) {
  const std::string_view text = job.wrapper;
  if (!text.starts_with("#!") || text.find('\0') != std::string_view::npos || text.size() > kWrapperSizeMax) {
    arguments.Refuse(
        InvalidArgument("the wrapper does not begin with #!, holds a NUL, or is above {} bytes", kWrapperSizeMax));
  }
  for (const std::string_view directive : {"\n#SBATCH", "\n#PBS", "\n#BSUB"}) {
    if (text.find(directive) != std::string_view::npos) {
      arguments.Refuse(InvalidArgument("the wrapper holds a line {}, which sbatch would obey", directive.substr(1)));
    }
  }
}

}  // namespace

const std::span<const std::string_view> kPassableFlags(kPassable);

Result<std::vector<std::string>> SubmitArguments(const LocalJob& job, const SlurmSettings& settings) {
  Arguments arguments;
  arguments.Add("--parsable");
  AddIdentity(job, arguments);
  arguments.Add("--no-requeue");
  arguments.Add("--propagate=NONE");
  // An empty environment: what sbatch runs under stays here, and slurmd adds SLURM_*.  Both --export=NONE and NIL make
  // slurmd of 22.05 run the user's login shell first (SLURM_GET_USER_ENV), which holds the job back and may fail it;
  // with this it does not, and no SLURM_EXPORT_ENV is left behind for `srun` to obey.
  arguments.Add("--export-file=/dev/null");
  // A second start, which the guard turns away, must not cut off what the first one wrote.
  arguments.Add("--open-mode=append");
  arguments.AddPath("--chdir", job.directory);
  arguments.AddPath("--output", job.output_path);
  arguments.AddPath("--error", job.error_path);
  AddAccount(job, settings, arguments);
  AddResources(job, settings, arguments);
  AddSignal(job, arguments);
  AddFlags(job, settings, arguments);
  CheckWrapper(job, arguments);
  return arguments.Take();
}

}  // namespace turnpike::slurm
