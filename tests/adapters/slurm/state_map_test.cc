#include "adapters/slurm/state_map.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "adapters/slurm/delimited_table.h"
#include "tests/adapters/slurm/testdata.h"

namespace turnpike::slurm {
namespace {

using enum LocalState;
using Cause = EndCause;
using Fault = FaultClass;
constexpr int kAgentUid = 1001;

struct Expected {
  LocalState state;
  Cause cause = Cause::kNone;
  Fault fault = Fault::kNone;
  std::optional<int> exit_code = std::nullopt;
  int exit_signal = 0;
};

void ExpectVerdict(const StateVerdict& verdict, const Expected& expected, const std::string& where) {
  SCOPED_TRACE(where);
  EXPECT_EQ(static_cast<int>(verdict.state), static_cast<int>(expected.state));
  EXPECT_EQ(EndCauseName(verdict.cause), EndCauseName(expected.cause));
  EXPECT_EQ(FaultClassName(verdict.fault), FaultClassName(expected.fault));
  EXPECT_EQ(verdict.exit_code, expected.exit_code);
  EXPECT_EQ(verdict.exit_signal, expected.exit_signal);
}

const Expected kWaits{kPending};
const Expected kRuns{kRunning};
const Expected kEndsWell{kEnded, Cause::kProgramEnded, Fault::kNone, 0};
const Expected kBySite{kEnded, Cause::kCancelledBySite, Fault::kSite};
const Expected kRefusedLate{kEnded, Cause::kRefused, Fault::kUser};
const Expected kNodeFailed{kEnded, Cause::kSiteInterrupted, Fault::kSite};
Expected FailsWith(int code) {
  return {kEnded, Cause::kProgramEnded, Fault::kUser, code};
}
Expected DiesOf(int signal) {
  return {kEnded, Cause::kProgramEnded, Fault::kUser, std::nullopt, signal};
}

// "key=value" of `scontrol show job`, up to the next blank.
std::string ValueOf(const std::string& text, const std::string& key) {
  const size_t at = text.find(key + "=");
  if (at == std::string::npos) return "";
  const size_t value = at + key.size() + 1;
  return text.substr(value, text.find_first_of(" \n", value) - value);
}

TEST(StateMap, KnowsEveryMomentThatScontrolShows) {
  const std::map<std::string, Expected> table = {
      {"noacct-scontrol-show-job.out", FailsWith(5)},
      {"scontrol-show-job-array.out", kWaits},
      {"scontrol-show-job-bad-chdir.out", kEndsWell},
      {"scontrol-show-job-begin.out", kWaits},
      {"scontrol-show-job-cancelled-pending.out", kBySite},
      {"scontrol-show-job-cancelled-running.out", kBySite},
      {"scontrol-show-job-completed.out", kEndsWell},
      {"scontrol-show-job-completing.out", {kCompleting}},
      {"scontrol-show-job-d-running.out", kRuns},
      {"scontrol-show-job-deadline.out", {kEnded, Cause::kCancelledBySite, Fault::kPolicy}},
      {"scontrol-show-job-dependency-killed.out", {kEnded, Cause::kCancelledBySite, Fault::kUser}},
      {"scontrol-show-job-dependency-never.out", kWaits},
      {"scontrol-show-job-dependency-waiting.out", kWaits},
      {"scontrol-show-job-failed.out", FailsWith(3)},
      {"scontrol-show-job-held-admin.out", kWaits},
      {"scontrol-show-job-held-user.out", kWaits},
      {"scontrol-show-job-node-fail-requeued.out", kWaits},
      {"scontrol-show-job-node-fail.out", kNodeFailed},
      {"scontrol-show-job-node-silent.out", kRuns},
      {"scontrol-show-job-over-memory.out", DiesOf(9)},
      {"scontrol-show-job-pending-priority.out", kWaits},
      {"scontrol-show-job-pending-resources.out", kWaits},
      {"scontrol-show-job-preempted.out", {kEnded, Cause::kPreempted, Fault::kSite}},
      {"scontrol-show-job-requeue-hold.out", kWaits},
      {"scontrol-show-job-requeued.out", kWaits},
      {"scontrol-show-job-right-after-cancel.out", {kCompleting}},
      {"scontrol-show-job-running-oneline.out", kRuns},
      {"scontrol-show-job-running.out", kRuns},
      {"scontrol-show-job-signalled.out", DiesOf(11)},
      {"scontrol-show-job-suspended.out", kRuns},
      {"scontrol-show-job-timeout.out", {kEnded, Cause::kTimeLimit, Fault::kUser}},
  };
  for (const auto& [file, expected] : table) {
    const std::string text = ReadSample(file);
    const std::string state = ValueOf(text, "JobState");
    const std::string reason = ValueOf(text, "Reason");
    const std::optional<ExitStatus> exit = ParseExitCode(ValueOf(text, "ExitCode"));
    ASSERT_TRUE(exit.has_value()) << file;
    const bool had_nodes = !ValueOf(text, " NodeList").empty();
    ExpectVerdict(JudgeState({state, reason, *exit, had_nodes, kAgentUid}), expected,
                  fmt::format("{}: {}", file, state));
  }
}

// One row of `sacct -P` (with a header or with the columns given), by job id; steps and all.
std::map<std::string, StateVerdict> JudgeAccountingFile(const std::string& file, const std::string& columns) {
  const std::string text = (columns.empty() ? "" : columns + "\n") + ReadSample(file);
  const auto table = DelimitedTable::Parse(text, "|");
  EXPECT_TRUE(table.ok()) << file << ": " << table.status();
  std::map<std::string, StateVerdict> verdicts;
  if (!table.ok()) return verdicts;
  const auto places = table->Find({"JobID", "State", "ExitCode"}).value();
  const auto nodes = table->Find({"NodeList"});
  for (const auto& row : table->rows()) {
    if (row[places[0]].find('.') != std::string_view::npos) continue;
    const bool had_nodes = !nodes.ok() || row[nodes->front()] != "None assigned";
    const std::string_view exit = row[places[2]];
    verdicts[std::string(row[places[0]])] =
        JudgeState({row[places[1]], "", ParseExitCode(exit).value_or(ExitStatus{}), had_nodes, kAgentUid});
  }
  return verdicts;
}

TEST(StateMap, KnowsEveryRowOfAccounting) {
  struct Case {
    std::string file;
    std::string columns;
    std::map<std::string, Expected> rows;
  };
  const Expected timed_out{kEnded, Cause::kTimeLimit, Fault::kUser};
  const Expected preempted{kEnded, Cause::kPreempted, Fault::kSite};
  const Expected set_up_failed{kEnded, Cause::kSiteInterrupted, Fault::kSite};
  const std::string array = "JobID|JobIDRaw|State|ExitCode|Start|End";
  const Case cases[] = {
      {"sacct-bad-chdir.out", "", {{"30", kEndsWell}}},
      {"sacct-cancelled-pending.out", "", {{"7", kBySite}}},
      {"sacct-cancelled-running.out", "", {{"19", kBySite}}},
      {"sacct-completed.out", "", {{"2", kEndsWell}}},
      {"sacct-deadline.out", "", {{"2", {kEnded, Cause::kCancelledBySite, Fault::kPolicy}}}},
      {"sacct-dependency.out", "", {{"14", kWaits}, {"15", kBySite}, {"16", kWaits}, {"18", kEndsWell}}},
      {"sacct-failed.out", "", {{"11", FailsWith(3)}, {"12", DiesOf(11)}, {"13", FailsWith(127)}}},
      {"sacct-node-fail.out", "", {{"48", kNodeFailed}}},
      {"sacct-node-fail-requeued.out", "", {{"49", kNodeFailed}}},
      {"sacct-over-memory.out", "", {{"47", DiesOf(9)}}},
      {"sacct-pending.out", "", {{"6", kWaits}}},
      {"sacct-preempted.out", "", {{"45", preempted}}},
      {"sacct-requeued.out", "", {{"36", kWaits}}},
      {"sacct-requeued-duplicates.out", "", {{"36", kWaits}}},
      {"sacct-running.out", "", {{"5", kWaits}}},  // its start was not recorded yet
      {"sacct-suspended.out", "", {{"42", kRuns}}},
      {"sacct-timeout.out", "", {{"1", timed_out}}},
      {"sacct-unwritable-output.out", "", {{"32", set_up_failed}}},
      {"sacct-array-running.out", array, {{"33_0", kRuns}, {"33_1", kRuns}, {"33_[2-9%2]", kWaits}}},
      {"sacct-array-partly-cancelled.out", array, {{"33_0", kRuns}, {"33_1", kRuns}, {"33_[2-9%2]", kWaits}}},
      {"sacct-array-finished.out",
       array,
       {{"33_0", kEndsWell},
        {"33_1", kEndsWell},
        {"33_2", kEndsWell},
        {"33_3", FailsWith(7)},
        {"33_4", kEndsWell},
        {"33_5", kEndsWell},
        {"33_9", kEndsWell}}},
      {"sacct-het.out", "JobID|JobIDRaw|State|ExitCode", {{"43+0", kEndsWell}, {"43+1", kEndsWell}}},
      {"sacct-ctld-down.out", "JobID|State|ExitCode", {{"51", kRuns}}},
      {"sacct-survivor.out", "JobID|State|ExitCode|Start|End", {{"51", kEndsWell}}},
      {"sacct-reused-id.out", "JobID|JobName|State|ExitCode|Submit|Start|End|Comment", {{"2", kWaits}}},
  };
  for (const Case& test : cases) {
    const auto verdicts = JudgeAccountingFile(test.file, test.columns);
    EXPECT_EQ(verdicts.size(), test.rows.size()) << test.file;
    for (const auto& [id, expected] : test.rows) {
      ASSERT_TRUE(verdicts.contains(id)) << test.file << " " << id;
      ExpectVerdict(verdicts.at(id), expected, test.file + " " + id);
    }
  }
}

TEST(StateMap, KnowsEveryRowOfAWholeDayOfAccounting) {
  const auto verdicts = JudgeAccountingFile(
      "sacct-all.out", "JobID|JobIDRaw|JobName|State|ExitCode|DerivedExitCode|Submit|Start|End|Comment");
  EXPECT_EQ(verdicts.size(), 41U);
  for (const auto& [id, verdict] : verdicts) EXPECT_NE(verdict.state, kUnknown) << id;
}

TEST(StateMap, KnowsEveryStateOfTheQueue) {
  const std::map<std::string, LocalState> words = {{"PENDING", kPending}, {"CANCELLED", kEnded}, {"COMPLETED", kEnded},
                                                   {"FAILED", kEnded},    {"NODE_FAIL", kEnded}, {"TIMEOUT", kEnded},
                                                   {"PREEMPTED", kEnded}};
  std::istringstream lines(ReadSample("squeue-all-states.out"));
  int rows = 0;
  for (std::string line; std::getline(lines, line); ++rows) {
    const std::string word = line.substr(line.find('|', line.find('|') + 1) + 1);
    const std::string state = word.substr(0, word.find('|'));
    ASSERT_TRUE(words.contains(state)) << line;
    EXPECT_EQ(JudgeState({.raw_state = state}).state, words.at(state)) << line;
  }
  EXPECT_EQ(rows, 48);
}

TEST(StateMap, SaysUnknownToWordsItDoesNotKnow) {
  for (const char* word : {"", "running", "R", "PENDING_X", "EXPEDITING", " RUNNING", "CANCELLED+"}) {
    const StateVerdict verdict = JudgeState({.raw_state = word});
    EXPECT_EQ(verdict.state, kUnknown) << word;
    EXPECT_EQ(verdict.cause, Cause::kNone) << word;
    EXPECT_EQ(verdict.exit_code, std::nullopt) << word;
  }
}

TEST(StateMap, HasEachWordOnceAndACauseExactlyForEnds) {
  std::set<std::string_view> words;
  for (const StateMeaning& meaning : kStateMeanings) {
    EXPECT_TRUE(words.insert(meaning.word).second) << meaning.word;
    EXPECT_EQ(meaning.state == kEnded, meaning.cause != Cause::kNone) << meaning.word;
    EXPECT_NE(meaning.state, kUnknown) << meaning.word;
  }
}

TEST(StateMap, TellsWhoCancelled) {
  const StateVerdict by_us = JudgeState({.raw_state = "CANCELLED by 1001", .own_uid = kAgentUid});
  EXPECT_EQ(by_us.cause, Cause::kCancelledByUser);
  EXPECT_EQ(by_us.fault, Fault::kNone);
  EXPECT_EQ(JudgeState({.raw_state = "CANCELLED by 0", .own_uid = kAgentUid}).cause, Cause::kCancelledBySite);
  EXPECT_EQ(JudgeState({.raw_state = "CANCELLED by root", .own_uid = kAgentUid}).cause, Cause::kCancelledBySite);
  EXPECT_EQ(JudgeState({.raw_state = "CANCELLED", .own_uid = kAgentUid}).cause, Cause::kCancelledBySite);
}

TEST(StateMap, BelievesAnExitCodeOnlyWhereTheProgramEnded) {
  for (const char* word :
       {"TIMEOUT", "NODE_FAIL", "PREEMPTED", "CANCELLED by 0", "OUT_OF_MEMORY", "BOOT_FAIL", "REVOKED", "DEADLINE"}) {
    const StateVerdict verdict = JudgeState({.raw_state = word, .raw_reason = "", .exit = {0, 15}});
    EXPECT_EQ(verdict.exit_code, std::nullopt) << word;
    EXPECT_EQ(verdict.exit_signal, 0) << word;
  }
}

TEST(StateMap, CallsAJobThatNeverHadNodesRefused) {
  ExpectVerdict(JudgeState({"FAILED", "BadConstraints", {1, 0}, false, kAgentUid}), kRefusedLate, "queue");
  ExpectVerdict(JudgeState({"FAILED", "None", {1, 0}, false, kAgentUid}), kRefusedLate, "accounting");
}

}  // namespace
}  // namespace turnpike::slurm
