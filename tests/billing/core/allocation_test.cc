#include "billing/core/allocation.h"

#include <gmock/gmock.h>

#include <limits>

namespace turnpike {
namespace {

constexpr AllocationRule kPlain{.cores_per_node = 64, .accelerators_per_node = 4, .memory_per_node_mib = 256'000};

AllocationRule WholeNodes() {
  AllocationRule rule = kPlain;
  rule.whole_nodes = true;
  return rule;
}

AllocationRule MemoryRule(int64_t memory_per_core_mib) {
  AllocationRule rule = kPlain;
  rule.memory_per_core_mib = memory_per_core_mib;
  return rule;
}

struct Case {
  const char* name;
  RequestedShape shape;
  AllocationRule rule;
  ResourceAmounts expected;
};

const Case kCases[] = {
    {"one core gets its part of the memory", {}, kPlain, {1, 1, 0, 4'000}},
    {"part of the memory rounds up",
     {.cpus_per_task = 1},
     {.cores_per_node = 3, .memory_per_node_mib = 100},
     {1, 1, 0, 34}},
    {"tasks times cores", {.nodes = 2, .tasks = 8, .cpus_per_task = 4}, kPlain, {2, 32, 0, 128'000}},
    {"uneven tasks are all counted", {.nodes = 3, .tasks = 7, .cpus_per_task = 2}, kPlain, {3, 14, 0, 56'000}},
    {"memory per node", {.nodes = 2, .tasks = 2, .memory_per_node_mib = 1'000}, kPlain, {2, 2, 0, 2'000}},
    {"memory per core", {.tasks = 3, .cpus_per_task = 2, .memory_per_core_mib = 500}, kPlain, {1, 6, 0, 3'000}},
    {"accelerators per node", {.nodes = 2, .tasks = 2, .accelerators_per_node = 3}, kPlain, {2, 2, 6, 8'000}},
    {"whole nodes by the share's rule", {.nodes = 2, .tasks = 2}, WholeNodes(), {2, 128, 8, 512'000}},
    {"whole nodes by the job's wish", {.nodes = 3, .tasks = 3, .exclusive = true}, kPlain, {3, 192, 12, 768'000}},
    {"memory brings its cores", {.memory_per_node_mib = 8'000}, MemoryRule(4'000), {1, 2, 0, 8'000}},
    {"cores of memory round up", {.memory_per_node_mib = 8'001}, MemoryRule(4'000), {1, 3, 0, 8'001}},
    {"cores asked for are enough",
     {.cpus_per_task = 8, .memory_per_node_mib = 8'000},
     MemoryRule(4'000),
     {1, 8, 0, 8'000}},
    {"unasked memory comes with the cores", {.cpus_per_task = 8}, MemoryRule(2'000), {1, 8, 0, 16'000}},
    {"each node by its own tasks",
     {.nodes = 2, .tasks = 3, .cpus_per_task = 4, .memory_per_node_mib = 24'000},
     MemoryRule(4'000),
     {2, 8 + 6, 0, 48'000}},
    {"nothing known of the node", {.cpus_per_task = 2}, {}, {1, 2, 0, 0}},
};

TEST(Allocation, HoldsWhatTheSiteWillBill) {
  for (const Case& each : kCases) {
    const ResourceAmounts amounts = Allocate(each.shape, each.rule);
    EXPECT_EQ(amounts, each.expected) << each.name << ": " << amounts.nodes << " nodes, " << amounts.cores << " cores, "
                                      << amounts.accelerators << " accelerators, " << amounts.memory_mib << " MiB";
  }
}

TEST(Allocation, LargestNodeCarriesTheOddTask) {
  const NodeNeed need =
      LargestNodeNeed({.nodes = 3, .tasks = 7, .cpus_per_task = 2, .memory_per_core_mib = 10}, kPlain);
  EXPECT_EQ(need.cores, 6);
  EXPECT_EQ(need.memory_mib, 60);
}

TEST(Allocation, NeverHoldsLessThanAskedFor) {
  for (int64_t nodes = 1; nodes <= 4; ++nodes) {
    for (int64_t tasks = nodes; tasks <= 12; ++tasks) {
      for (int64_t memory : {0, 100, 7'777}) {
        for (int64_t ratio : {0, 3, 1'000}) {
          const RequestedShape shape{.nodes = nodes, .tasks = tasks, .cpus_per_task = 3, .memory_per_node_mib = memory};
          const ResourceAmounts amounts = Allocate(shape, MemoryRule(ratio));
          EXPECT_GE(amounts.cores, tasks * 3);
          EXPECT_GE(amounts.memory_mib, nodes * memory);
          EXPECT_GE(amounts.cores * (ratio == 0 ? 1'000'000 : ratio), nodes * memory);
          EXPECT_LE(LargestNodeNeed(shape, MemoryRule(ratio)).cores, amounts.cores);
        }
      }
    }
  }
}

TEST(Allocation, SixteenThousandAcceleratorsForSixtyThreeDaysFit) {
  const Result<ResourceSeconds> use =
      HoldFor({.nodes = 4'000, .cores = 256'000, .accelerators = 16'000, .memory_mib = 1}, std::chrono::hours(24 * 63));
  ASSERT_TRUE(use.ok());
  EXPECT_EQ(use->accelerator_seconds, 87'091'200'000);
}

TEST(Allocation, TimeThatDoesNotFitIsAnError) {
  const Result<ResourceSeconds> use = HoldFor({.cores = std::numeric_limits<int64_t>::max()}, std::chrono::seconds(2));
  EXPECT_EQ(use.status().code(), StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace turnpike
