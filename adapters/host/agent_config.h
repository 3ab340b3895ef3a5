#pragma once
// The agent's configuration file (YAML).  Unknown keys and wrong values are errors that name file, line and key.

#include <chrono>
#include <string>
#include <string_view>

#include "adapters/host/site_map.h"
#include "base/status.h"

namespace turnpike {

enum class SchedulerKind { kProcess, kSlurm };
// Who jobs run as: the agent's own user, for their own jobs; a helper that becomes the mapped user; one shared local
// account.
enum class AccountMode { kOwnAccount, kHelper, kCommunityAccount };

struct ProcessLimits {
  int cores = 1;
  int64_t memory_mib = 1024;
  int jobs_max = 64;
  int waiting_max = 10'000;
};

// Which other sites' probe addresses are measured: those on the public Internet; all; none.
enum class ProbePolicy { kPublic, kAny, kNone };

struct NetworkConfig {
  std::string probe_address;  // "203.0.113.7:443", where this site answers to others; "": nowhere
  ProbePolicy probe = ProbePolicy::kPublic;
  std::chrono::seconds probe_interval{300};
  std::chrono::seconds report_interval{60};
};

struct AgentConfig {
  std::string broker_address;   // "broker.example.org:7443"
  std::string http_proxy;       // "" or "host:port"; an HTTP CONNECT proxy
  std::string metrics_address;  // "": none are shown
  std::string ca_file;          // "": the one kept at enrollment
  std::string data_directory;   // journal, identity, site key
  std::string spool_directory;  // attempts; seen by the compute nodes
  SchedulerKind scheduler = SchedulerKind::kProcess;
  std::string slurm_conf;  // "": the system's
  std::string cluster;     // "": what the scheduler says
  AccountMode account_mode = AccountMode::kOwnAccount;
  std::chrono::milliseconds poll_interval{10'000};
  std::chrono::seconds settle_time{60};
  std::chrono::seconds record_wait{15};
  std::chrono::seconds usage_wait{300};
  ProcessLimits process;
  NetworkConfig network;
  SiteMap map;
};

// `file_name` is for messages.
Result<AgentConfig> ParseAgentConfig(std::string_view yaml, std::string_view file_name);
Result<AgentConfig> LoadAgentConfig(const std::string& path);
// A commented configuration that parses: for `turnpike-agent init`.
std::string ExampleConfig();

}  // namespace turnpike
