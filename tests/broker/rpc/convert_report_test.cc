#include "broker/rpc/convert_report.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "base/check.h"
#include "broker/core/capacity_codec.h"
#include "tests/broker/rpc/sample_spec.h"

namespace turnpike {
namespace {

constexpr char kAttempt[] = "0193561c-0000-4000-8000-000000000001";

template <class Message>
Message Parse(const std::string& text) {
  Message message;
  CHECK(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

Result<SiteReport> Decode(const std::string& fact) {
  return FromProto(Parse<v1::Report>("seq: 7 fence: 2 time { seconds: 9 } " + fact));
}

TEST(ReportFromProto, KeepsWhoAndWhen) {
  const Result<SiteReport> report = Decode(fmt::format("attempt_id: \"{}\" claimed {{ }}", kAttempt));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->seq, 7);
  EXPECT_EQ(report->fence, 2);
  EXPECT_EQ(report->attempt_id, AttemptId::Parse(kAttempt));
  EXPECT_EQ(report->at, TimestampFromSeconds(9));
  EXPECT_EQ(report->kind, ReportKind::kClaimed);
}

TEST(ReportFromProto, KnowsEveryFact) {
  const struct {
    std::string fact;
    ReportKind kind;
  } cases[] = {
      {"claimed { }", ReportKind::kClaimed},
      {"submitted { }", ReportKind::kSubmitted},
      {"ambiguous { }", ReportKind::kAmbiguous},
      {"started { }", ReportKind::kStarted},
      {"ended { cause: END_CAUSE_PROGRAM_ENDED }", ReportKind::kEnded},
      {"not_started { kind: KIND_FENCED }", ReportKind::kNotStarted},
      {"interrupted { }", ReportKind::kInterrupted},
      {"usage { }", ReportKind::kUsage},
      {"orphan { }", ReportKind::kOrphan},
      {"site_state { }", ReportKind::kSiteState},
  };
  for (const auto& [fact, kind] : cases) {
    const Result<SiteReport> report = Decode(fact);
    ASSERT_TRUE(report.ok()) << fact << report.status();
    EXPECT_EQ(report->kind, kind) << fact;
    EXPECT_EQ(report->attempt_id, std::nullopt);
    EXPECT_EQ(report->start_time, std::nullopt);
    EXPECT_EQ(report->end_time, std::nullopt);
  }
}

TEST(ReportFromProto, KeepsAnEndWhole) {
  const Result<SiteReport> report = Decode(R"(
      ended { cause: END_CAUSE_OUT_OF_MEMORY fault_class: FAULT_CLASS_USER exit_code: 0 exit_signal: 9
              start_time { seconds: 1 } end_time { seconds: 2 } site_state: "OUT_OF_MEMORY" site_reason: "oom"
              usage { node_seconds: 1 core_seconds: 2 accelerator_seconds: 3 memory_mib_seconds: 4 provisional: true } })");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->cause, EndCause::kOutOfMemory);
  EXPECT_EQ(report->fault, FaultClass::kUser);
  EXPECT_EQ(report->exit_code, 0);
  EXPECT_EQ(report->exit_signal, 9);
  EXPECT_EQ(report->start_time, TimestampFromSeconds(1));
  EXPECT_EQ(report->end_time, TimestampFromSeconds(2));
  EXPECT_EQ(report->site_state, "OUT_OF_MEMORY");
  EXPECT_EQ(report->site_reason, "oom");
  ASSERT_TRUE(report->usage);
  EXPECT_TRUE(report->usage->provisional);
  EXPECT_EQ(report->usage->used.accelerator_seconds, 3);
}

TEST(ReportFromProto, AnExitCodeThatWasNotSentIsNotZero) {
  const Result<SiteReport> report = Decode("ended { cause: END_CAUSE_UNKNOWN }");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->exit_code, std::nullopt);
  EXPECT_EQ(report->usage, std::nullopt);
}

TEST(ReportFromProto, KnowsWhyNothingStarted) {
  const struct {
    std::string kind;
    NotStartedKind wanted;
  } cases[] = {{"KIND_REFUSED", NotStartedKind::kRefused},
               {"KIND_BACK_PRESSURE", NotStartedKind::kBackPressure},
               {"KIND_FENCED", NotStartedKind::kFenced},
               {"KIND_NOT_ELIGIBLE", NotStartedKind::kNotEligible}};
  for (const auto& [kind, wanted] : cases) {
    const Result<SiteReport> report = Decode(fmt::format("not_started {{ kind: {} detail: \"why\" }}", kind));
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->not_started, wanted);
    EXPECT_EQ(report->detail, "why");
  }
}

// An agent repeats its journal: what ends the stream would end it for ever.
TEST(ReportFromProto, WhatCannotBeReadSaysWhyAndKeepsItsPlaceInTheJournal) {
  const struct {
    std::string fact;
    std::string why;
  } cases[] = {
      {"", "the report says nothing that this broker knows; the agent may be newer"},
      {"attempt_id: \"17\" claimed { }", "attempt '17' is no id"},
  };
  for (const auto& [fact, why] : cases) {
    const Result<SiteReport> report = Decode(fact);
    EXPECT_EQ(report->kind, ReportKind::kUnreadable) << fact;
    EXPECT_EQ(report->detail, why);
    EXPECT_EQ(report->seq, 7);
    EXPECT_EQ(report->attempt_id, std::nullopt);
  }
}

TEST(ReportFromProto, ReadsANewerAgentsWordAsTheBroadestOneKnownHere) {
  for (const std::string cause : {"99", "-1"}) {
    const Result<SiteReport> ended = Decode("ended { cause: " + cause + " fault_class: FAULT_CLASS_SITE }");
    EXPECT_EQ(ended->kind, ReportKind::kEnded);
    EXPECT_EQ(ended->cause, EndCause::kUnknown);
    EXPECT_EQ(ended->fault, FaultClass::kSite);
  }
  const Result<SiteReport> ended = Decode("ended { cause: END_CAUSE_TIME_LIMIT fault_class: 99 }");
  EXPECT_EQ(ended->cause, EndCause::kTimeLimit);
  EXPECT_EQ(ended->fault, FaultClass::kNone);
  for (const std::string kind : {"", "kind: 99"}) {
    const Result<SiteReport> not_started = Decode("not_started { detail: \"why\" " + kind + " }");
    EXPECT_EQ(not_started->kind, ReportKind::kNotStarted);
    EXPECT_EQ(not_started->not_started, NotStartedKind::kBackPressure);
    EXPECT_EQ(not_started->detail, "why");
  }
}

TEST(ReportFromProto, CutsASchedulersWordsBetweenCharacters) {
  const std::string words = fmt::format("{:x>999}é and more", "");
  const Result<SiteReport> report = Decode("site_state { site_reason: \"" + words + "\" }");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->site_reason, std::string(999, 'x'));
}

