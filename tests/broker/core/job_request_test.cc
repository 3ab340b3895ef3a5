#include "broker/core/job_request.h"

#include <gmock/gmock.h>

#include <functional>

#include "broker/core/stored_request.h"
#include "tests/broker/core/match_fixture.h"

namespace turnpike {
namespace {

struct Change {
  const char* path;  // of the one violation; empty: valid
  std::function<void(JobRequest&)> apply;
};

const Change kChanges[] = {
    {"", [](JobRequest&) {}},
    {"", [](JobRequest& r) { r.nodes = 4, r.tasks = 8, r.tasks_per_node = 2; }},
    {"", [](JobRequest& r) { r.accelerator_model = "gpu", r.accelerators_per_node = 2; }},
    {"", [](JobRequest& r) { r.time_limit = std::nullopt; }},
    {"spec.resources.nodes", [](JobRequest& r) { r.nodes = 0; }},
    {"spec.resources.tasks", [](JobRequest& r) { r.nodes = 3, r.tasks = 2; }},
    {"spec.resources.tasks_per_node", [](JobRequest& r) { r.nodes = 2, r.tasks = 9, r.tasks_per_node = 4; }},
    {"spec.resources.tasks_per_node", [](JobRequest& r) { r.tasks_per_node = -1; }},
    {"spec.resources.cpus_per_task", [](JobRequest& r) { r.cpus_per_task = 0; }},
    {"spec.resources.memory_per_node_mib", [](JobRequest& r) { r.memory_per_node_mib = -1; }},
    {"spec.resources.memory_per_node_mib", [](JobRequest& r) { r.memory_per_node_mib = INT64_MAX; }},
    {"spec.resources.memory_per_cpu_mib", [](JobRequest& r) { r.memory_per_cpu_mib = INT64_MAX; }},
    {"spec.resources.memory_per_cpu_mib", [](JobRequest& r) { r.memory_per_cpu_mib = r.memory_per_node_mib = 1; }},
    {"spec.resources.accelerators", [](JobRequest& r) { r.accelerator_model = "a100"; }},
    {"spec.resources.accelerators", [](JobRequest& r) { r.accelerators_per_node = 1; }},
    {"spec.time_limit", [](JobRequest& r) { r.time_limit = std::chrono::seconds(0); }},
    {"spec.time_limit", [](JobRequest& r) { r.time_limit = std::chrono::hours(24 * 400); }},
    {"spec.cpu_architectures", [](JobRequest& r) { r.cpu_architectures = {""}; }},
    {"spec.placement.sites", [](JobRequest& r) { r.sites.assign(1'001, "a"); }},
    {"spec.placement.budget", [](JobRequest& r) { r.budget_micros = -1; }},
    {"spec.priority", [](JobRequest& r) { r.priority = 1'001; }},
    {"spec.retry_policy.attempts_max", [](JobRequest& r) { r.attempts_max = 0; }},
};

TEST(JobRequest, ValidationNamesTheField) {
  for (const Change& change : kChanges) {
    JobRequest request = OneCore();
    change.apply(request);
    FieldViolations violations;
    ValidateRequest(request, "spec", violations);
    const std::vector<FieldViolation> found = DetailsOf(violations.ToStatus()).violations;
    ASSERT_EQ(found.size(), *change.path == '\0' ? 0U : 1U) << change.path;
    if (!found.empty()) {
      EXPECT_EQ(found[0].path, change.path) << found[0].description;
    }
  }
}

TEST(JobRequest, LargestValidRequestDoesNotWrapRound) {
  JobRequest request = OneCore();
  request.nodes = 1'000'000;
  request.tasks = 10'000'000;
  request.cpus_per_task = 10'000;
  request.memory_per_cpu_mib = int64_t{1} << 24U;
  FieldViolations violations;
  ValidateRequest(request, "spec", violations);
  ASSERT_TRUE(violations.empty());
  const ResourceAmounts amounts = Allocate(ShapeOf(request), {});
  EXPECT_EQ(amounts.cores, 100'000'000'000);
  EXPECT_EQ(amounts.memory_mib, 100'000'000'000 * (int64_t{1} << 24U));
}

TEST(JobRequest, ObjectiveNamesComeBack) {
  for (const Objective objective : {Objective::kBalanced, Objective::kFastest, Objective::kCheapest}) {
    EXPECT_EQ(ParseObjective(ObjectiveName(objective)), objective);
  }
  EXPECT_EQ(ParseObjective("GREENEST"), std::nullopt);
}

TEST(StoredRequest, ComesBack) {
  JobRequest request = OneCore();
  request.cpu_architectures = {"aarch64", "x86_64"};
  request.sites = {"alpha"};
  request.excluded_sites = {"beta"};
  request.regions = {"eu"};
  request.avoided_shares = {"alpha/old"};
  request.accelerator_model = "a100";
  request.accelerators_per_node = 2;
  request.budget_micros = 5;
  request.objective = Objective::kCheapest;
  request.rerun_safe = request.exclusive = true;
  request.price_list = 9;
  request.round_trip_max = std::chrono::microseconds(12'345);
  request.user_region = "cn-east";
  const Result<JobRequest> decoded = DecodeJobRequest(EncodeJobRequest(request));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, request);
}

}  // namespace
}  // namespace turnpike
