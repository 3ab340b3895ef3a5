#include "adapters/host/agent_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turnpike {
namespace {

using testing::HasSubstr;

constexpr char kMinimal[] =
    "broker: b:1\n"
    "data_directory: /d\n"
    "spool_directory: /s\n"
    "shares: [{name: main}]\n";

std::string ErrorOf(const std::string& yaml) {
  const Result<AgentConfig> config = ParseAgentConfig(yaml, "agent.yaml");
  EXPECT_EQ(config.status().code(), StatusCode::kInvalidArgument) << yaml;
  return std::string(MessageOf(config.status()));
}

TEST(AgentConfig, TheExampleIsValidAndSaysTheDefaults) {
  const Result<AgentConfig> config = ParseAgentConfig(ExampleConfig(), "example");
  ASSERT_TRUE(config.ok()) << config.status();
  const AgentConfig defaults;
  EXPECT_EQ(config->poll_interval, defaults.poll_interval);
  EXPECT_EQ(config->settle_time, defaults.settle_time);
  EXPECT_EQ(config->record_wait, defaults.record_wait);
  EXPECT_EQ(config->usage_wait, defaults.usage_wait);
  EXPECT_EQ(config->network.probe, defaults.network.probe);
  EXPECT_EQ(config->network.probe_interval, defaults.network.probe_interval);
  EXPECT_EQ(config->network.report_interval, defaults.network.report_interval);
  EXPECT_EQ(config->map.shares.size(), 1U);
  EXPECT_TRUE(config->map.shares[0].flags.contains("--constraint"));
  EXPECT_EQ(config->map.accounts.size(), 1U);
}

TEST(AgentConfig, ReadsEverything) {
  const Result<AgentConfig> config = ParseAgentConfig(R"(
broker: b:1
http_proxy: p:3128
ca_file: /ca
data_directory: /d
spool_directory: /s
account_mode: helper
scheduler: {kind: slurm, slurm_conf: /c, cluster: alpha, poll_seconds: 5, settle_seconds: 6, process: {cores: 3, memory_mib: 77}}
network: {probe_address: "[2001:db8::7]:22", probe: none, probe_seconds: 7, report_seconds: 8}
shares:
  - {name: gpu, partition: g, account: a, qos: q, reservation: r, whole_nodes: true, environment: init-file, init_file: /i,
     accelerators: [{model: a100, gres: "gpu:a100"}]}
accounts:
  - {project: physics, user: ada, share: gpu, local_user: ada1, qos: high}
)",
                                                      "f");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->scheduler, SchedulerKind::kSlurm);
  EXPECT_EQ(config->account_mode, AccountMode::kHelper);
  EXPECT_EQ(config->settle_time, std::chrono::seconds(6));
  EXPECT_EQ(config->process.memory_mib, 77);
  EXPECT_EQ(config->network.probe_address, "[2001:db8::7]:22");
  EXPECT_EQ(config->network.probe, ProbePolicy::kNone);
  EXPECT_EQ(config->network.probe_interval, std::chrono::seconds(7));
  EXPECT_EQ(config->network.report_interval, std::chrono::seconds(8));
  EXPECT_EQ(config->map.shares[0].environment, EnvironmentMode::kInitFile);
  EXPECT_EQ(config->map.shares[0].accelerators[0].gres, "gpu:a100");
  const Result<LocalAccount> account = MapAccount(config->map, {"id", "physics", "ada", "gpu"});
  ASSERT_TRUE(account.ok());
  EXPECT_EQ(account->local_user, "ada1");
  EXPECT_EQ(account->qos, "high");
  EXPECT_EQ(account->partition, "g");
}

TEST(AgentConfig, ErrorsNameFileLineAndKey) {
  EXPECT_EQ(ErrorOf(std::string(kMinimal) + "brokr: x\n").substr(0, 22), "agent.yaml:5: 'brokr' ");
  struct Case {
    const char* more;
    const char* wanted;
  };
  for (const Case& one : {
           Case{"scheduler: {kind: pbs}\n", "'scheduler.kind' must be one of: process, slurm"},
           Case{"scheduler: {poll_seconds: 0}\n", "'scheduler.poll_seconds'"},
           Case{"scheduler: {settle_seconds: soon}\n", "'scheduler.settle_seconds' must be a whole number"},
           Case{"scheduler: {process: {cores: -1}}\n", "'scheduler.process.cores'"},
           Case{"accounts: [{share: other}]\n", "'accounts[0].share' 'other' is no share"},
           Case{"accounts: [{local_user: root}]\n", "needs account_mode: helper"},
           Case{"network: {probe_address: \"login.example.org:22\"}\n", "must be an address in figures with a port"},
           Case{"network: {probe: all}\n", "'network.probe' must be one of: public, any, none"},
           Case{"network: {probe_seconds: 0}\n", "'network.probe_seconds' must be at least 1"},
           Case{"network: {report_seconds: 0}\n", "'network.report_seconds' must be at least 1"},
           Case{"accounts: {}\n", "'accounts' must be a list"},
           Case{"account_mode: [x]\n", "'account_mode' must be a text"},
       }) {
    EXPECT_THAT(ErrorOf(std::string(kMinimal) + one.more), HasSubstr(one.wanted));
  }
  EXPECT_THAT(ErrorOf("broker: b\ndata_directory: d\n"), HasSubstr("'data_directory' must be an absolute path"));
  EXPECT_THAT(ErrorOf("data_directory: /d\n"), HasSubstr("'broker' must be given"));
  EXPECT_THAT(ErrorOf("broker: [\n"), HasSubstr("agent.yaml:"));
  EXPECT_THAT(ErrorOf("broker: b:1\ndata_directory: /d\nspool_directory: /s\n"), HasSubstr("'shares'"));
  EXPECT_THAT(ErrorOf("broker: b:1\ndata_directory: /d\nspool_directory: /s\nshares: [{name: a}, {name: a}]\n"),
              HasSubstr("twice"));
}

TEST(SiteMap, TheFirstRowThatFitsCountsAndNoRowIsNotEligible) {
  SiteMap map;
  map.shares.resize(2);
  map.shares[0].name = "main";
  map.shares[0].partition = "p1";
  map.shares[1].name = "gpu";
  AccountRow special;
  special.project = "physics";
  special.user = "ada";
  special.local.qos = "high";
  AccountRow rest;
  rest.project = "physics";
  rest.share = "main";
  map.accounts = {special, rest};
  EXPECT_EQ(MapAccount(map, {"id", "physics", "ada", "gpu"})->qos, "high");
  EXPECT_EQ(MapAccount(map, {"id", "physics", "bob", "main"})->qos, "");
  EXPECT_EQ(MapAccount(map, {"id", "physics", "bob", "main"})->partition, "p1");
  const Status none = MapAccount(map, {"id", "physics", "bob", "gpu"}).status();
  EXPECT_EQ(none.code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(MessageOf(none)), HasSubstr("'bob' of project 'physics' in share 'gpu'"));
  EXPECT_THAT(std::string(MessageOf(MapAccount(map, {"id", "physics", "ada", "tape"}).status())),
              HasSubstr("no share 'tape'"));
}

}  // namespace
}  // namespace turnpike
