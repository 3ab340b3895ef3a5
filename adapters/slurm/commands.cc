#include "adapters/slurm/commands.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "adapters/slurm/sacct_parser.h"
#include "adapters/slurm/squeue_parser.h"

namespace turnpike::slurm {
namespace {

ChildCommand Command(const SlurmSettings& settings, std::vector<std::string> argv) {
  ChildCommand command;
  command.argv = std::move(argv);
  command.environment = {{"PATH", settings.path}, {"TZ", "UTC"}, {"LC_ALL", "C"}};
  if (!settings.conf_path.empty()) command.environment["SLURM_CONF"] = settings.conf_path;
  command.timeout = settings.query_timeout;
  return command;
}

// Where times are printed.  Not for sbatch: it hands every SLURM_* variable on to the job.
ChildCommand QueryCommand(const SlurmSettings& settings, std::vector<std::string> argv) {
  ChildCommand command = Command(settings, std::move(argv));
  command.environment["SLURM_TIME_FORMAT"] = "%s";
  return command;
}

}  // namespace

ChildCommand SubmitCommand(const SlurmSettings& settings, std::vector<std::string> arguments, std::string wrapper) {
  arguments.insert(arguments.begin(), "sbatch");
  ChildCommand command = Command(settings, std::move(arguments));
  command.standard_input = std::move(wrapper);
  command.timeout = settings.submit_timeout;
  return command;
}

ChildCommand QueueCommand(const SlurmSettings& settings, std::string_view separator,
                          std::optional<std::string_view> local_job_id) {
  std::vector<std::string> argv = {"squeue", "--states=all", "--array"};
  if (local_job_id) argv.push_back(fmt::format("--jobs={}", *local_job_id));
  std::string format;
  for (const QueueColumn& column : kQueueColumns) {
    format += fmt::format("{}{}:{}", format.empty() ? "" : ",", column.asked, separator);
  }
  argv.push_back("--Format=" + format);
  return QueryCommand(settings, std::move(argv));
}

ChildCommand AccountingCommand(const SlurmSettings& settings, std::string_view separator,
                               const AccountingQuery& query) {
  std::vector<std::string> argv = {"sacct",         "--allusers",   "--parsable",
                                   "--allocations", "--duplicates", fmt::format("--delimiter={}", separator)};
  if (!query.names.empty()) argv.push_back(fmt::format("--name={}", fmt::join(query.names, ",")));
  if (query.local_job_ids.empty()) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(query.oldest).time_since_epoch().count();
    // Without a list of states, jobs that were cancelled before they could start are left out; with one, an end time is
    // needed, and jobs that may only start later would fall behind it.
    argv.push_back(fmt::format("--starttime=uts{}", std::max<int64_t>(seconds, 1)));
    argv.push_back("--endtime=now+520weeks");
    argv.push_back("--state=BF,CA,CD,DL,F,NF,OOM,PD,PR,R,RQ,RS,RV,S,TO");
  } else {
    argv.push_back(fmt::format("--jobs={}", fmt::join(query.local_job_ids, ",")));
  }
  argv.push_back(fmt::format("--format={}", fmt::join(kAccountingColumns, ",")));
  return QueryCommand(settings, std::move(argv));
}

ChildCommand CancelCommand(const SlurmSettings& settings, std::string_view name, std::string_view local_job_id) {
  std::vector<std::string> argv = {"scancel"};
  if (!name.empty()) argv.push_back(fmt::format("--jobname={}", name));
  argv.emplace_back(local_job_id);
  ChildCommand command = Command(settings, std::move(argv));
  command.timeout = settings.cancel_timeout;
  return command;
}

ChildCommand ShowNodesCommand(const SlurmSettings& settings) {
  return QueryCommand(settings, {"scontrol", "--oneliner", "--details", "show", "node"});
}
ChildCommand ShowPartitionsCommand(const SlurmSettings& settings) {
  return QueryCommand(settings, {"scontrol", "--oneliner", "show", "partition"});
}
ChildCommand ShowReservationsCommand(const SlurmSettings& settings) {
  return QueryCommand(settings, {"scontrol", "--oneliner", "show", "reservation"});
}
ChildCommand ShowConfigCommand(const SlurmSettings& settings) {
  return QueryCommand(settings, {"scontrol", "show", "config"});
}
ChildCommand VersionCommand(const SlurmSettings& settings, std::string_view program) {
  return Command(settings, {std::string(program), "--version"});
}

}  // namespace turnpike::slurm
