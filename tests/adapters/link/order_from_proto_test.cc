// What the broker says, as the agent reads it; and what it will not read.
#include "adapters/link/order_from_proto.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr char kAttempt[] = "00112233-4455-4677-8899-aabbccddeeff";
constexpr char kJob[] = "01890a5d-ac96-774b-bcce-b302099a8057";

template <class Message>
Message FromText(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

v1::AttemptOrder OrderWith(const std::string& spec) {
  return FromText<v1::AttemptOrder>(std::string("job_id: '") + kJob +
                                    "' task_index: 2 project_id: 'p-id' project_name: 'phys' user: 'ada' share: 'main' "
                                    "time_limit { seconds: 90 } job_number: 7 spec { " +
                                    spec + " }");
}

Result<OrderView> Decode(const v1::AttemptOrder& order) {
  return MakeOrderDecoder("slurm")(order.SerializeAsString());
}

TEST(OrderFromProto, ReadsAScript) {
  const Result<OrderView> view =
      Decode(OrderWith("name: 'relax' script { content: '#!/bin/sh\\nexit 0\\n' arguments: 'a' arguments: 'b c' } "
                       "environment { name: 'N' value: '1' } working_directory: '/scratch/x' "
                       "signal { name: 'USR1' before_end { seconds: 30 } batch_shell_only: true }"));
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->job_id.ToString(), kJob);
  EXPECT_EQ(view->task_index, 2);
  EXPECT_EQ(view->job_number, 7);
  EXPECT_EQ(view->project_id, "p-id");
  EXPECT_EQ(view->project_name, "phys");
  EXPECT_EQ(view->user, "ada");
  EXPECT_EQ(view->share, "main");
  EXPECT_EQ(view->name, "relax");
  EXPECT_EQ(view->script, "#!/bin/sh\nexit 0\n");
  EXPECT_THAT(view->script_arguments, ElementsAre("a", "b c"));
  EXPECT_THAT(view->environment, ElementsAre(Pair("N", "1")));
  EXPECT_EQ(view->working_directory, "/scratch/x");
  EXPECT_EQ(view->time_limit, std::chrono::seconds(90));
  ASSERT_TRUE(view->signal.has_value());
  EXPECT_EQ(view->signal->name, "USR1");
  EXPECT_EQ(view->signal->before_end, std::chrono::seconds(30));
  EXPECT_TRUE(view->signal->batch_shell_only);
}

TEST(OrderFromProto, ReadsATraceAndLeavesOutOneThatIsNone) {
  v1::AttemptOrder order = OrderWith("command { arguments: '/bin/true' }");
  order.set_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  order.set_request_id("r-1");
  EXPECT_EQ(Decode(order)->trace.traceparent, order.traceparent());
  EXPECT_EQ(Decode(order)->trace.request_id, "r-1");
  order.set_traceparent("x'; rm -rf ~");
  order.set_request_id("two\nlines");
  EXPECT_EQ(Decode(order)->trace.traceparent, "");
  EXPECT_EQ(Decode(order)->trace.request_id, "");
}

TEST(OrderFromProto, ReadsACommandAndItsResources) {
  const Result<OrderView> view = Decode(
      OrderWith("command { arguments: '/bin/true' arguments: '-x' } resources { nodes: 2 tasks: 8 tasks_per_node: "
                "4 cpus_per_task: 3 memory_per_node_mib: 1000 memory_per_cpu_mib: 5 accelerators { model: 'a100' "
                "per_node: 4 } exclusive: true }"));
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_THAT(view->command, ElementsAre("/bin/true", "-x"));
  EXPECT_EQ(view->nodes, 2);
  EXPECT_EQ(view->tasks, 8);
  EXPECT_EQ(view->tasks_per_node, 4);
  EXPECT_EQ(view->cpus_per_task, 3);
  EXPECT_EQ(view->memory_per_node_mib, 1000);
  EXPECT_EQ(view->memory_per_cpu_mib, 5);
  EXPECT_EQ(view->accelerator_model, "a100");
  EXPECT_EQ(view->accelerators_per_node, 4);
  EXPECT_TRUE(view->exclusive);
}

TEST(OrderFromProto, TakesOneForWhatIsNotSaidAndATaskForEachNode) {
  const Result<OrderView> bare = Decode(OrderWith(""));
  ASSERT_TRUE(bare.ok()) << bare.status();
  EXPECT_EQ(bare->nodes, 1);
  EXPECT_EQ(bare->tasks, 1);
  EXPECT_EQ(bare->cpus_per_task, 1);
  EXPECT_EQ(Decode(OrderWith("resources { nodes: 3 }"))->tasks, 3);
}

TEST(OrderFromProto, KeepsOnlyFlagsForThisSitesScheduler) {
  const Result<OrderView> view =
      Decode(OrderWith("site_flags { scheduler: 'slurm' flag: '--constraint' value: 'skylake' } "
                       "site_flags { scheduler: 'pbs' flag: '--l' value: 'x' }"));
  ASSERT_TRUE(view.ok()) << view.status();
  ASSERT_EQ(view->site_flags.size(), 1U);
  EXPECT_EQ(view->site_flags[0].flag, "--constraint");
  EXPECT_EQ(view->site_flags[0].value, "skylake");
}

