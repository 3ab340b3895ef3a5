// Every fact, and every field of a share, as the broker reads them.
#include "adapters/link/report_to_proto.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "google/protobuf/text_format.h"

namespace turnpike {
namespace {

constexpr char kAttempt[] = "00112233-4455-4677-8899-aabbccddeeff";

JobReport ReportOf(Fact fact) {
  return {.seq = 17,
          .attempt_id = *AttemptId::Parse(kAttempt),
          .fence = 3,
          .time = TimestampFromMicros(1'700'000'000'000'005),
          .fact = std::move(fact)};
}

constexpr UsageFact kUsage{
    .used = {.node_seconds = 1, .core_seconds = 2, .accelerator_seconds = 3, .memory_mib_seconds = 4},
    .provisional = true};
constexpr char kUsageText[] =
    "node_seconds: 1 core_seconds: 2 accelerator_seconds: 3 memory_mib_seconds: 4 provisional: true";

// The report's message equals the text, which says what stands in the `oneof`.
void ExpectFact(Fact fact, const std::string& text) {
  const v1::Report report = ToReport(ReportOf(std::move(fact)));
  v1::Report expected;
  const std::string whole =
      std::string("seq: 17 attempt_id: \"") + kAttempt + "\" fence: 3 time { seconds: 1700000000 nanos: 5000 } " + text;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(whole, &expected)) << whole;
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(report, expected))
      << report.ShortDebugString() << "\ninstead of\n"
      << expected.ShortDebugString();
}

TEST(ReportToProto, CarriesEveryFact) {
  ExpectFact(ClaimedFact{}, "claimed {}");
  ExpectFact(SubmittedFact{.cluster = "c1", .local_job_id = "42", .submit_time = TimestampFromSeconds(5)},
             "submitted { cluster: 'c1' local_job_id: '42' submit_time { seconds: 5 } }");
  ExpectFact(AmbiguousFact{.detail = "timed out"}, "ambiguous { detail: 'timed out' }");
  ExpectFact(StartedFact{.start_time = TimestampFromSeconds(6)}, "started { start_time { seconds: 6 } }");
  ExpectFact(InterruptedFact{.detail = "node lost",
                             .start_time = TimestampFromSeconds(6),
                             .last_seen_time = TimestampFromSeconds(7),
                             .usage = kUsage},
             std::string("interrupted { detail: 'node lost' start_time { seconds: 6 } last_seen_time { seconds: 7 } "
                         "usage { ") +
                 kUsageText + " } }");
  ExpectFact(InterruptedFact{.detail = "node lost", .start_time = {}, .last_seen_time = {}, .usage = {}},
             "interrupted { detail: 'node lost' }");
  ExpectFact(kUsage, std::string("usage { ") + kUsageText + " }");
  ExpectFact(OrphanFact{.tag = "btag", .local_job_id = "9"}, "orphan { tag: 'btag' local_job_id: '9' }");
  ExpectFact(SiteStateChangedFact{.site_state = "PENDING", .site_reason = "Priority"},
             "site_state { site_state: 'PENDING' site_reason: 'Priority' }");
}

TEST(ReportToProto, CarriesAnEnd) {
  EndedFact end{.cause = EndCause::kProgramEnded,
                .fault = FaultClass::kUser,
                .exit_code = 0,
                .exit_signal = 9,
                .start_time = TimestampFromSeconds(6),
                .end_time = TimestampFromSeconds(8),
                .site_state = "COMPLETED",
                .site_reason = "None",
                .usage = kUsage};
  ExpectFact(end,
             std::string("ended { cause: END_CAUSE_PROGRAM_ENDED fault_class: FAULT_CLASS_USER exit_code: 0 "
                         "exit_signal: 9 start_time { seconds: 6 } end_time { seconds: 8 } site_state: 'COMPLETED' "
                         "site_reason: 'None' usage { ") +
                 kUsageText + " } }");
  end.exit_code.reset();
  end.usage.reset();
  const v1::Report bare = ToReport(ReportOf(end));
  EXPECT_FALSE(bare.ended().has_exit_code());
  EXPECT_FALSE(bare.ended().has_usage());
}

// The words are the same ones on both sides, but for two that the contract spells out.
TEST(ReportToProto, NamesCausesAndFaultsAsTheContractDoes) {
  for (int number = 0; number <= static_cast<int>(EndCause::kUnknown); ++number) {
    const auto cause = static_cast<EndCause>(number);
    const std::string name(EndCauseName(cause));
    const std::string expected = cause == EndCause::kNone      ? "END_CAUSE_UNSPECIFIED"
                                 : cause == EndCause::kRefused ? "END_CAUSE_REFUSED_BY_SITES"
                                                               : "END_CAUSE_" + name;
    EXPECT_EQ(v1::EndCause_Name(ToReport(ReportOf(EndedFact{.cause = cause})).ended().cause()), expected);
  }
  for (int number = 0; number <= static_cast<int>(FaultClass::kPolicy); ++number) {
    const auto fault = static_cast<FaultClass>(number);
    const std::string name(FaultClassName(fault));
    EXPECT_EQ(v1::FaultClass_Name(ToReport(ReportOf(EndedFact{.fault = fault})).ended().fault_class()),
              "FAULT_CLASS_" + (name.empty() ? "UNSPECIFIED" : name));
  }
}

TEST(ReportToProto, CarriesEveryKindOfNotStarted) {
  const std::pair<NotStartedKind, const char*> kinds[] = {{NotStartedKind::kRefused, "KIND_REFUSED"},
                                                          {NotStartedKind::kBackPressure, "KIND_BACK_PRESSURE"},
                                                          {NotStartedKind::kFenced, "KIND_FENCED"},
                                                          {NotStartedKind::kNotEligible, "KIND_NOT_ELIGIBLE"}};
  for (const auto& [kind, name] : kinds) {
    ExpectFact(NotStartedFact{kind, "why"}, std::string("not_started { kind: ") + name + " detail: 'why' }");
  }
}

TEST(ReportToProto, MakesASchedulersWordsValidAndBounded) {
  const v1::Report report =
      ToReport(ReportOf(SiteStateChangedFact{.site_state = "caf\xe9", .site_reason = std::string(5'000, 'x')}));
  EXPECT_EQ(report.site_state().site_state(), "caf?");
  EXPECT_EQ(report.site_state().site_reason().size(), 1024U);
  std::string bytes;
  EXPECT_TRUE(report.SerializeToString(&bytes));
}

TEST(ReportToProto, LeavesTheAttemptOutOfAFactAboutTheSite) {
  JobReport report = ReportOf(OrphanFact{.tag = "btag", .local_job_id = "9"});
  report.attempt_id = AttemptId();
  EXPECT_EQ(ToReport(report).attempt_id(), "");
}

TEST(ReportToProto, RoundsTimesBeforeTheEpochDown) {
  JobReport report = ReportOf(ClaimedFact{});
  report.time = TimestampFromMicros(-1);
  EXPECT_EQ(ToReport(report).time().seconds(), -1);
  EXPECT_EQ(ToReport(report).time().nanos(), 999'999'000);
}

ShareCapacity WholeShare() {
  ShareCapacity share;
  share.name = "gpu";
  share.pool = "pool-a";
  share.cpu_architecture = "x86_64";
  share.cores_per_node = 64;
  share.memory_per_node_mib = 512'000;
  share.accelerator_model = "a100";
  share.accelerators_per_node = 8;
  share.time_limit_max = std::chrono::hours(48);
  share.time_limit_default = std::chrono::hours(1);
  share.nodes_max = 4;
  share.cores_max = 256;
  share.whole_nodes = true;
  share.memory_per_core_mib = 8'000;
  share.overrun = std::chrono::seconds(60);
  share.nodes_total = 10;
  share.nodes_idle = 3;
  share.cores_total = 640;
  share.cores_idle = 200;
  share.accelerators_total = 80;
  share.accelerators_idle = 30;
  share.jobs_waiting = 7;
  share.core_seconds_waiting = 1'000;
  share.core_seconds_running = 2'000;
  return share;
}

TEST(ShareToProto, CarriesEveryField) {
  const v1::Share share = ToShare(WholeShare(), {.account_mode = AccountMode::kHelper, .guarded = true}, "");
  v1::Share expected;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "name: 'gpu' pool: 'pool-a' node { cpu_architecture: 'x86_64' cores: 64 memory_mib: 512000 accelerator_model: "
      "'a100' accelerators: 8 } limits { time_limit_max { seconds: 172800 } time_limit_default { seconds: 3600 } "
      "nodes_max: 4 cores_max: 256 } load { nodes_total: 10 nodes_idle: 3 cores_total: 640 cores_idle: 200 "
      "accelerators_total: 80 accelerators_idle: 30 jobs_waiting: 7 core_seconds_waiting: 1000 core_seconds_running: "
      "2000 open: true } whole_nodes: true memory_per_core_mib: 8000 overrun { seconds: 60 } account_mode: "
      "ACCOUNT_MODE_HELPER guarded: true",
      &expected));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(share, expected)) << share.ShortDebugString();
}

TEST(ShareToProto, IsClosedWithTheReasonThatCounts) {
  ShareCapacity share = WholeShare();
  EXPECT_FALSE(ToShare(share, {}, "the journal's disk is full").load().open());
  EXPECT_EQ(ToShare(share, {}, "the journal's disk is full").load().closed_reason(), "the journal's disk is full");
  share.open = false;
  share.closed_reason = "partition is DOWN";
  EXPECT_FALSE(ToShare(share, {}, "").load().open());
  EXPECT_EQ(ToShare(share, {}, "the journal's disk is full").load().closed_reason(), "partition is DOWN");
}

}  // namespace
}  // namespace turnpike
