// What of a job spec is taken over, and each field that is refused, by its path.

#include "broker/rpc/decode_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/broker/rpc/sample_spec.h"
#include "tests/broker/rpc/violation_paths.h"

namespace turnpike {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

Status Judge(const v1::JobSpec& spec) {
  return DecodeSpec(spec, "spec").invalid;
}
Status Judge(const std::string& changes) {
  return Judge(SampleSpec(changes));
}

// The field is wrong, and nothing else is.
void ExpectRefused(const v1::JobSpec& spec, const std::string& path) {
  const Status status = Judge(spec);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
  EXPECT_EQ(DetailsOf(status).reason, ErrorReason::kInvalidField);
  EXPECT_THAT(PathsOf(status), testing::AllOf(SizeIs(testing::Ge(1U)), Each(path)));
}

struct Named {
  std::string changes;
  std::string path;
};

std::string Repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) {
    all += text;
  }
  return all;
}

TEST(DecodeSpec, FillsInTheContractsDefaults) {
  const JobDraft draft = DecodeSpec(SampleSpec("resources { nodes: 2 }"), "spec");
  ASSERT_TRUE(draft.invalid.ok()) << draft.invalid;
  EXPECT_EQ(draft.name, "job");
  EXPECT_EQ(draft.request.nodes, 2);
  EXPECT_EQ(draft.request.tasks, 2);
  EXPECT_EQ(draft.request.cpus_per_task, 1);
  EXPECT_EQ(draft.request.attempts_max, 3);
  EXPECT_EQ(draft.request.time_limit, std::chrono::seconds(600));
  EXPECT_EQ(draft.request.objective, Objective::kBalanced);
  EXPECT_EQ(draft.request.budget_micros, std::nullopt);
}

TEST(DecodeSpec, TakesOverWhatMatchingNeeds) {
  const JobDraft draft = DecodeSpec(SampleSpec(R"(
      name: "Überlauf" priority: -7 cpu_architectures: "x86_64"
      resources { nodes: 2 tasks: 8 tasks_per_node: 4 cpus_per_task: 3 memory_per_cpu_mib: 500 exclusive: true
                  accelerators { model: "a100" per_node: 4 } }
      placement { sites: "alpha" excluded_sites: "beta" regions: "north" objective: OBJECTIVE_CHEAPEST budget: "12.50" }
      retry_policy { attempts_max: 5 rerun_safe: true })"),
                                    "spec");
  ASSERT_TRUE(draft.invalid.ok()) << draft.invalid;
  EXPECT_EQ(draft.name, "Überlauf");
  JobRequest wanted;
  wanted.nodes = 2;
  wanted.tasks = 8;
  wanted.tasks_per_node = 4;
  wanted.cpus_per_task = 3;
  wanted.memory_per_cpu_mib = 500;
  wanted.accelerator_model = "a100";
  wanted.accelerators_per_node = 4;
  wanted.exclusive = true;
  wanted.time_limit = std::chrono::seconds(600);
  wanted.cpu_architectures = {"x86_64"};
  wanted.sites = {"alpha"};
  wanted.excluded_sites = {"beta"};
  wanted.regions = {"north"};
  wanted.objective = Objective::kCheapest;
  wanted.budget_micros = 12'500'000;
  wanted.rerun_safe = true;
  wanted.priority = -7;
  wanted.attempts_max = 5;
  EXPECT_EQ(draft.request, wanted);
}

TEST(DecodeSpec, KeepsTheScriptApartFromTheSpec) {
  const JobDraft draft = DecodeSpec(SampleSpec(R"(name: "n" script { arguments: "a" })"), "spec");
  ASSERT_TRUE(draft.invalid.ok()) << draft.invalid;
  EXPECT_EQ(draft.script, "#!/bin/sh\ntrue\n");
  v1::JobSpec stored;
  ASSERT_TRUE(stored.ParseFromString(draft.spec));
  EXPECT_EQ(stored.script().content(), "");
  EXPECT_THAT(stored.script().arguments(), ElementsAre("a"));
  EXPECT_EQ(stored.name(), "n");
}

TEST(DecodeSpec, RoundsAPartOfASecondUp) {
  const JobDraft draft = DecodeSpec(SampleSpec("time_limit { seconds: 0 nanos: 1 }"), "spec");
  ASSERT_TRUE(draft.invalid.ok()) << draft.invalid;
  EXPECT_EQ(draft.request.time_limit, std::chrono::seconds(1));
}

