#include "adapters/slurm/submit_arguments.h"

#include <gmock/gmock.h>

#include <functional>

#include "tests/adapters/slurm/make_job.h"

namespace turnpike::slurm {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

const AttemptId kAttempt(*Uuid::Parse("00112233-4455-6677-8899-aabbccddeeff"));

SlurmSettings Settings() {
  SlurmSettings settings;
  settings.own_user = "agent";
  settings.own_uid = 900;
  settings.accelerators = {{"gpu:a100", "a100-80g"}};
  settings.allowed_flags = {"--constraint", "--contiguous"};
  return settings;
}

TEST(SubmitArguments, HoldsAllThatAJobAsksFor) {
  LocalJob job = MakeJob(kAttempt);
  job.account = {.local_user = "agent",
                 .account = "phys-042",
                 .qos = "normal",
                 .partition = "gpu",
                 .reservation = "r1",
                 .wckey = "w"};
  job.nodes = 2;
  job.tasks = 8;
  job.tasks_per_node = 4;
  job.cpus_per_task = 3;
  job.memory_per_node_mib = 4096;
  job.accelerator_resource = "gpu:a100";
  job.accelerators_per_node = 4;
  job.exclusive = true;
  job.time_limit = std::chrono::seconds(61);
  job.signal = LocalSignal{"USR1", std::chrono::seconds(60), true};
  job.flags = {{"--constraint", "intel&ib"}, {"--contiguous", ""}};
  const auto arguments = SubmitArguments(job, Settings());
  ASSERT_TRUE(arguments.ok()) << arguments.status();
  EXPECT_THAT(
      *arguments,
      ::testing::ElementsAre("--parsable", "--job-name=" + job.tag, "--comment=" + job.comment, "--no-requeue",
                             "--propagate=NONE", "--export-file=/dev/null", "--open-mode=append", "--chdir=/tmp",
                             "--output=/dev/null", "--error=/dev/null", "--partition=gpu", "--account=phys-042",
                             "--qos=normal", "--reservation=r1", "--wckey=w", "--nodes=2", "--ntasks=8",
                             "--ntasks-per-node=4", "--cpus-per-task=3", "--mem=4096M", "--gres=gpu:a100:4",
                             "--exclusive", "--time=2", "--signal=B:USR1@60", "--constraint=intel&ib", "--contiguous"));
}

TEST(SubmitArguments, LeavesOutWhatIsNotAskedFor) {
  const auto arguments = SubmitArguments(MakeJob(kAttempt), Settings());
  ASSERT_TRUE(arguments.ok()) << arguments.status();
  for (const char* option : {"--mem", "--gres", "--partition", "--account", "--signal", "--exclusive", "--uid"}) {
    EXPECT_THAT(*arguments, Not(Contains(HasSubstr(option)))) << option;
  }
}

TEST(SubmitArguments, RefusesWhateverCouldBeMoreThanAValue) {
  using Change = std::function<void(LocalJob&)>;
  const std::pair<const char*, Change> table[] = {
      {"an option for an account", [](LocalJob& job) { job.account.account = "--uid=0"; }},
      {"a blank in an account", [](LocalJob& job) { job.account.account = "a b"; }},
      {"a line end in a qos", [](LocalJob& job) { job.account.qos = "normal\n#SBATCH --uid=0"; }},
      {"two partitions", [](LocalJob& job) { job.account.partition = "a,b"; }},
      {"a shell in a partition", [](LocalJob& job) { job.account.partition = "$(id)"; }},
      {"a NUL in a reservation", [](LocalJob& job) { job.account.reservation = std::string("a\0b", 3); }},
      {"another user", [](LocalJob& job) { job.account.local_user = "root"; }},
      {"a tag of another form", [](LocalJob& job) { job.tag = "mine"; }},
      {"a tag in capitals", [](LocalJob& job) { job.tag = "B" + job.tag.substr(1); }},
      {"another job's comment", [](LocalJob& job) { job.comment = LocalComment(LocalTag(AttemptId()), "key"); }},
      {"a comment with a bar", [](LocalJob& job) { job.comment += "|x"; }},
      {"a pattern in the output", [](LocalJob& job) { job.output_path = "/spool/%u"; }},
      {"a backslash in the output", [](LocalJob& job) { job.output_path = "/spool/\\x"; }},
      {"a relative directory", [](LocalJob& job) { job.directory = "spool"; }},
      {"no error file", [](LocalJob& job) { job.error_path.clear(); }},
      {"no nodes", [](LocalJob& job) { job.nodes = 0; }},
      {"negative tasks", [](LocalJob& job) { job.tasks = -1; }},
      {"negative memory", [](LocalJob& job) { job.memory_per_node_mib = -1; }},
      {"both kinds of memory", [](LocalJob& job) { job.memory_per_node_mib = job.memory_per_cpu_mib = 1; }},
      {"negative time", [](LocalJob& job) { job.time_limit = std::chrono::hours(-1); }},
      {"an unknown accelerator",
       [](LocalJob& job) {
         job.accelerator_resource = "tpu";
         job.accelerators_per_node = 1;
       }},
      {"negative accelerators",
       [](LocalJob& job) {
         job.accelerator_resource = "gpu:a100";
         job.accelerators_per_node = -1;
       }},
      {"a strange signal",
       [](LocalJob& job) {
         job.signal = LocalSignal{"USR1@1 --uid=0", {}, false};
       }},
      {"a signal too early",
       [](LocalJob& job) {
         job.signal = LocalSignal{"USR1", std::chrono::hours(100), false};
       }},
      {"a flag not let through",
       [](LocalJob& job) {
         job.flags = {{"--nice", "5"}};
       }},
      {"a flag that may never pass",
       [](LocalJob& job) {
         job.flags = {{"--uid", "0"}};
       }},
      {"an export",
       [](LocalJob& job) {
         job.flags = {{"--export", "ALL"}};
       }},
      {"a line end in a flag's value",
       [](LocalJob& job) {
         job.flags = {{"--constraint", "a\nb"}};
       }},
      {"an option as a flag's value",
       [](LocalJob& job) {
         job.flags = {{"--constraint", "-x"}};
       }},
      {"a wrapper that is no script", [](LocalJob& job) { job.wrapper = "exit 0\n"; }},
      {"a directive in the wrapper", [](LocalJob& job) { job.wrapper += "#SBATCH --uid=0\n"; }},
      {"a NUL in the wrapper", [](LocalJob& job) { job.wrapper += std::string(1, '\0'); }},
      {"a huge wrapper", [](LocalJob& job) { job.wrapper += std::string(5U << 20U, 'x'); }},
  };
  for (const auto& [what, change] : table) {
    LocalJob job = MakeJob(kAttempt);
    change(job);
    EXPECT_EQ(SubmitArguments(job, Settings()).status().code(), StatusCode::kInvalidArgument) << what;
  }
}

TEST(SubmitArguments, NeverPassesAFlagThatIsNotPassableEvenIfTheSettingsAllowIt) {
  SlurmSettings settings = Settings();
  settings.allowed_flags = {"--uid", "--wrap", "--array", "--requeue", "--get-user-env"};
  for (const std::string& flag : settings.allowed_flags) {
    LocalJob job = MakeJob(kAttempt);
    job.flags = {{flag, "1"}};
    EXPECT_FALSE(SubmitArguments(job, settings).ok()) << flag;
  }
}

TEST(SubmitArguments, SubmitsAsAnotherUserOnlyAsRoot) {
  SlurmSettings settings = Settings();
  settings.own_user = "root";
  settings.own_uid = 0;
  LocalJob job = MakeJob(kAttempt);
  job.account.local_user = "alice";
  const auto arguments = SubmitArguments(job, settings);
  ASSERT_TRUE(arguments.ok()) << arguments.status();
  EXPECT_THAT(*arguments, Contains("--uid=alice"));
}

}  // namespace
}  // namespace turnpike::slurm
