#include "cli/spec_builder.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>

#include <sstream>

#include "base/error_reason.h"
#include "cli/directives.h"
#include "cli/flag_parser.h"
#include "cli/spec_text.h"
#include "cli/turnpike_flags.h"

namespace turnpike {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

struct Input {
  std::vector<std::string> directives = {};             // lines of the script's head
  std::map<std::string, std::string> environment = {};  // TURNPIKE_* and others
  std::vector<std::string> flags = {};
};

Result<SpecDraft> Build(const Input& input, const JobProgram& program = CommandProgram{{"/usr/bin/true"}}) {
  std::string script = "#!/bin/sh\n";
  for (const std::string& line : input.directives) {
    script += line + "\n";
  }
  ASSIGN_OR_RETURN(const ScriptHead head, ReadScriptHead(script, "job.sh"));
  ASSIGN_OR_RETURN(std::vector<Setting> settings, SettingsOf(head, "job.sh"));
  ASSIGN_OR_RETURN(const std::vector<Setting> environment, EnvironmentSettings(input.environment));
  settings.insert(settings.end(), environment.begin(), environment.end());
  ASSIGN_OR_RETURN(const ParsedFlags parsed, ParseFlags(TurnpikeDialect(), input.flags));
  for (const Flag& flag : parsed.flags) {
    settings.push_back(
        {flag.option, flag.value, flag.has_value, {SettingLayer::kFlag, "--" + std::string(flag.option->name)}});
  }
  return BuildSpec({.settings = settings,
                    .program = &program,
                    .program_origin = "the command line",
                    .environment = [&](const std::string& name) {
                      const auto found = input.environment.find(name);
                      return found == input.environment.end() ? std::nullopt : std::optional(found->second);
                    }});
}

std::string TextOf(const v1::JobSpec& spec) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(spec, &text);
  if (text.ends_with(' ')) {
    text.pop_back();
  }
  return text;
}

// The spec without its program and name, as text.
std::string SpecOf(const Input& input) {
  Result<SpecDraft> draft = Build(input);
  if (!draft.ok()) {
    return std::string(MessageOf(draft.status()));
  }
  draft->spec.clear_program();
  draft->spec.clear_name();
  return TextOf(draft->spec);
}

std::vector<std::string> ViolationsOf(const Input& input) {
  const Result<SpecDraft> draft = Build(input);
  std::vector<std::string> violations;
  for (const FieldViolation& violation : DetailsOf(draft.status()).violations) {
    violations.push_back(violation.path + ": " + violation.description);
  }
  return violations;
}

