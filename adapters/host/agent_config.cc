#include "adapters/host/agent_config.h"

#include <set>

#include "adapters/host/yaml_reader.h"
#include "base/file_sync.h"
#include "base/numeric_address.h"

namespace turnpike {
namespace {

constexpr size_t kConfigBytesMax = 4 << 20;
constexpr int64_t kSecondsMax = 7 * 86'400;

// Commented, and valid: a test parses it.
constexpr std::string_view kExample =
    R"yaml(# Turnpike agent.  `turnpike-agent check` tells whether this file and the site fit together.

# Where the broker listens for agents.
broker: broker.example.org:7443
# An HTTP CONNECT proxy to reach it through, and a CA of your own; leave out where not needed.
# http_proxy: proxy.example.org:3128
# ca_file: /etc/ssl/site-ca.pem
# Where Prometheus reads /metrics, in clear and for whoever can reach it; leave out for nowhere.
# metrics_address: 127.0.0.1:9465

# Journal, identity and the site's key.  A local disk; only the agent's user may read it.
data_directory: /var/lib/turnpike-agent
# A folder for each attempt: script, start guard, records, output.  The compute nodes must see it under the same path.
spool_directory: /var/spool/turnpike

scheduler:
  # process: runs jobs as processes of this host.  slurm: through sbatch, squeue, sacct and scancel.
  kind: process
  # For slurm: slurm_conf where it is not the system's, cluster where there are several.
  # slurm_conf: /etc/slurm/slurm.conf
  # cluster: alpha
  poll_seconds: 10
  # How long a job must be missing, in complete answers, before that is believed: three times the scheduler's message timeout.
  settle_seconds: 60
  # How far the wrapper's records may lag behind the scheduler on a shared file system.
  record_wait_seconds: 15
  # After that long without accounting, usage is reported from the wrapper's record, as provisional.
  usage_wait_seconds: 300
  # For process: what all jobs together may hold.
  process:
    cores: 4
    memory_mib: 4096
    jobs_max: 64
    waiting_max: 10000

# The network is measured, so that a job may ask for a short way: round trips to the broker, and to other sites that give an address.
network:
  # Where this site accepts TCP connections from other sites, in figures: a login node's ssh will do.  Leave out where nothing may answer.
  # probe_address: 198.51.100.7:22
  # Which addresses of other sites this agent connects to: public (of the public Internet), any, none.
  probe: public
  probe_seconds: 300
  report_seconds: 60

# own-account: jobs run as the agent's own user, for that person's own jobs.
# helper: a small root-owned program becomes the mapped user.
# community-account: all jobs run as the agent's user, whoever sent them; shown to users before they submit.
account_mode: own-account

# What this site offers.
shares:
  - name: main
    # partition, account, qos, reservation: as the scheduler names them; empty: its defaults.
    partition: ""
    # true: a job is charged for whole nodes.
    whole_nodes: false
    # login: as after a login, so that `module load` works.  clean: nothing but the basics.  init-file: from init_file.
    environment: login
    # Flags of job scripts that are passed on to the scheduler.
    allowed_flags: ["--constraint"]
    # Accelerators: the federation's class and the scheduler's own name.
    # accelerators:
    #   - {model: a100, gres: "gpu:a100"}

# Who may run, and as whom; the first row that fits counts, "*" fits all, no row: not eligible.
accounts:
  - project: "*"
    user: "*"
    share: "*"
    # local_user, account, qos, partition, reservation, wckey; empty: the agent's own user, the share's own settings.
    local_user: ""
)yaml";

void ReadSeconds(YamlReader& reader, const std::string& key, std::chrono::seconds& value) {
  int64_t seconds = value.count();
  reader.Number(key, {.min = 0, .max = kSecondsMax}, seconds);
  value = std::chrono::seconds(seconds);
}

void ReadInt(YamlReader& reader, const std::string& key, int& value) {
  int64_t number = value;
  reader.Number(key, {.min = 1, .max = std::numeric_limits<int>::max()}, number);
  value = static_cast<int>(number);
}

template <class Enum>
void ReadChoice(YamlReader& reader, const std::string& key, const std::vector<std::string>& choices, Enum& value) {
  int chosen = static_cast<int>(value);
  reader.Choice(key, choices, chosen);
  value = static_cast<Enum>(chosen);
}

void ReadScheduler(YamlReader& reader, AgentConfig& config) {
  ReadChoice(reader, "kind", {"process", "slurm"}, config.scheduler);
  reader.Text("slurm_conf", config.slurm_conf);
  reader.Text("cluster", config.cluster);
  auto poll = std::chrono::duration_cast<std::chrono::seconds>(config.poll_interval);
  ReadSeconds(reader, "poll_seconds", poll);
  config.poll_interval = poll;
  if (poll.count() < 1) {
    reader.Reject("poll_seconds", "must be at least 1");
  }
  ReadSeconds(reader, "settle_seconds", config.settle_time);
  ReadSeconds(reader, "record_wait_seconds", config.record_wait);
  ReadSeconds(reader, "usage_wait_seconds", config.usage_wait);
  reader.Mapping("process", [&config](YamlReader& process) {
    ReadInt(process, "cores", config.process.cores);
    process.Number("memory_mib", {.min = 1}, config.process.memory_mib);
    ReadInt(process, "jobs_max", config.process.jobs_max);
    ReadInt(process, "waiting_max", config.process.waiting_max);
  });
}

void ReadNetwork(YamlReader& reader, NetworkConfig& network) {
  reader.Text("probe_address", network.probe_address);
  ReadChoice(reader, "probe", {"public", "any", "none"}, network.probe);
  ReadSeconds(reader, "probe_seconds", network.probe_interval);
  ReadSeconds(reader, "report_seconds", network.report_interval);
  if (!network.probe_address.empty() && !ParseNumericAddress(network.probe_address)) {
    reader.Reject("probe_address", "must be an address in figures with a port: 198.51.100.7:22 or [2001:db8::7]:22");
  }
  if (network.probe_interval.count() < 1) {
    reader.Reject("probe_seconds", "must be at least 1");
  }
  if (network.report_interval.count() < 1) {
    reader.Reject("report_seconds", "must be at least 1");
  }
}

void ReadShare(YamlReader& reader, SiteMap& map) {
  ShareRow share;
  reader.RequiredText("name", share.name);
  reader.Text("partition", share.partition);
  reader.Text("account", share.account);
  reader.Text("qos", share.qos);
  reader.Text("reservation", share.reservation);
  reader.Bool("whole_nodes", share.whole_nodes);
  ReadChoice(reader, "environment", {"login", "clean", "init-file"}, share.environment);
  reader.Text("init_file", share.init_file);
  if (share.environment == EnvironmentMode::kInitFile && !share.init_file.starts_with('/')) {
    reader.Reject("init_file", "must be an absolute path where environment is init-file");
  }
  std::vector<std::string> flags;
  reader.TextList("allowed_flags", flags);
  for (const std::string& flag : flags) {
    if (!flag.starts_with("--")) {
      reader.Reject("allowed_flags", fmt::format("holds '{}', which is no long name with dashes", flag));
    }
    share.flags.insert(flag);
  }
  reader.MappingList("accelerators", [&share](YamlReader& inner) {
    AcceleratorRow row;
    inner.RequiredText("model", row.model);
    inner.RequiredText("gres", row.gres);
    share.accelerators.push_back(std::move(row));
  });
  if (map.FindShare(share.name) != nullptr) {
    reader.Reject("name", fmt::format("'{}' is there twice", share.name));
  }
  map.shares.push_back(std::move(share));
}

void ReadAccount(YamlReader& reader, AgentConfig& config) {
  AccountRow row;
  reader.Text("project", row.project);
  reader.Text("user", row.user);
  reader.Text("share", row.share);
  reader.Text("local_user", row.local.local_user);
  reader.Text("account", row.local.account);
  reader.Text("qos", row.local.qos);
  reader.Text("partition", row.local.partition);
  reader.Text("reservation", row.local.reservation);
  reader.Text("wckey", row.local.wckey);
  if (row.share != "*" && config.map.FindShare(row.share) == nullptr) {
    reader.Reject("share", fmt::format("'{}' is no share of this file", row.share));
  }
  if (!row.local.local_user.empty() && config.account_mode != AccountMode::kHelper) {
    reader.Reject("local_user", "needs account_mode: helper; without it jobs run as the agent's own user");
  }
  config.map.accounts.push_back(std::move(row));
}

void ReadPath(YamlReader& reader, const std::string& key, std::string& value) {
  reader.RequiredText(key, value);
  if (!value.starts_with('/')) {
    reader.Reject(key, "must be an absolute path");
  }
}

}  // namespace