TEST(OrderFromProto, RefusesByNameWhatItWouldLeaveOut) {
  const std::pair<const char*, const char*> cases[] = {{"container_image: 'x.sif'", "container_image"},
                                                       {"array { last: 3 }", "array"},
                                                       {"inputs { path: 'x' }", "inputs"},
                                                       {"launcher { name: 'srun' }", "launcher"},
                                                       {"licenses { name: 'x' }", "licenses"},
                                                       {"standard_output_path: '/x'", "standard_output_path"},
                                                       {"resources { node_disk_mib: 5 }", "resources.node_disk_mib"}};
  for (const auto& [spec, name] : cases) {
    const Result<OrderView> view = Decode(OrderWith(spec));
    ASSERT_EQ(view.status().code(), StatusCode::kInvalidArgument) << spec;
    EXPECT_THAT(std::string(MessageOf(view.status())), HasSubstr(name));
  }
}

TEST(OrderFromProto, RefusesFieldsThatItDoesNotKnow) {
  v1::AttemptOrder order = OrderWith("environment { name: 'N' value: '1' }");
  v1::EnvironmentVariable& inner = *order.mutable_spec()->mutable_environment(0);
  inner.GetReflection()->MutableUnknownFields(&inner)->AddVarint(1000, 1);
  EXPECT_EQ(Decode(order).status().code(), StatusCode::kInvalidArgument);
}

TEST(OrderFromProto, RefusesBytesThatAreNoOrder) {
  EXPECT_EQ(MakeOrderDecoder("slurm")("\xff\xff\xff").status().code(), StatusCode::kInvalidArgument);
  v1::AttemptOrder no_job = OrderWith("");
  no_job.set_job_id("17");
  EXPECT_EQ(Decode(no_job).status().code(), StatusCode::kInvalidArgument);
  v1::AttemptOrder endless = OrderWith("");
  endless.mutable_time_limit()->set_seconds(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Decode(endless).status().code(), StatusCode::kInvalidArgument);
}

TEST(DesiredFromProto, ReadsEveryPhase) {
  const std::pair<const char*, DesiredPhase> cases[] = {
      {"phase: DESIRED_PHASE_OFFERED order { user: 'ada' }", DesiredPhase::kOffered},
      {"phase: DESIRED_PHASE_OFFERED", DesiredPhase::kOffered},
      {"phase: DESIRED_PHASE_GO spawn_lease { seconds: 2400 nanos: 1000 }", DesiredPhase::kGo},
      {"phase: DESIRED_PHASE_CANCEL", DesiredPhase::kCancel},
      {"phase: DESIRED_PHASE_GONE", DesiredPhase::kGone}};
  for (const auto& [text, phase] : cases) {
    const v1::DesiredAttempt desired =
        FromText<v1::DesiredAttempt>(std::string("fence: 4 attempt_id: '") + kAttempt + "' " + text);
    const Result<DesiredView> view = ToDesiredView(desired);
    ASSERT_TRUE(view.ok()) << view.status();
    EXPECT_EQ(view->attempt_id.ToString(), kAttempt);
    EXPECT_EQ(view->fence, 4);
    EXPECT_EQ(view->phase, phase);
    EXPECT_EQ(view->order, desired.order().SerializeAsString());
    EXPECT_EQ(view->spawn_lease,
              phase == DesiredPhase::kGo ? std::chrono::microseconds(2'400'000'001) : std::chrono::microseconds(0));
  }
}

TEST(DesiredFromProto, RefusesWhatItCannotRead) {
  const std::string id = std::string("attempt_id: '") + kAttempt + "' ";
  for (const std::string& text :
       {std::string("attempt_id: 'x' phase: DESIRED_PHASE_GO"), id,
        id + "phase: DESIRED_PHASE_GO spawn_lease { seconds: -1 }",
        std::string("attempt_id: '00000000-0000-0000-0000-000000000000' phase: DESIRED_PHASE_GO")}) {
    EXPECT_EQ(ToDesiredView(FromText<v1::DesiredAttempt>(text)).status().code(), StatusCode::kInvalidArgument) << text;
  }
  v1::DesiredAttempt newer = FromText<v1::DesiredAttempt>(id);
  newer.set_phase(static_cast<v1::DesiredPhase>(99));
  EXPECT_EQ(ToDesiredView(newer).status().code(), StatusCode::kInvalidArgument);
}

TEST(WelcomeFromProto, ReadsTheWholeSnapshotOrNothing) {
  v1::Welcome welcome = FromText<v1::Welcome>(
      std::string("epoch: 5 acked_seq: 9 recovery: true desired { fence: 1 phase: DESIRED_PHASE_CANCEL attempt_id: '") +
      kAttempt + "' }");
  const Result<SessionStart> start = ToSessionStart(welcome);
  ASSERT_TRUE(start.ok()) << start.status();
  EXPECT_EQ(start->epoch, 5);
  EXPECT_EQ(start->acked_seq, 9);
  EXPECT_TRUE(start->recovery);
  ASSERT_EQ(start->desired.size(), 1U);
  EXPECT_EQ(start->desired[0].phase, DesiredPhase::kCancel);
  welcome.add_desired()->set_attempt_id("not an id");
  EXPECT_EQ(ToSessionStart(welcome).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ToSessionStart(FromText<v1::Welcome>("epoch: 0")).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace turnpike
