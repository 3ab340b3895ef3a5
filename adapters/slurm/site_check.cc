#include "adapters/slurm/site_check.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "adapters/slurm/capacity.h"

namespace turnpike::slurm {
namespace {

using Verdict = CheckLine::Verdict;
constexpr std::chrono::milliseconds kProbePollEvery{500};
constexpr int64_t kMinJobAgeWithAccounting = 60;
constexpr int64_t kMinJobAgeAlone = 300;

std::string ValueOf(const std::map<std::string, std::string>& config, const std::string& key) {
  const auto found = config.find(key);
  return found == config.end() ? "" : found->second;
}

// "300 sec"
int64_t SecondsOf(const std::map<std::string, std::string>& config, const std::string& key) {
  const std::string value = ValueOf(config, key);
  return ParseWhole(value.substr(0, value.find(' '))).value_or(0);
}

const LocalJobView* Find(const SourceReading& reading, const std::string& tag) {
  for (const LocalJobView& view : reading.jobs) {
    if (view.tag == tag) return &view;
  }
  return nullptr;
}

}  // namespace

void SiteCheck::Pass(std::string what, std::string found) {
  lines_.push_back({Verdict::kPass, std::move(what), std::move(found), ""});
}
void SiteCheck::Warn(std::string what, std::string found, std::string cure) {
  lines_.push_back({Verdict::kWarn, std::move(what), std::move(found), std::move(cure)});
}
void SiteCheck::Fail(std::string what, std::string found, std::string cure) {
  lines_.push_back({Verdict::kFail, std::move(what), std::move(found), std::move(cure)});
}

std::vector<CheckLine> SiteCheck::Run(const LocalJob& probe) {
  lines_.clear();
  if (!CheckCommands()) return lines_;
  const Result<Config> config = parts_.client.ReadConfig();
  if (!config.ok()) {
    Fail("the controller answers", std::string(MessageOf(config.status())),
         "start slurmctld, or set the path of slurm.conf in the agent's settings; `scontrol ping` tells");
    return lines_;
  }
  Pass("the controller answers",
       fmt::format("cluster {}, Slurm {}", ValueOf(*config, "ClusterName"), ValueOf(*config, "SLURM_VERSION")));
  CheckConfig(*config);
  CheckAccounting(*config);
  CheckNodes();
  CheckProbe(probe);
  return lines_;
}

bool SiteCheck::CheckCommands() {
  bool all = true;
  for (const std::string_view program : {"sbatch", "squeue", "scancel", "scontrol", "sacct"}) {
    const Result<std::string> version = parts_.client.ReadVersion(program);
    const std::string what = fmt::format("{} runs", program);
    if (version.ok()) {
      Pass(what, *version);
    } else if (program == "sacct") {
      Warn(what, std::string(MessageOf(version.status())),
           "install slurm-client: without sacct, ends are taken from the queue alone");
    } else {
      all = false;
      Fail(what, std::string(MessageOf(version.status())),
           fmt::format("install slurm-client, or set the path of the commands (it is {})", parts_.settings.path));
    }
  }
  return all;
}

void SiteCheck::CheckConfig(const Config& config) {
  const bool accounting = ValueOf(config, "AccountingStorageType") == "accounting_storage/slurmdbd";
  const int64_t age = SecondsOf(config, "MinJobAge");
  const int64_t age_min = accounting ? kMinJobAgeWithAccounting : kMinJobAgeAlone;
  if (age >= age_min) {
    Pass("finished jobs stay in the queue long enough", fmt::format("MinJobAge is {} s", age));
  } else {
    Warn("finished jobs stay in the queue long enough", fmt::format("MinJobAge is {} s", age),
         fmt::format("set MinJobAge={} in slurm.conf: a job that ends while the agent is away is forgotten after it",
                     age_min));
  }
  const int64_t timeout = SecondsOf(config, "MessageTimeout");
  const auto submit_timeout = std::chrono::duration_cast<std::chrono::seconds>(parts_.settings.submit_timeout).count();
  if (submit_timeout > 2 * timeout) {
    Pass("sbatch is given longer than the controller's messages",
         fmt::format("MessageTimeout is {} s: let the settle time be {} s or more", timeout, 3 * timeout));
  } else {
    Warn("sbatch is given longer than the controller's messages",
         fmt::format("MessageTimeout is {} s, sbatch is given {} s", timeout, submit_timeout),
         "raise the time limit of submissions, or every slow answer counts as ambiguous");
  }
  const std::string hidden = ValueOf(config, "PrivateData");
  if (hidden.find("jobs") == std::string::npos) {
    Pass("jobs are not hidden", fmt::format("PrivateData is {}", hidden));
  } else {
    Warn("jobs are not hidden", fmt::format("PrivateData is {}", hidden),
         "let the agent's user see all jobs (operator or coordinator), or the load of the shares is unknown");
  }
  const std::string filters = ValueOf(config, "JobSubmitPlugins");
  if (filters.empty() || filters == "(null)") {
    Pass("no submit filter rewrites jobs", "JobSubmitPlugins is empty");
  } else {
    Warn("no submit filter rewrites jobs", fmt::format("JobSubmitPlugins is {}", filters),
         "keep it from changing the name and comment of jobs whose name is b and 26 letters or digits");
  }
}

void SiteCheck::CheckAccounting(const Config& config) {
  const std::string type = ValueOf(config, "AccountingStorageType");
  if (!parts_.settings.accounting || type != "accounting_storage/slurmdbd") {
    return Warn("accounting is kept", fmt::format("AccountingStorageType is {}", type),
                "use slurmdbd: without it a forgotten job has only the agent's own records to speak for it");
  }
  Pass("accounting is kept", type);
  const std::string flags = ValueOf(config, "AccountingStoreFlags");
  if (flags.find("job_comment") == std::string::npos) {
    Warn("accounting keeps comments", fmt::format("AccountingStoreFlags is {}", flags),
         "add job_comment to AccountingStoreFlags");
  } else {
    Pass("accounting keeps comments", flags);
  }
  const std::string tres = ValueOf(config, "AccountingStorageTRES");
  for (const SlurmAccelerator& accelerator : parts_.settings.accelerators) {
    const std::string name = "gres/" + accelerator.gres.substr(0, accelerator.gres.find(':'));
    if (tres.find(name) == std::string::npos) {
      Warn(fmt::format("accounting counts {}", accelerator.gres), fmt::format("AccountingStorageTRES is {}", tres),
           fmt::format("add {} to AccountingStorageTRES, or accelerators are billed as asked for, not as given", name));
    }
  }
}

void SiteCheck::CheckNodes() {
  const auto nodes = parts_.client.ReadNodes();
  if (!nodes.ok()) {
    return Fail("nodes can be read", std::string(MessageOf(nodes.status())),
                "run `scontrol -o -d show node` and compare");
  }
  const auto usable = std::count_if(nodes->begin(), nodes->end(), [](const Node& node) { return node.usable(); });
  Pass("nodes can be read", fmt::format("{} of {} nodes are usable", usable, nodes->size()));
  for (const std::string& partition : MixedPartitions(*nodes, parts_.settings)) {
    const bool offered = parts_.settings.shares.empty() ||
                         std::any_of(parts_.settings.shares.begin(), parts_.settings.shares.end(),
                                     [&partition](const SlurmShare& share) { return share.partition == partition; });
    if (!offered) continue;
    Warn(fmt::format("the nodes of partition {} are alike", partition), "they differ in cores, memory or accelerators",
         "offer a partition for each kind; until then the most frequent kind is announced");
  }
  const Result<std::vector<ShareCapacity>> shares = parts_.scheduler.ReadCapacity();
  if (!shares.ok()) {
    return Fail("the shares' load can be read", std::string(MessageOf(shares.status())), "see the lines above");
  }
  for (const ShareCapacity& share : *shares) {
    const std::string what = fmt::format("share {} takes jobs", share.name);
    if (share.open) {
      Pass(what, fmt::format("pool {}: {} of {} cores idle", share.pool, share.cores_idle, share.cores_total));
    } else {
      Warn(what, share.closed_reason, "open the partition, or leave the share out");
    }
  }
}

void SiteCheck::CheckProbe(const LocalJob& probe) {
  const SubmitOutcome outcome = parts_.scheduler.Submit(probe);
  if (outcome.kind != SubmitOutcome::Kind::kAccepted) {
    return Fail("sbatch takes our probe job, and its tag survives", outcome.detail,
                "submit by hand with the command of --dry-run; look at accounts, partitions and submit filters");
  }
  Pass("sbatch takes our probe job, and its tag survives", fmt::format("job {}", outcome.identity.local_job_id));
  const std::vector<SourceReading> readings = WaitForProbe(outcome.identity);
  for (const SourceReading& reading : readings) JudgeProbe(probe, reading);
  const LocalJobView* view = readings.empty() ? nullptr : Find(readings.front(), probe.tag);
  if (view != nullptr && view->state != LocalState::kEnded) {
    const Status cancelled = parts_.scheduler.Cancel(outcome.identity);
    Fail("the probe job ends",
         fmt::format("it is {} ({}), and was cancelled{}", view->raw_state, view->raw_reason,
                     cancelled.ok() ? "" : " in vain"),
         "give the agent's user a partition where a small job starts within two minutes, or raise the probe's time");
    return;
  }
  CheckDirectory(probe);
}

std::vector<SourceReading> SiteCheck::WaitForProbe(const LocalJobIdentity& probe) {
  const PollRequest request{{probe.tag}, probe.submit_time};
  const auto deadline = parts_.clock.Monotonic() + parts_.settings.probe_timeout;
  for (;;) {
    std::vector<SourceReading> readings = parts_.scheduler.Poll(request).sources;
    const bool over = std::all_of(readings.begin(), readings.end(), [&probe](const SourceReading& reading) {
      const LocalJobView* view = Find(reading, probe.tag);
      return view != nullptr && view->state == LocalState::kEnded;
    });
    if (over || parts_.clock.Monotonic() >= deadline || parts_.wait(kProbePollEvery)) return readings;
  }
}

void SiteCheck::JudgeProbe(const LocalJob& probe, const SourceReading& reading) {
  const std::string_view command = reading.kind == SourceKind::kQueue ? "squeue" : "sacct";
  const std::string what = fmt::format("{} shows our own probe job", command);
  const LocalJobView* view = Find(reading, probe.tag);
  if (view == nullptr) {
    return Fail(what, reading.complete ? "it is not there" : reading.error,
                fmt::format("run {} as the agent's user; PrivateData or an association may hide its jobs", command));
  }
  Pass(what, fmt::format("job {}: {}", view->local_job_id, view->raw_state));
  if (view->comment != probe.comment) {
    Warn(fmt::format("{} shows its comment", command), fmt::format("'{}'", view->comment),
         "keep submit filters from dropping comments, and let AccountingStoreFlags hold job_comment");
  } else {
    Pass(fmt::format("{} shows its comment", command), view->comment);
  }
  if (view->state == LocalState::kEnded && view->exit_code != std::optional<int>(0)) {
    Fail(fmt::format("{} says that it ended well", command),
         fmt::format("{} ({}), exit code {}, signal {}", view->raw_state, view->raw_reason,
                     view->exit_code.value_or(-1), view->exit_signal),
         fmt::format("look into {} and the node's slurmd log", probe.error_path));
  }
}

// The probe ran on a compute node with its output in the attempt's directory: seen here, both see the same file system.
void SiteCheck::CheckDirectory(const LocalJob& probe) {
  constexpr std::string_view kWhat = "a compute node writes into the attempt's directory, and we see it";
  std::error_code error;
  if (std::filesystem::exists(probe.output_path, error)) return Pass(std::string(kWhat), probe.output_path);
  Fail(std::string(kWhat), fmt::format("{} is not there", probe.output_path),
       "put the spool on a file system that this host and the compute nodes mount under the same path");
}

}  // namespace turnpike::slurm
