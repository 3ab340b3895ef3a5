#include "cli/sbatch_flags.h"

#include "cli/spec_converters.h"

namespace turnpike {
namespace {

constexpr auto kNone = OptionArgument::kNone;
constexpr auto kRequired = OptionArgument::kRequired;
constexpr auto kOptional = OptionArgument::kOptional;

constexpr SubmitOption Mapped(std::string_view name, char letter, OptionArgument argument, std::string_view field,
                              OptionConverter convert, std::string_view help) {
  return {name, letter, argument, OptionClass::kMapped, field, help, convert};
}
constexpr SubmitOption SiteBound(std::string_view name, char letter = '\0', OptionArgument argument = kRequired) {
  return {name, letter, argument, OptionClass::kSiteBound};
}
constexpr SubmitOption Advisory(std::string_view name, char letter, OptionArgument argument, std::string_view note) {
  return {name, letter, argument, OptionClass::kAdvisory, {}, note};
}
constexpr SubmitOption Refused(std::string_view name, char letter, OptionArgument argument, std::string_view reason) {
  return {name, letter, argument, OptionClass::kRefused, {}, reason};
}

constexpr std::string_view kOutputNote =
    "output is kept with the job: `turnpike show ID --output`, or submit with --wait";
constexpr std::string_view kMailNote =
    "no mail is sent; `turnpike submit --wait` ends with the job, `turnpike queue` lists jobs";
constexpr std::string_view kOwnerReason = "a site decides as whom a job runs, by its own map; leave the flag out";

// By name within each class, so that a reader finds a flag and a duplicate shows.
constexpr SubmitOption kSbatchOptions[] = {
    Mapped("chdir", 'D', kRequired, "working_directory", SetWorkingDirectory, "DIRECTORY to start in, at the site"),
    Mapped("comment", '\0', kRequired, "labels.comment", SetCommentLabel, "TEXT kept as the label 'comment'"),
    Mapped("cpus-per-gpu", '\0', kRequired, "resources.cpus_per_task", SetCpusPerGpu, "N cores for each GPU"),
    Mapped("cpus-per-task", 'c', kRequired, "resources.cpus_per_task", SetCpusPerTask, "N cores for each task"),
    Mapped("deadline", '\0', kRequired, "deadline", SetDeadline,
           "2026-11-25 or 2026-11-25T08:30:00Z: of no use after; the cheapest share that keeps it"),
    Mapped("exclusive", '\0', kOptional, "resources.exclusive", SetExclusive, "whole nodes, shared with nobody"),
    Mapped("export", '\0', kRequired, "environment", SetEnvironment, "NAME[=VALUE][,...] variables for the job"),
    Mapped("gpus", 'G', kRequired, "resources.accelerators", SetGpusTotal, "[TYPE:]N GPUs over all nodes"),
    Mapped("gpus-per-node", '\0', kRequired, "resources.accelerators", SetGpusPerNode, "[TYPE:]N GPUs on each node"),
    Mapped("gpus-per-task", '\0', kRequired, "resources.accelerators", SetGpusPerTask, "[TYPE:]N GPUs for each task"),
    Mapped("gres", '\0', kRequired, "gres", SetGres,
           "gpu[:TYPE][:N] GPUs on each node; other kinds are kept for the site"),
    Mapped("help", 'h', kNone, "", SwitchHelp, "show this text"),
    Mapped("ignore-pbs", '\0', kNone, "", SwitchIgnoreForeign, "say nothing of #PBS, #BSUB and #$ lines"),
    Mapped("job-name", 'J', kRequired, "name", SetName, "NAME for people"),
    Mapped("mem", '\0', kRequired, "resources.memory", SetMemoryPerNode, "SIZE[K|M|G|T] of memory on each node"),
    Mapped("mem-per-cpu", '\0', kRequired, "resources.memory", SetMemoryPerCpu,
           "SIZE[K|M|G|T] of memory for each core"),
    Mapped("mem-per-gpu", '\0', kRequired, "resources.memory", SetMemoryPerGpu, "SIZE[K|M|G|T] of memory for each GPU"),
    Mapped("nice", '\0', kOptional, "priority", SetNice, "[N] the same as --priority=-N; 100 unless said"),
    Mapped("no-requeue", '\0', kNone, "retry_policy.rerun_safe", SetRerunUnsafe,
           "never run the program twice; so unless said"),
    Mapped("nodes", 'N', kRequired, "resources.nodes", SetNodes, "N nodes"),
    Mapped("ntasks", 'n', kRequired, "resources.tasks", SetTasks, "N processes over all nodes"),
    Mapped("ntasks-per-node", '\0', kRequired, "resources.tasks_per_node", SetTasksPerNode, "N processes on each node"),
    Mapped("parsable", '\0', kNone, "", SwitchParsable, "print ID;SITE;LOCALID and nothing else"),
    Mapped("priority", '\0', kRequired, "priority", SetPriority, "N order among the project's own jobs"),
    Mapped("quiet", 'Q', kNone, "", SwitchQuiet, "no notes"),
    Mapped("requeue", '\0', kNone, "retry_policy.rerun_safe", SetRerunSafe, "the same as --rerun-safe"),
    Mapped("signal", '\0', kRequired, "signal", SetSignal, "[B:]SIGNAL[@SECONDS] before the time limit"),
    Mapped("tasks-per-node", '\0', kRequired, "resources.tasks_per_node", SetTasksPerNode,
           "the same as --ntasks-per-node"),
    Mapped("test-only", '\0', kNone, "", SwitchDryRun, "the same as --dry-run"),
    Mapped("time", 't', kRequired, "time_limit", SetTimeLimit,
           "M, M:S, H:M:S, D-H, D-H:M or D-H:M:S: the longest it may run"),
    Mapped("usage", '\0', kNone, "", SwitchHelp, "the same as --help"),
    Mapped("version", 'V', kNone, "", SwitchVersion, "show the version"),
    Mapped("wait", 'W', kNone, "", SwitchWait, "wait for the end, print the output, end with the job's exit code"),
    Mapped("wrap", '\0', kRequired, "", SetWrap, "COMMAND run by /bin/sh instead of a script"),

    SiteBound("account", 'A'),
    SiteBound("acctg-freq"),
    SiteBound("batch"),
    SiteBound("bb"),
    SiteBound("constraint", 'C'),
    SiteBound("context"),
    SiteBound("contiguous", '\0', kNone),
    SiteBound("core-spec", 'S'),
    SiteBound("cores-per-socket"),
    SiteBound("cpu-freq"),
    SiteBound("delay-boot"),
    SiteBound("distribution", 'm'),
    SiteBound("exclude", 'x'),
    SiteBound("extra-node-info", 'B'),
    SiteBound("gpu-bind"),
    SiteBound("gpu-freq"),
    SiteBound("gres-flags"),
    SiteBound("hint"),
    SiteBound("licenses", 'L'),
    SiteBound("mcs-label"),
    SiteBound("mem-bind"),
    SiteBound("mincpus"),
    SiteBound("network"),
    SiteBound("no-kill", 'k', kOptional),
    SiteBound("nodelist", 'w'),
    SiteBound("ntasks-per-core"),
    SiteBound("ntasks-per-socket"),
    SiteBound("overcommit", 'O', kNone),
    SiteBound("oversubscribe", 's', kNone),
    SiteBound("partition", 'p'),
    SiteBound("power"),
    SiteBound("prefer"),
    SiteBound("profile"),
    SiteBound("qos", 'q'),
    SiteBound("reboot", '\0', kNone),
    SiteBound("reservation"),
    SiteBound("sockets-per-node"),
    SiteBound("spread-job", '\0', kNone),
    SiteBound("switches"),
    SiteBound("thread-spec"),
    SiteBound("threads-per-core"),
    SiteBound("use-min-nodes", '\0', kNone),
    SiteBound("wait-all-nodes"),
    SiteBound("wckey"),

    Advisory("error", 'e', kRequired, kOutputNote),
    Advisory("get-user-env", '\0', kOptional, "a site starts a job in the local user's login environment"),
    Advisory("mail-type", '\0', kRequired, kMailNote),
    Advisory("mail-user", '\0', kRequired, kMailNote),
    Advisory("open-mode", '\0', kRequired, kOutputNote),
    Advisory("output", 'o', kRequired, kOutputNote),
    Advisory("propagate", '\0', kOptional, "a job has the limits of its site, not those of this machine"),
    Advisory("verbose", 'v', kNone, "`turnpike submit --print-spec` shows everything that is sent"),

    Refused(
        "array", 'a', kRequired,
        "arrays are not supported yet; submit one job for each index: --export=INDEX=7, and read $INDEX in the script"),
    Refused("bbf", '\0', kRequired,
            "a burst buffer file lies on this machine and is not sent; write its text with --bb"),
    Refused("begin", 'b', kRequired, "a start time is not supported yet; submit the job when it may start"),
    Refused("cluster-constraint", '\0', kRequired,
            "sites have no such features; choose them with --site, --exclude-site or --region"),
    Refused("cluster", '\0', kRequired, "a cluster is a site of the federation here; choose with --site"),
    Refused("clusters", 'M', kRequired, "a cluster is a site of the federation here; choose with --site"),
    Refused("container", '\0', kRequired, "a container bundle of a site is not supported yet; start it in the script"),
    Refused("dependency", 'd', kRequired,
            "dependencies are not supported yet; `turnpike submit --wait first.sh && turnpike submit second.sh` does "
            "one after the other"),
    Refused("export-file", '\0', kRequired, "a file of variables is not sent; name them: --export=NAME,OTHER=value"),
    Refused("gid", '\0', kRequired, kOwnerReason),
    Refused("gpus-per-socket", '\0', kRequired, "sites do not tell their sockets; use --gpus-per-node"),
    Refused("hold", 'H', kNone, "holding a job is not supported yet; submit it when it may start"),
    Refused("input", 'i', kRequired,
            "a file for standard input is not supported yet; redirect it in the script: program < file"),
    Refused("kill-on-invalid-dep", '\0', kRequired, "dependencies are not supported yet; leave the flag out"),
    Refused("nodefile", 'F', kRequired, "a file of node names lies on this machine and is not sent; use --nodelist"),
    Refused("ntasks-per-gpu", '\0', kRequired, "it is not supported yet; say --ntasks and --gpus-per-task"),
    Refused("ntasks-per-tres", '\0', kRequired, "it is not supported yet; say --ntasks and --gpus-per-task"),
    Refused("time-min", '\0', kRequired,
            "a shorter time limit is not supported yet; say --time with the least that is of use"),
    Refused("tmp", '\0', kRequired, "space on a node's own disk is not supported yet; check it in the script"),
    Refused("uid", '\0', kRequired, kOwnerReason),
};

}  // namespace

std::span<const SubmitOption> SbatchOptions() {
  return kSbatchOptions;
}

const OptionSet& SbatchDialect() {
  static const OptionSet kDialect({SbatchOptions()});
  return kDialect;
}

}  // namespace turnpike