TEST(ReportFromProto, TurnsWordsIntoTextThatTheDatabaseKeeps) {
  const Result<SiteReport> report = Decode(R"(ambiguous { detail: "a\000b" })");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->detail, "a?b");
}

constexpr char kShare[] = R"(
    name: "main" pool: "all" whole_nodes: true memory_per_core_mib: 2000 overrun { seconds: 30 }
    account_mode: ACCOUNT_MODE_COMMUNITY_ACCOUNT guarded: true
    node { cpu_architecture: "x86_64" cores: 64 memory_mib: 256000 accelerator_model: "a100" accelerators: 4 }
    limits { time_limit_max { seconds: 86400 } time_limit_default { seconds: 3600 } nodes_max: 16 cores_max: 1024 }
    load { nodes_total: 10 nodes_idle: 3 cores_total: 640 cores_idle: 192 accelerators_total: 40 accelerators_idle: 12
           jobs_waiting: 5 core_seconds_waiting: 1000 core_seconds_running: 2000 open: true closed_reason: "none" })";

TEST(CapacityFromProto, ASharesFiguresComeBackAsTheyWent) {
  v1::Capacity capacity;
  *capacity.add_shares() = Parse<v1::Share>(kShare);
  capacity.mutable_time()->set_seconds(9);
  const Result<std::vector<ShareStatus>> shares = FromProto(capacity);
  ASSERT_TRUE(shares.ok()) << shares.status();
  ASSERT_EQ(shares->size(), 1U);
  EXPECT_EQ(shares->front().load.observed_at, TimestampFromSeconds(9));
  std::string difference;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&difference);
  EXPECT_TRUE(differencer.Compare(capacity.shares(0), ToProto(shares->front()))) << difference;
}