Result<AgentConfig> ParseAgentConfig(std::string_view yaml, std::string_view file_name) {
  ASSIGN_OR_RETURN(const YAML::Node root, ParseYaml(yaml, std::string(file_name)));
  YamlReader reader(root, {std::string(file_name), ""});
  AgentConfig config;
  reader.RequiredText("broker", config.broker_address);
  reader.Text("http_proxy", config.http_proxy);
  reader.Text("ca_file", config.ca_file);
  reader.Text("metrics_address", config.metrics_address);
  ReadPath(reader, "data_directory", config.data_directory);
  ReadPath(reader, "spool_directory", config.spool_directory);
  ReadChoice(reader, "account_mode", {"own-account", "helper", "community-account"}, config.account_mode);
  reader.Mapping("scheduler", [&config](YamlReader& inner) { ReadScheduler(inner, config); });
  reader.Mapping("network", [&config](YamlReader& inner) { ReadNetwork(inner, config.network); });
  reader.MappingList("shares", [&config](YamlReader& inner) { ReadShare(inner, config.map); });
  reader.MappingList("accounts", [&config](YamlReader& inner) { ReadAccount(inner, config); });
  if (config.map.shares.empty()) {
    reader.Reject("shares", "must hold at least one share");
  }
  RETURN_IF_ERROR(reader.Finish());
  return config;
}

Result<AgentConfig> LoadAgentConfig(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kConfigBytesMax));
  return ParseAgentConfig(text, path);
}

std::string ExampleConfig() {
  return std::string(kExample);
}

}  // namespace turnpike