TEST(SpecBuilder, MapsEachFlag) {
  struct Case {
    std::vector<std::string> flags;
    std::string spec;
  };
  const Case cases[] = {
      {{}, ""},
      {{"-N2"}, "resources { nodes: 2 }"},
      {{"-N", "3-3"}, "resources { nodes: 3 }"},
      {{"-n", "4", "-N1"}, "resources { nodes: 1 tasks: 4 }"},
      {{"-c8"}, "resources { cpus_per_task: 8 }"},
      {{"--mem=4G"}, "resources { memory_per_node_mib: 4096 }"},
      {{"--mem-per-cpu=2G"}, "resources { memory_per_cpu_mib: 2048 }"},
      {{"--exclusive"}, "resources { exclusive: true }"},
      {{"--exclusive=user"}, "site_flags { scheduler: \"slurm\" flag: \"--exclusive\" value: \"user\" }"},
      {{"-t", "1-2"}, "time_limit { seconds: 93600 }"},
      {{"-D", "/scratch/x"}, "working_directory: \"/scratch/x\""},
      {{"--signal=B:USR1@120"}, "signal { name: \"USR1\" before_end { seconds: 120 } batch_shell_only: true }"},
      {{"--comment=why"}, "labels { key: \"comment\" value: \"why\" }"},
      {{"--nice"}, "priority: -100"},
      {{"--nice=-7"}, "priority: 7"},
      {{"--priority=-1000"}, "priority: -1000"},
      {{"--requeue"}, "retry_policy { rerun_safe: true }"},
      {{"--rerun-safe", "--max-attempts=5"}, "retry_policy { attempts_max: 5 rerun_safe: true }"},
      {{"--site=a,b", "--site", "c"}, "placement { sites: \"a\" sites: \"b\" sites: \"c\" }"},
      {{"--exclude-site=x"}, "placement { excluded_sites: \"x\" }"},
      {{"--region=eu,cn-east"}, "placement { regions: \"eu\" regions: \"cn-east\" }"},
      {{"--prefer=cheapest"}, "placement { objective: OBJECTIVE_CHEAPEST }"},
      {{"--budget=12.50"}, "placement { budget: \"12.50\" }"},
      {{"--round-trip-max=20ms"}, "placement { round_trip_max { nanos: 20000000 } }"},
      {{"--round-trip-max=0.5ms"}, "placement { round_trip_max { nanos: 500000 } }"},
      {{"--round-trip-max=1.5s"}, "placement { round_trip_max { seconds: 1 nanos: 500000000 } }"},
      {{"--round-trip-max=60s"}, "placement { round_trip_max { seconds: 60 } }"},
      {{"--round-trip-max=1us"}, "placement { round_trip_max { nanos: 1000 } }"},
      {{"--user-region=cn-east"}, "placement { user_region: \"cn-east\" }"},
      {{"--label=b=2", "--label=a=1", "--label=b=3"},
       "labels { key: \"a\" value: \"1\" } labels { key: \"b\" value: \"3\" }"},
      {{"--arch=x86_64,aarch64"}, "cpu_architectures: \"x86_64\" cpu_architectures: \"aarch64\""},
      {{"-p", "gpu", "--contiguous"},
       "site_flags { scheduler: \"slurm\" flag: \"--partition\" value: \"gpu\" } "
       "site_flags { scheduler: \"slurm\" flag: \"--contiguous\" }"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(SpecOf({.flags = c.flags}), c.spec) << ::testing::PrintToString(c.flags);
  }
}

TEST(SpecBuilder, DerivesWhatTogetherMeansSomething) {
  struct Case {
    std::vector<std::string> flags;
    std::string resources;
  };
  const Case cases[] = {
      {{"-N2", "--ntasks-per-node=4"}, "nodes: 2 tasks: 8 tasks_per_node: 4"},
      {{"-n10", "--ntasks-per-node=4"}, "nodes: 3 tasks: 10 tasks_per_node: 4"},
      {{"--tasks-per-node=4"}, "tasks: 4 tasks_per_node: 4"},
      {{"--gres=gpu:A100:2"}, "accelerators { model: \"a100\" per_node: 2 }"},
      {{"--gpus-per-node=2"}, "accelerators { model: \"gpu\" per_node: 2 }"},
      {{"-G8", "-N4"}, "nodes: 4 accelerators { model: \"gpu\" per_node: 2 }"},
      {{"-G", "h100:3"}, "accelerators { model: \"h100\" per_node: 3 }"},
      {{"--gpus-per-task=1", "-n8", "-N2"}, "nodes: 2 tasks: 8 accelerators { model: \"gpu\" per_node: 4 }"},
      {{"--gpus-per-node=4", "--mem-per-gpu=8G"},
       "memory_per_node_mib: 32768 accelerators { model: \"gpu\" per_node: 4 }"},
      {{"--gpus-per-node=4", "--cpus-per-gpu=6", "-N1", "-n2"},
       "nodes: 1 tasks: 2 cpus_per_task: 12 accelerators { model: \"gpu\" per_node: 4 }"},
      {{"--gres=gpu:0", "-N1"}, "nodes: 1"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(SpecOf({.flags = c.flags}), "resources { " + c.resources + " }") << ::testing::PrintToString(c.flags);
  }
}

TEST(SpecBuilder, RefusesWhatDoesNotAddUp) {
  struct Case {
    std::vector<std::string> flags;
    std::string error;
  };
  const Case cases[] = {
      {{"-G7", "-N2"}, "7 GPUs do not spread evenly over 2 nodes"},
      {{"-N4", "-n2"}, "4 nodes for 2 tasks"},
      {{"-N2", "-n10", "--ntasks-per-node=4"}, "10 tasks do not fit 2 nodes with 4 tasks each; say --nodes=3"},
      {{"--mem-per-gpu=1G"}, "--mem-per-gpu without GPUs"},
      {{"--cpus-per-gpu=1", "--gpus-per-node=1", "-N1", "-n2"}, "do not spread evenly over 2 tasks"},
      {{"-N2147483647", "--ntasks-per-node=2147483647"}, "more than any machine has"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(SpecOf({.flags = c.flags}), HasSubstr(c.error)) << ::testing::PrintToString(c.flags);
  }
}

TEST(SpecBuilder, AFlagOverridesTheEnvironmentAndThatADirective) {
  EXPECT_EQ(SpecOf({.directives = {"#SBATCH -t 1", "#SBATCH -t 2"}}), "time_limit { seconds: 120 }");
  EXPECT_EQ(SpecOf({.directives = {"#SBATCH -t 1"}, .environment = {{"TURNPIKE_TIME", "3"}}}),
            "time_limit { seconds: 180 }");
  EXPECT_EQ(SpecOf({.directives = {"#SBATCH -t 1"}, .environment = {{"TURNPIKE_TIME", "3"}}, .flags = {"-t4"}}),
            "time_limit { seconds: 240 }");
  EXPECT_EQ(SpecOf({.directives = {"#TP --site=a --site=b"}, .flags = {"--site=c"}}), "placement { sites: \"c\" }");
  EXPECT_EQ(SpecOf({.directives = {"#SBATCH --mem=4G"}, .flags = {"--mem-per-cpu=1G"}}),
            "resources { memory_per_cpu_mib: 1024 }");
  EXPECT_EQ(SpecOf({.directives = {"#SBATCH --gres=gpu:2,shard:1"}, .flags = {"--gpus=4"}}),
            "resources { accelerators { model: \"gpu\" per_node: 4 } } "
            "site_flags { scheduler: \"slurm\" flag: \"--gres\" value: \"shard:1\" }");
  EXPECT_EQ(SpecOf({.directives = {"#SBATCH --requeue"}, .flags = {"--no-requeue"}}), "retry_policy { }");
}

TEST(SpecBuilder, EnvironmentSwitchesAreOneOrZero) {
  EXPECT_EQ(SpecOf({.environment = {{"TURNPIKE_RERUN_SAFE", "1"}}}), "retry_policy { rerun_safe: true }");
  EXPECT_EQ(SpecOf({.environment = {{"TURNPIKE_RERUN_SAFE", "0"}}}), "");
  EXPECT_THAT(SpecOf({.environment = {{"TURNPIKE_RERUN_SAFE", "yes"}}}),
              HasSubstr("TURNPIKE_RERUN_SAFE=yes is neither 1 nor 0"));
  EXPECT_EQ(SpecOf({.environment = {{"TURNPIKE_BROKER", "h:1"}, {"TURNPIKE_WAIT", "1"}, {"TIME", "3"}}}), "");
}

TEST(SpecBuilder, EqualsInOneLayerExcludeEachOther) {
  EXPECT_THAT(ViolationsOf({.flags = {"--mem=1G", "--mem-per-cpu=1G"}}),
              ElementsAre(HasSubstr("--mem: excludes --mem-per-cpu (--mem-per-cpu)")));
  EXPECT_THAT(ViolationsOf({.directives = {"#SBATCH --gpus=1", "#SBATCH --gpus-per-node=1"}}),
              ElementsAre(HasSubstr("job.sh line 2: --gpus: excludes --gpus-per-node (job.sh line 3)")));
  EXPECT_THAT(ViolationsOf({.flags = {"--nice=1", "--nice=2"}}), IsEmpty());
}

TEST(SpecBuilder, EveryWrongSettingIsNamedAtOnceWithItsPlace) {
  EXPECT_THAT(
      ViolationsOf({.directives = {"#SBATCH --array=1-3", "#SBATCH -t UNLIMITED"},
                    .environment = {{"TURNPIKE_MEM", "4x"}},
                    .flags = {"--uid=0", "--budget=-1"}}),
      UnorderedElementsAre(HasSubstr("job.sh line 2: --array: arrays are not supported yet; submit one job"),
                           HasSubstr("job.sh line 3: --time: a job without a time limit"),
                           HasSubstr("TURNPIKE_MEM: --mem: '4x' is not an amount of memory"),
                           HasSubstr("--uid: a site decides"), HasSubstr("--budget: '-1' is not an amount of money")));
}

TEST(SpecBuilder, RefusesWrongValuesByName) {
  struct Case {
    std::string flag;
    std::string error;
  };
  const Case cases[] = {
      {"--nodes=2-4", "is a range of nodes"},    {"--nodes=0", "whole number from 1"},
      {"--chdir=work", "is not absolute"},       {"--signal=R:USR1", "belong to one site"},
      {"--label=novalue", "write KEY=VALUE"},    {"--label==x", "write KEY=VALUE"},
      {"--prefer=skylake", "#SBATCH line"},      {"--max-attempts=11", "from 1 to 10"},
      {"--priority=TOP", "-1000 to 1000"},       {"--nice=5000", "from -1000 to 1000"},
      {"--exclusive=foo", "--exclusive alone"},  {"--job-name=", "a name is missing"},
      {"--site=,", "a name is missing"},         {"--budget=1e3", "positive decimal"},
      {"--budget=0", "positive decimal"},        {"--request-id=7", "is not a UUID"},
      {"--round-trip-max=20", "20ms"},           {"--round-trip-max=0ms", "20ms"},
      {"--round-trip-max=61s", "1us to 60s"},    {"--round-trip-max=-1ms", "20ms"},
      {"--user-region=", "a region is missing"}, {"--export=2X=1", "name of a variable"},
      {"--export=GONE", "is not set here"},      {"--wrap=", "a command is missing"},
      {"--job-name=\xff", "not UTF-8"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(ViolationsOf({.flags = {c.flag}}), ElementsAre(HasSubstr(c.error))) << c.flag;
  }
}

TEST(SpecBuilder, ExportsWhatIsNamedAndNothingElse) {
  const std::map<std::string, std::string> environment = {{"OMP", "8"}, {"SECRET", "s"}};
  EXPECT_EQ(SpecOf({.environment = environment, .flags = {"--export=Z=1,OMP,A='x,y',Z=2"}}),
            "environment { name: \"A\" value: \"x,y\" } environment { name: \"OMP\" value: \"8\" } "
            "environment { name: \"Z\" value: \"2\" }");
  EXPECT_EQ(SpecOf({.environment = environment, .flags = {"--export=NONE"}}), "");
  const Result<SpecDraft> all = Build({.environment = environment, .flags = {"--export=ALL,OMP"}});
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->spec.environment_size(), 1);
  EXPECT_THAT(all->notes, ElementsAre(HasSubstr("variables are not sent to a site")));
}

TEST(SpecBuilder, NotesSayWhatHasNoEffect) {
  const Result<SpecDraft> draft =
      Build({.directives = {"#SBATCH -o out.%j", "#SBATCH --mail-type=END"}, .flags = {"-p", "gpu", "-n", "4"}});
  ASSERT_TRUE(draft.ok());
  EXPECT_THAT(draft->notes, UnorderedElementsAre(HasSubstr("--output (job.sh line 2): output is kept with the job"),
                                                 HasSubstr("--mail-type (job.sh line 3): no mail"),
                                                 HasSubstr("--ntasks=4 without --nodes asks for one node"),
                                                 HasSubstr("without effect elsewhere: --partition=gpu")));
}

TEST(SpecBuilder, SbatchsPreferIsKeptForTheSite) {
  EXPECT_EQ(SpecOf({.directives = {"#SBATCH --prefer=skylake"}, .flags = {"--prefer=fastest"}}),
            "placement { objective: OBJECTIVE_FASTEST } "
            "site_flags { scheduler: \"slurm\" flag: \"--prefer\" value: \"skylake\" }");
}

TEST(SpecBuilder, TheProgramBecomesTheSpecs) {
  const Result<SpecDraft> command = Build({}, CommandProgram{{"/opt/bin/fit", "--all", "x y"}});
  ASSERT_TRUE(command.ok());
  EXPECT_EQ(TextOf(command->spec),
            "name: \"fit\" command { arguments: \"/opt/bin/fit\" arguments: \"--all\" arguments: \"x y\" }");
  const Result<SpecDraft> script = Build(
      {.flags = {"-J", "mine"}},
      ScriptProgram{.content = "#!/bin/sh\n", .file_name = "job.sh", .arguments = {"a"}, .default_name = "job.sh"});
  ASSERT_TRUE(script.ok());
  EXPECT_EQ(TextOf(script->spec),
            "name: \"mine\" script { content: \"#!/bin/sh\\n\" arguments: \"a\" file_name: \"job.sh\" }");
}

TEST(SpecText, EachFieldKnowsWhereItWasSaid) {
  const Result<SpecDraft> draft =
      Build({.directives = {"#SBATCH -N2 --ntasks-per-node=4 --mem=1G --gres=gpu:2,shard:1"},
             .environment = {{"TURNPIKE_SITE", "alpha"}},
             .flags = {"-t5", "--export=A=1"}});
  ASSERT_TRUE(draft.ok());
  std::vector<std::string> lines;
  for (const SpecLine& line : SpecLines(draft->spec)) {
    lines.push_back(line.path + "=" + line.value + " <" + OriginOf(line.path, draft->origins) + ">");
  }
  EXPECT_THAT(
      lines,
      UnorderedElementsAre(
          "name=true <the program's name>", "command.arguments.0=/usr/bin/true <the command line>",
          "resources.nodes=2 <job.sh line 2>", "resources.tasks=8 <--nodes times --ntasks-per-node>",
          "resources.tasks_per_node=4 <job.sh line 2>", "resources.memory_per_node_mib=1024 <job.sh line 2>",
          "resources.accelerators.model=gpu <job.sh line 2>", "resources.accelerators.per_node=2 <job.sh line 2>",
          "time_limit=5:00 <--time>", "environment.A=1 <--export>", "placement.sites.0=alpha <TURNPIKE_SITE>",
          "site_flags.--gres=shard:1 <job.sh line 2>"));
  EXPECT_THAT(SpecWithOrigins(*draft), HasSubstr("time_limit                       5:00           --time\n"));
  EXPECT_THAT(*SpecWithOriginsJson(*draft), HasSubstr("\"placement.sites.0\": \"TURNPIKE_SITE\""));
}

}  // namespace
}  // namespace turnpike