TEST(CapacityFromProto, TakesNamesAsTextThatTheDatabaseKeeps) {
  const Result<std::vector<ShareStatus>> shares =
      FromProto(Parse<v1::Capacity>(R"(shares { name: "a\000" load { closed_reason: "\000" } })"));
  ASSERT_TRUE(shares.ok()) << shares.status();
  EXPECT_EQ(shares->front().info.name, "a?");
  EXPECT_EQ(shares->front().load.closed_reason, "?");
}

TEST(CapacityFromProto, RefusesAShareWithoutAName) {
  EXPECT_EQ(FromProto(Parse<v1::Capacity>("shares { pool: \"all\" }")).status().code(), StatusCode::kInvalidArgument);
}

TEST(CapacityFromProto, TakesAsManySharesAndWindowsAsCanBeReadBackAndNoMore) {
  v1::Capacity capacity;
  for (size_t i = 0; i < kSharesPerSiteMax; ++i) {
    capacity.add_shares()->set_name(fmt::format("s{}", i));
  }
  for (size_t i = 0; i < kWindowsPerShareMax; ++i) {
    capacity.mutable_shares(7)->add_maintenance();
  }
  EXPECT_TRUE(FromProto(capacity).ok());
  v1::Capacity more = capacity;
  more.add_shares()->set_name("one more");
  EXPECT_EQ(std::string(MessageOf(FromProto(more).status())),
            "the site reports 10001 shares, 10000 are allowed; name those to offer in the agent's settings");
  capacity.mutable_shares(7)->add_maintenance();
  EXPECT_EQ(std::string(MessageOf(FromProto(capacity).status())),
            "share s7 is reported with 1001 windows of maintenance, 1000 are allowed");
}

DesiredAttempt Offer() {
  DesiredAttempt offer;
  offer.attempt_id = *AttemptId::Parse(kAttempt);
  offer.fence = 3;
  v1::JobSpec stored = SampleSpec(R"(name: "n")");
  stored.mutable_script()->clear_content();
  AttemptOrder& order = offer.order.emplace();
  order.share = "main";
  order.spec = stored.SerializeAsString();
  order.script = "#!/bin/sh\n";
  order.time_limit_seconds = 60;
  return offer;
}

TEST(DesiredToProto, AnOfferCarriesTheOrderWithItsScript) {
  const v1::DesiredAttempt out = ToProto(Offer(), std::chrono::seconds(60));
  EXPECT_EQ(out.attempt_id(), kAttempt);
  EXPECT_EQ(out.phase(), v1::DESIRED_PHASE_OFFERED);
  EXPECT_FALSE(out.has_spawn_lease());
  EXPECT_EQ(out.order().spec().name(), "n");
  EXPECT_EQ(out.order().spec().script().content(), "#!/bin/sh\n");
  EXPECT_EQ(out.order().time_limit().seconds(), 60);
}

TEST(DesiredToProto, GoAloneCarriesTheSpawnLease) {
  DesiredAttempt go;
  go.phase = DesiredPhase::kGo;
  EXPECT_EQ(ToProto(go, std::chrono::seconds(60)).spawn_lease().seconds(), 60);
  EXPECT_FALSE(ToProto(go, std::chrono::seconds(60)).has_order());
  go.phase = DesiredPhase::kCancel;
  EXPECT_FALSE(ToProto(go, std::chrono::seconds(60)).has_spawn_lease());
}

}  // namespace
}  // namespace turnpike
