#include "adapters/agent_site.h"

#include <pwd.h>
#include <unistd.h>

#include <vector>

#include "adapters/core/local_tag.h"
#include "adapters/process/process_scheduler.h"
#include "adapters/slurm/slurm_scheduler.h"
#include "base/file_sync.h"

namespace turnpike {
namespace {

constexpr const char* kBootIdPath = "/proc/sys/kernel/random/boot_id";
constexpr size_t kBootIdBytesMax = 128;
constexpr size_t kPasswordEntryBytes = 64 << 10;
constexpr size_t kEarlierTagsMax = 1'000;  // one question to accounting

Result<std::string> OwnUser() {
  std::vector<char> buffer(kPasswordEntryBytes);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return FailedPrecondition("the user id {} that the agent runs as has no name on this host", ::geteuid());
  }
  return std::string(found->pw_name);
}

// A share without a partition is the partition of its own name.
void NamePartitions(AgentConfig& config) {
  if (config.scheduler != SchedulerKind::kSlurm) {
    return;
  }
  for (ShareRow& share : config.map.shares) {
    if (share.partition.empty()) {
      share.partition = share.name;
    }
  }
}

SlurmSettings SlurmSettingsOf(const AgentConfig& config, const std::string& own_user) {
  SlurmSettings settings;
  settings.own_user = own_user;
  settings.own_uid = static_cast<int>(::geteuid());
  settings.conf_path = config.slurm_conf;
  for (const ShareRow& row : config.map.shares) {
    SlurmShare share;
    share.name = row.name;
    share.partition = row.partition;
    share.whole_nodes = row.whole_nodes;
    share.environment = row.environment;
    settings.shares.push_back(std::move(share));
    for (const AcceleratorRow& accelerator : row.accelerators) {
      settings.accelerators.push_back({.gres = accelerator.gres, .model = accelerator.model});
    }
    settings.allowed_flags.insert(row.flags.begin(), row.flags.end());
  }
  return settings;
}

}  // namespace

Result<std::unique_ptr<AgentSite>> AgentSite::Open(AgentConfig config) {
  NamePartitions(config);
  std::unique_ptr<AgentSite> site(new AgentSite(std::move(config)));
  ASSIGN_OR_RETURN(site->own_user_, OwnUser());
  ASSIGN_OR_RETURN(site->boot_id_, ReadFile(kBootIdPath, kBootIdBytesMax));
  RETURN_IF_ERROR(site->OpenFolders());
  return site;
}

Status AgentSite::OpenFolders() {
  ASSIGN_OR_RETURN(SiteFolders folders, OpenSiteFolders(PathsOf(config_), random_));
  site_key_ = std::move(folders.key);
  directories_.emplace(std::move(folders.directories));
  return OkStatus();
}

std::string AgentSite::scheduler_kind() const {
  return config_.scheduler == SchedulerKind::kSlurm ? "slurm" : "process";
}

std::unique_ptr<LocalJobBuilder> AgentSite::MakeBuilder(const std::string& key) const {
  LocalJobBuilder::Options options;
  options.map = config_.map;
  options.account_mode = config_.account_mode;
  options.scheduler = config_.scheduler;
  options.site_key = key;
  options.own_user = own_user_;
  if (config_.scheduler == SchedulerKind::kSlurm) {
    options.script_name = "slurm_script";
  }
  return std::make_unique<LocalJobBuilder>(std::move(options), *directories_);
}

Status AgentSite::OpenSchedulerWith(const std::string& state_directory) {
  switch (config_.scheduler) {
    case SchedulerKind::kProcess:
      return OpenProcessScheduler(state_directory);
    case SchedulerKind::kSlurm:
      OpenSlurmScheduler();
      return OkStatus();
  }
  return OkStatus();
}

Status AgentSite::OpenProcessScheduler(const std::string& state_directory) {
  ProcessOptions options;
  options.state_directory = state_directory;
  if (!config_.cluster.empty()) {
    options.cluster = config_.cluster;
  }
  options.user = own_user_;
  options.boot_id = boot_id_;
  options.shares.clear();
  for (const ShareRow& row : config_.map.shares) {
    options.shares.push_back(row.name);
    options.environment = row.environment;
  }
  options.cores = config_.process.cores;
  options.memory_mib = config_.process.memory_mib;
  options.jobs_max = config_.process.jobs_max;
  options.waiting_max = config_.process.waiting_max;
  ASSIGN_OR_RETURN(scheduler_, ProcessScheduler::Open(options, clock_));
  return OkStatus();
}

// Folders are kept for a while after the end.
std::vector<std::string> AgentSite::EarlierTags() const {
  std::vector<std::string> tags;
  const Result<std::vector<AttemptId>> attempts = directories_->List();
  for (const AttemptId& attempt : attempts.value_or(std::vector<AttemptId>{})) {
    if (tags.size() == kEarlierTagsMax) {
      break;
    }
    tags.push_back(LocalTag(attempt));
  }
  return tags;
}

void AgentSite::OpenSlurmScheduler() {
  scheduler_ = std::make_unique<SlurmScheduler>(
      SlurmScheduler::Parts{.settings = SlurmSettingsOf(config_, own_user_),
                            .runner = runner_,
                            .random = random_,
                            .clock = clock_,
                            .wait = [this](std::chrono::milliseconds time) { return stop_.WaitFor(time); },
                            .earlier_tags = EarlierTags()});
}

}  // namespace turnpike
