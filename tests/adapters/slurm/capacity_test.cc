#include "adapters/slurm/capacity.h"

#include <gmock/gmock.h>

#include "tests/adapters/slurm/testdata.h"

namespace turnpike::slurm {
namespace {

using ::testing::HasSubstr;

SlurmSettings Settings() {
  SlurmSettings settings;
  settings.accelerators = {{"gpu:fake", "fake-80g"}};
  return settings;
}

const ShareCapacity& Share(const std::vector<ShareCapacity>& shares, const std::string& name) {
  for (const ShareCapacity& share : shares) {
    if (share.name == name) return share;
  }
  ADD_FAILURE() << "no share " << name;
  return shares.front();
}

std::vector<Node> Nodes(const std::string& file) {
  auto nodes = ParseNodes(ReadSample(file));
  EXPECT_TRUE(nodes.ok()) << file << ": " << nodes.status();
  return *nodes;
}
std::vector<Partition> Partitions(const std::string& file) {
  auto partitions = ParsePartitions(ReadSample(file));
  EXPECT_TRUE(partitions.ok()) << file << ": " << partitions.status();
  return *partitions;
}

TEST(Capacity, ReadsNodes) {
  const std::vector<Node> nodes = Nodes("scontrol-show-node.out");
  ASSERT_EQ(nodes.size(), 2U);
  EXPECT_EQ(nodes[0].name, "alphan1");
  EXPECT_EQ(nodes[0].cpu_architecture, "x86_64");
  EXPECT_EQ(nodes[0].cpus, 64);
  EXPECT_EQ(nodes[0].memory_mib, 65536);
  EXPECT_EQ(nodes[0].gres, (std::map<std::string, int64_t>{{"gpu:fake", 4}}));
  EXPECT_THAT(nodes[0].partitions, ::testing::ElementsAre("main", "short", "scavenge", "urgent"));
  EXPECT_TRUE(nodes[0].idle());

  const Node drained = Nodes("scontrol-show-node-drained.out").front();
  EXPECT_EQ(drained.state, "IDLE+DRAIN");
  EXPECT_FALSE(drained.usable());
  EXPECT_EQ(drained.reason, "disk fault [root@2026-11-21T22:36:17]");
  const Node down = Nodes("scontrol-show-node-down.out").front();
  EXPECT_EQ(down.state, "DOWN+NOT_RESPONDING");
  EXPECT_FALSE(down.usable());
}

TEST(Capacity, KnowsUsableStates) {
  for (const char* state : {"IDLE", "MIXED", "ALLOCATED", "COMPLETING", "MIXED+PLANNED", "IDLE+CLOUD", "IDLE~",
                            "MIXED#", "ALLOCATED+COMPLETING", "IDLE+POWERED_DOWN", "IDLE+RESERVED"}) {
    Node node;
    node.state = state;
    EXPECT_TRUE(node.usable()) << state;
  }
  for (const char* state :
       {"DOWN", "DOWN*", "IDLE*", "IDLE+DRAIN", "MIXED+DRAIN", "ERROR", "FAIL", "FUTURE", "UNKNOWN", "IDLE+MAINTENANCE",
        "DOWN+NOT_RESPONDING", "IDLE+NOT_RESPONDING", "ALLOCATED+DRAIN*", "INVAL"}) {
    Node node;
    node.state = state;
    EXPECT_FALSE(node.usable()) << state;
  }
}

TEST(Capacity, ReadsPartitions) {
  const std::vector<Partition> partitions = Partitions("scontrol-show-partition.out");
  ASSERT_EQ(partitions.size(), 5U);
  EXPECT_TRUE(partitions[0].is_default);
  EXPECT_EQ(partitions[0].time_limit_max, std::nullopt);
  EXPECT_EQ(partitions[0].time_limit_default, std::chrono::hours(1));
  EXPECT_EQ(partitions[1].time_limit_max, std::chrono::minutes(5));
  EXPECT_EQ(partitions[4].state, "DOWN");
  EXPECT_EQ(partitions[4].nodes_max, 0);
}

TEST(Capacity, OffersEveryPartitionOverOnePool) {
  const auto shares =
      ComputeCapacity(Settings(), Partitions("scontrol-show-partition.out"), Nodes("scontrol-show-node.out"), {});
  ASSERT_EQ(shares.size(), 5U);
  for (const ShareCapacity& share : shares) {
    SCOPED_TRACE(share.name);
    EXPECT_EQ(share.pool, "closed");  // the first name of all that are connected
    EXPECT_EQ(share.cores_per_node, 64);
    EXPECT_EQ(share.memory_per_node_mib, 65536);
    EXPECT_EQ(share.accelerators_per_node, 4);
    EXPECT_EQ(share.accelerator_model, "fake-80g");
    EXPECT_EQ(share.nodes_total, 2);
    EXPECT_EQ(share.nodes_idle, 2);
    EXPECT_EQ(share.cores_total, 128);
    EXPECT_EQ(share.cores_idle, 128);
    EXPECT_EQ(share.accelerators_idle, 8);
    EXPECT_EQ(share.open, share.name != "closed");
  }
  EXPECT_EQ(Share(shares, "closed").closed_reason, "partition closed is DOWN");
  EXPECT_EQ(Share(shares, "short").time_limit_max, std::chrono::minutes(5));
  EXPECT_EQ(Share(shares, "short").time_limit_default, std::chrono::minutes(1));
  EXPECT_EQ(Share(shares, "scavenge").time_limit_default, std::chrono::hours(1));
}

TEST(Capacity, LeavesDrainedAndDownNodesOut) {
  std::vector<Node> nodes = Nodes("scontrol-show-node-drained.out");
  const std::vector<Node> down = Nodes("scontrol-show-node-down.out");
  nodes.insert(nodes.end(), down.begin(), down.end());
  const auto shares = ComputeCapacity(Settings(), Partitions("scontrol-show-partition.out"), nodes, {});
  for (const ShareCapacity& share : shares) {
    EXPECT_EQ(share.nodes_total, 0) << share.name;
    EXPECT_EQ(share.cores_idle, 0) << share.name;
    EXPECT_FALSE(share.open) << share.name;
  }
  EXPECT_THAT(Share(shares, "urgent").closed_reason, HasSubstr("no node"));
}

TEST(Capacity, CountsWhatRunsAndWaits) {
  const auto jobs = ParseQueue(ReadSample("adapter-squeue.out"), kSampleSeparator);
  ASSERT_TRUE(jobs.ok());
  const auto shares =
      ComputeCapacity(Settings(), Partitions("adapter-partitions.out"), Nodes("adapter-nodes.out"), *jobs);
  const ShareCapacity& share = Share(shares, "main");
  EXPECT_EQ(share.nodes_total, 2);
  EXPECT_EQ(share.nodes_idle, 0);
  EXPECT_EQ(share.cores_total, 16);
  EXPECT_EQ(share.cores_idle, 11);
  EXPECT_EQ(share.accelerators_total, 8);
  EXPECT_EQ(share.accelerators_idle, 6);
  EXPECT_EQ(share.jobs_waiting, 2);  // strangers' as well
  EXPECT_EQ(share.core_seconds_waiting, 2 * 3600);
  // Four cores for 90 minutes less 5 s, and one without a time limit, which counts as a week.
  EXPECT_EQ(share.core_seconds_running, 4 * (5400 - 5) + (7 * 24 * 3600 - 1));
  EXPECT_EQ(Share(shares, "short").jobs_waiting, 0);
  EXPECT_EQ(Share(shares, "short").core_seconds_running, share.core_seconds_running);
}

Node MakeNode(const std::string& name, int cpus, std::vector<std::string> partitions) {
  Node node;
  node.name = name;
  node.cpus = cpus;
  node.state = "IDLE";
  node.partitions = std::move(partitions);
  return node;
}
Partition MakePartition(const std::string& name) {
  Partition partition;
  partition.name = name;
  partition.state = "UP";
  return partition;
}

TEST(Capacity, KeepsPoolsApartThatShareNoNode) {
  const std::vector<Partition> partitions = {MakePartition("a"), MakePartition("b"), MakePartition("c"),
                                             MakePartition("d")};
  const std::vector<Node> nodes = {MakeNode("n1", 8, {"a"}), MakeNode("n2", 8, {"a", "c"}), MakeNode("n3", 8, {"b"}),
                                   MakeNode("n4", 8, {"c", "d"})};
  const auto shares = ComputeCapacity({}, partitions, nodes, {});
  EXPECT_EQ(Share(shares, "a").pool, "a");
  EXPECT_EQ(Share(shares, "c").pool, "a");
  EXPECT_EQ(Share(shares, "d").pool, "a");
  EXPECT_EQ(Share(shares, "b").pool, "b");
  EXPECT_EQ(Share(shares, "a").cores_total, 24);
  EXPECT_EQ(Share(shares, "b").cores_total, 8);
}

TEST(Capacity, FollowsTheOperator) {
  SlurmSettings settings;
  settings.shares.resize(2);
  settings.shares[0].name = "fast";
  settings.shares[0].partition = "a";
  settings.shares[0].pool = "hall-2";
  settings.shares[0].whole_nodes = true;
  settings.shares[0].memory_per_core_mib = 4096;
  settings.shares[0].environment = EnvironmentMode::kClean;
  settings.shares[1].partition = "missing";
  Partition partition = MakePartition("a");
  partition.overrun = std::chrono::minutes(5);
  const auto shares = ComputeCapacity(settings, {partition, MakePartition("b")}, {MakeNode("n1", 8, {"a"})}, {});
  ASSERT_EQ(shares.size(), 2U);
  EXPECT_EQ(shares[0].name, "fast");
  EXPECT_EQ(shares[0].pool, "hall-2");
  EXPECT_TRUE(shares[0].whole_nodes);
  EXPECT_EQ(shares[0].memory_per_core_mib, 4096);
  EXPECT_EQ(shares[0].overrun, std::chrono::minutes(5));
  EXPECT_EQ(shares[0].environment, EnvironmentMode::kClean);
  EXPECT_FALSE(shares[1].open);
  EXPECT_EQ(shares[1].closed_reason, "partition missing does not exist");
}

TEST(Capacity, DescribesMixedPartitionsByTheirMostFrequentNode) {
  const std::vector<Node> nodes = {MakeNode("n1", 128, {"a"}), MakeNode("n2", 64, {"a"}), MakeNode("n3", 64, {"a"})};
  const auto shares = ComputeCapacity({}, {MakePartition("a")}, nodes, {});
  EXPECT_EQ(shares[0].cores_per_node, 64);
  EXPECT_EQ(shares[0].cores_total, 256);
  EXPECT_THAT(MixedPartitions(nodes, {}), ::testing::ElementsAre("a"));
}

TEST(Capacity, RefusesBrokenOutput) {
  const std::string good = ReadSample("adapter-nodes.out");
  const std::pair<const char*, const char*> spoilt[] = {{"CPUTot=8", "CPUTot=many"},
                                                        {"RealMemory=", "Memory="},
                                                        {"State=", "Stat="},
                                                        {"NodeName=dv4n1", "Name=dv4n1"},
                                                        {"AllocTRES=cpu=3", "AllocTRES=cpu=x"}};
  for (const auto& [from, to] : spoilt) {
    std::string text = good;
    text.replace(text.find(from), std::string(from).size(), to);
    if (std::string(from) == "CPUTot=8") text.replace(text.find("CPUEfctv=8"), 10, "CPUEfctv=?");
    if (std::string(from) == "NodeName=dv4n1") text = text.substr(0, text.find('\n') + 1);
    EXPECT_EQ(ParseNodes(text).status().code(), StatusCode::kDataLoss) << to;
  }
  EXPECT_FALSE(ParseNodes(good.substr(0, good.size() - 1)).ok());
  EXPECT_FALSE(ParseNodes(std::string("NodeName=x\0\n", 12)).ok());
  EXPECT_FALSE(ParsePartitions("PartitionName=a State=UP MaxTime=soon DefaultTime=NONE MaxNodes=1\n").ok());
  EXPECT_FALSE(ParseConfig("nothing here\n").ok());
}

TEST(Capacity, ReadsTheConfiguration) {
  const auto config = ParseConfig(ReadSample("adapter-config.out"));
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->at("ClusterName"), "dv4");
  EXPECT_EQ(config->at("SLURM_VERSION"), "22.05.8");
  EXPECT_EQ(config->at("MinJobAge"), "300 sec");
  EXPECT_EQ(config->at("PrivateData"), "none");
}

}  // namespace
}  // namespace turnpike::slurm