TEST(DecodeSpec, NamesEachFieldThatIsWrong) {
  const Named cases[] = {
      {R"(name: "a\nb")", "spec.name"},
      {R"(name: "a\177")", "spec.name"},
      {R"(name: "a\000b")", "spec.name"},
      {R"(script { content: "" })", "spec.script.content"},
      {R"(script { content: "true\n" })", "spec.script.content"},
      {R"(script { content: "#!/bin/sh\n\000" })", "spec.script.content"},
      {R"(script { arguments: "\000" })", "spec.script.arguments[0]"},
      {R"(script { file_name: "\000" })", "spec.script.file_name"},
      {R"(command { })", "spec.command.arguments"},
      {R"(command { arguments: "" arguments: "a" })", "spec.command.arguments"},
      {R"(resources { nodes: -1 })", "spec.resources.nodes"},
      {R"(resources { nodes: 1000001 })", "spec.resources.nodes"},
      {R"(resources { tasks: -1 })", "spec.resources.tasks"},
      {R"(resources { tasks: 10000001 })", "spec.resources.tasks"},
      {R"(resources { tasks_per_node: -1 })", "spec.resources.tasks_per_node"},
      {R"(resources { cpus_per_task: -1 })", "spec.resources.cpus_per_task"},
      {R"(resources { cpus_per_task: 10001 })", "spec.resources.cpus_per_task"},
      {R"(resources { cpus_per_task: 2147483647 })", "spec.resources.cpus_per_task"},
      {R"(resources { memory_per_node_mib: -1 })", "spec.resources.memory_per_node_mib"},
      {R"(resources { memory_per_node_mib: 1073741825 })", "spec.resources.memory_per_node_mib"},
      {R"(resources { memory_per_cpu_mib: -1 })", "spec.resources.memory_per_cpu_mib"},
      {R"(resources { memory_per_cpu_mib: 16777217 })", "spec.resources.memory_per_cpu_mib"},
      {R"(resources { accelerators { model: "a100" per_node: -1 } })", "spec.resources.accelerators.per_node"},
      {R"(resources { accelerators { model: "a100" per_node: 1001 } })", "spec.resources.accelerators.per_node"},
      {R"(time_limit { seconds: 0 })", "spec.time_limit"},
      {R"(time_limit { seconds: -1 })", "spec.time_limit"},
      {R"(time_limit { seconds: 31622401 })", "spec.time_limit"},
      {R"(time_limit { seconds: 31622400 nanos: 1 })", "spec.time_limit"},
      {R"(time_limit { seconds: 9223372036854775807 nanos: 1 })", "spec.time_limit"},
      {R"(signal { before_end { seconds: 60 } })", "spec.signal.name"},
      {R"(signal { name: "USR 1" before_end { seconds: 60 } })", "spec.signal.name"},
      {R"(signal { name: "1x" before_end { seconds: 60 } })", "spec.signal.name"},
      {R"(signal { name: "USR1" })", "spec.signal.before_end"},
      {R"(signal { name: "USR1" before_end { seconds: 64801 } })", "spec.signal.before_end"},
      {R"(environment { value: "v" })", "spec.environment[0].name"},
      {R"(environment { name: "1A" })", "spec.environment[0].name"},
      {R"(environment { name: "A=B" })", "spec.environment[0].name"},
      {R"(environment { name: "SLURM_JOB_ID" })", "spec.environment[0].name"},
      {R"(environment { name: "LD_PRELOAD" })", "spec.environment[0].name"},
      {R"(environment { name: "TURNPIKE_JOB" })", "spec.environment[0].name"},
      {R"(environment { name: "BASH_ENV" })", "spec.environment[0].name"},
      {R"(environment { name: "B" } environment { name: "A" })", "spec.environment[1].name"},
      {R"(environment { name: "A" } environment { name: "A" })", "spec.environment[1].name"},
      {R"(environment { name: "A" value: "\000" })", "spec.environment[0].value"},
      {R"(working_directory: "work")", "spec.working_directory"},
      {R"(placement { sites: "" })", "spec.placement.sites"},
      {R"(placement { excluded_sites: "" })", "spec.placement.excluded_sites"},
      {R"(placement { regions: "" })", "spec.placement.regions"},
      {R"(placement { objective: 99 })", "spec.placement.objective"},
      {R"(placement { budget: "much" })", "spec.placement.budget"},
      {R"(placement { budget: "-1" })", "spec.placement.budget"},
      {R"(placement { budget: "NaN" })", "spec.placement.budget"},
      {R"(placement { budget: "1.0000001" })", "spec.placement.budget"},
      {R"(placement { budget: "99999999999999999999" })", "spec.placement.budget"},
      {R"(priority: 1001)", "spec.priority"},
      {R"(priority: -1001)", "spec.priority"},
      {R"(retry_policy { attempts_max: 11 })", "spec.retry_policy.attempts_max"},
      {R"(retry_policy { attempts_max: -1 })", "spec.retry_policy.attempts_max"},
      {R"(labels { value: "v" })", "spec.labels[0]"},
      {R"(site_flags { scheduler: "make" flag: "--jobs" })", "spec.site_flags[0]"},
      {R"(site_flags { scheduler: "slurm" flag: "-C" })", "spec.site_flags[0]"},
      {R"(cpu_architectures: "")", "spec.cpu_architectures"},
  };
  for (const auto& [changes, path] : cases) {
    SCOPED_TRACE(changes);
    ExpectRefused(SampleSpec(changes), path);
  }
}

TEST(DecodeSpec, RefusesAJobWithoutAProgram) {
  v1::JobSpec spec = SampleSpec();
  spec.clear_script();
  ExpectRefused(spec, "spec.program");
}

TEST(DecodeSpec, RefusesFieldsThatContradictEachOther) {
  const Named cases[] = {
      {"resources { nodes: 4 tasks: 3 }", "spec.resources.tasks"},
      {"resources { nodes: 2 tasks: 5 tasks_per_node: 2 }", "spec.resources.tasks_per_node"},
      {"resources { memory_per_node_mib: 1 memory_per_cpu_mib: 1 }", "spec.resources.memory_per_cpu_mib"},
      {R"(resources { accelerators { model: "a100" } })", "spec.resources.accelerators"},
      {"resources { accelerators { per_node: 1 } }", "spec.resources.accelerators"},
  };
  for (const auto& [changes, path] : cases) {
    SCOPED_TRACE(changes);
    ExpectRefused(SampleSpec(changes), path);
  }
}

TEST(DecodeSpec, TakesNumbersUpToTheirLimits) {
  const std::string cases[] = {
      "resources { nodes: 1000000 }",
      "resources { tasks: 10000000 }",
      "resources { tasks_per_node: 10000000 }",
      "resources { cpus_per_task: 10000 }",
      "resources { memory_per_node_mib: 1073741824 }",
      "resources { memory_per_cpu_mib: 16777216 }",
      R"(resources { accelerators { model: "gpu" per_node: 1000 } })",
      "time_limit { seconds: 1 }",
      "time_limit { seconds: 31622400 }",
      "priority: 1000",
      "priority: -1000",
      "retry_policy { attempts_max: 1 }",
      "retry_policy { attempts_max: 10 }",
      R"(signal { name: "USR1" before_end { seconds: 1 } })",
      R"(signal { name: "10" before_end { seconds: 64800 } })",
      R"(placement { budget: "0" })",
  };
  for (const std::string& changes : cases) {
    EXPECT_TRUE(Judge(changes).ok()) << changes << Judge(changes);
  }
}

struct SizeCase {
  std::string path;
  size_t bytes_max;
  std::function<void(v1::JobSpec&, size_t)> set;
};

TEST(DecodeSpec, TakesTextUpToItsLimitAndNotAbove) {
  const SizeCase cases[] = {
      {"spec.name", 128, [](auto& spec, size_t bytes) { spec.set_name(std::string(bytes, 'n')); }},
      {"spec.script.content", 1U << 20U,
       [](auto& spec, size_t bytes) { spec.mutable_script()->set_content("#!" + std::string(bytes - 2, 'x')); }},
      // An argument has an end, a variable an equals sign and an end.
      {"spec.script.arguments", 128U << 10U,
       [](auto& spec, size_t bytes) { spec.mutable_script()->add_arguments(std::string(bytes - 1, 'a')); }},
      {"spec.command.arguments", 128U << 10U,
       [](auto& spec, size_t bytes) { spec.mutable_command()->add_arguments(std::string(bytes - 1, 'a')); }},
      {"spec.environment", 128U << 10U,
       [](auto& spec, size_t bytes) {
         v1::EnvironmentVariable& variable = *spec.add_environment();
         variable.set_name("A");
         variable.set_value(std::string(bytes - 3, 'v'));
       }},
      {"spec.working_directory", 4'096,
       [](auto& spec, size_t bytes) { spec.set_working_directory("/" + std::string(bytes - 1, 'd')); }},
      {"spec.script.file_name", 255,
       [](auto& spec, size_t bytes) { spec.mutable_script()->set_file_name(std::string(bytes, 'f')); }},
      {"spec.placement.sites", 255,
       [](auto& spec, size_t bytes) { spec.mutable_placement()->add_sites(std::string(bytes, 's')); }},
      {"spec.placement.excluded_sites", 255,
       [](auto& spec, size_t bytes) { spec.mutable_placement()->add_excluded_sites(std::string(bytes, 's')); }},
      {"spec.placement.regions", 255,
       [](auto& spec, size_t bytes) { spec.mutable_placement()->add_regions(std::string(bytes, 'r')); }},
      {"spec.cpu_architectures", 255,
       [](auto& spec, size_t bytes) { spec.add_cpu_architectures(std::string(bytes, 'c')); }},
      {"spec.resources.accelerators.model", 255,
       [](auto& spec, size_t bytes) {
         spec.mutable_resources()->mutable_accelerators()->set_model(std::string(bytes, 'm'));
         spec.mutable_resources()->mutable_accelerators()->set_per_node(1);
       }},
      {"spec.signal.name", 32,
       [](auto& spec, size_t bytes) {
         spec.mutable_signal()->set_name(std::string(bytes, 'S'));
         spec.mutable_signal()->mutable_before_end()->set_seconds(60);
       }},
      {"spec.site_flags[0].flag", 1'024,
       [](auto& spec, size_t bytes) {
         spec.add_site_flags()->set_scheduler("slurm");
         spec.mutable_site_flags(0)->set_flag("--" + std::string(bytes - 2, 'f'));
       }},
      {"spec.site_flags[0].value", 1'024,
       [](auto& spec, size_t bytes) {
         spec.add_site_flags()->set_scheduler("slurm");
         spec.mutable_site_flags(0)->set_flag("--constraint");
         spec.mutable_site_flags(0)->set_value(std::string(bytes, 'v'));
       }},
      {"spec.labels[0]", 63, [](auto& spec, size_t bytes) { spec.add_labels()->set_key(std::string(bytes, 'k')); }},
      {"spec.labels[0]", 255,
       [](auto& spec, size_t bytes) {
         v1::Label& label = *spec.add_labels();
         label.set_key("k");
         label.set_value(std::string(bytes, 'v'));
       }},
  };
  for (const SizeCase& one : cases) {
    SCOPED_TRACE(one.path);
    v1::JobSpec spec = SampleSpec();
    one.set(spec, one.bytes_max);
    EXPECT_TRUE(Judge(spec).ok()) << Judge(spec);
    spec = SampleSpec();
    one.set(spec, one.bytes_max + 1);
    ExpectRefused(spec, one.path);
  }
}

TEST(DecodeSpec, TakesListsUpToTheirLimitAndNotAbove) {
  const struct {
    std::string entry;
    int count_max;
    std::string path;
  } cases[] = {
      {R"(labels { key: "k" } )", 64, "spec.labels"},
      {R"(site_flags { scheduler: "slurm" flag: "--constraint" } )", 64, "spec.site_flags"},
      {R"(placement { sites: "alpha" } )", 1'000, "spec.placement.sites"},
      {R"(placement { excluded_sites: "alpha" } )", 1'000, "spec.placement.excluded_sites"},
      {R"(placement { regions: "north" } )", 1'000, "spec.placement.regions"},
      {R"(cpu_architectures: "x86_64" )", 1'000, "spec.cpu_architectures"},
  };
  for (const auto& [entry, count_max, path] : cases) {
    SCOPED_TRACE(path);
    EXPECT_TRUE(Judge(Repeated(entry, count_max)).ok());
    ExpectRefused(SampleSpec(Repeated(entry, count_max + 1)), path);
  }
}

// Each list within its own limit, all of them together above what a broker keeps of a job.
TEST(DecodeSpec, TakesAllTextTogetherUpToItsLimitAndNotAbove) {
  v1::JobSpec spec = SampleSpec("working_directory: '/d'");
  spec.mutable_script()->set_content("#!" + std::string((1U << 20U) - 2, 'x'));
  for (int i = 0; i < 1'000; ++i) {
    spec.mutable_placement()->add_sites(std::string(255, 's'));
    spec.mutable_placement()->add_excluded_sites(std::string(255, 'x'));
  }
  const auto size = [&] { return spec.ByteSizeLong() - spec.script().content().size(); };
  while (size() < (512U << 10U)) {
    const size_t missing = (512U << 10U) - size();
    missing > 600 ? spec.mutable_placement()->add_regions(std::string(250, 'r'))
                  : spec.add_cpu_architectures(std::string(std::min<size_t>(missing - 2, 100), 'c'));
  }
  ASSERT_EQ(size(), 512U << 10U);
  EXPECT_TRUE(Judge(spec).ok()) << Judge(spec);
  spec.mutable_working_directory()->push_back('d');
  ExpectRefused(spec, "spec");
}

TEST(DecodeSpec, SaysHowLargeAScriptOfTenMegabytesIs) {
  v1::JobSpec spec = SampleSpec();
  spec.mutable_script()->set_content("#!/bin/sh\n" + std::string(10U << 20U, '#'));
  const Status status = Judge(spec);
  ExpectRefused(spec, "spec.script.content");
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("has 10485770 bytes, 1048576 are allowed"));
}

TEST(DecodeSpec, NamesEveryWrongFieldAtOnceAndWhereTheSpecStands) {
  const JobDraft draft = DecodeSpec(SampleSpec(R"(name: "\n" priority: 5000 resources { nodes: -1 })"), "specs[3]");
  EXPECT_THAT(PathsOf(draft.invalid), ElementsAre("specs[3].name", "specs[3].resources.nodes", "specs[3].priority"));
}

TEST(DecodeSpec, RefusesByNameWhatDoesNotWorkYet) {
  const Named cases[] = {
      {"time_limit_min { seconds: 1 }", "spec.time_limit_min"},
      {R"(standard_input_path: "/in")", "spec.standard_input_path"},
      {R"(standard_output_path: "/out")", "spec.standard_output_path"},
      {R"(standard_error_path: "/err")", "spec.standard_error_path"},
      {R"(launcher { name: "srun" })", "spec.launcher"},
      {R"(software { name: "gcc" })", "spec.software"},
      {R"(container_image: "debian")", "spec.container_image"},
      {R"(licenses { name: "abaqus" })", "spec.licenses"},
      {R"(inputs { url: "https://example.org" })", "spec.inputs"},
      {R"(outputs { url: "https://example.org" })", "spec.outputs"},
      {"array { last: 3 }", "spec.array"},
      {R"(dependencies { job_id: "1" })", "spec.dependencies"},
      {"begin_time { seconds: 1 }", "spec.begin_time"},
      {"hold: true", "spec.hold"},
      {"continuation { }", "spec.continuation"},
      {R"(notifications { address: "ada" })", "spec.notifications"},
      {"resources { node_disk_mib: 1 }", "spec.resources.node_disk_mib"},
      {"resources { accelerator_memory_mib: 1 }", "spec.resources.accelerator_memory_mib"},
      {R"(placement { price_per_hour_max: "1" })", "spec.placement.price_per_hour_max"},
      {"placement { queue_wait_max { seconds: 1 } }", "spec.placement.queue_wait_max"},
      {"placement { objective: OBJECTIVE_GREENEST }", "spec.placement.objective"},
  };
  for (const auto& [changes, path] : cases) {
    SCOPED_TRACE(changes);
    const Status status = Judge(changes);
    EXPECT_EQ(status.code(), StatusCode::kUnimplemented) << status;
    EXPECT_EQ(DetailsOf(status).reason, ErrorReason::kFieldNotSupported);
    EXPECT_THAT(PathsOf(status), ElementsAre(path));
  }
}

TEST(DecodeSpec, TellsWhatIsWrongBeforeWhatDoesNotWorkYet) {
  const Status status = Judge("hold: true priority: 5000");
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(PathsOf(status), ElementsAre("spec.priority"));
}

TEST(DecodeSpec, RefusesFieldsThatItDoesNotKnow) {
  v1::JobSpec spec = SampleSpec("resources { nodes: 1 }");
  spec.GetReflection()->MutableUnknownFields(&spec)->AddVarint(999, 1);
  v1::Resources& resources = *spec.mutable_resources();
  resources.GetReflection()->MutableUnknownFields(&resources)->AddLengthDelimited(99, "x");
  EXPECT_THAT(PathsOf(Judge(spec)), ElementsAre("spec.999", "spec.resources.99"));
}

}  // namespace
}  // namespace turnpike
