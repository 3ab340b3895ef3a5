#include "adapters/slurm/refusal.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/adapters/slurm/testdata.h"

namespace turnpike::slurm {
namespace {

using ::testing::HasSubstr;
using enum SubmitOutcome::Kind;

FailureVerdict Judge(const std::string& error_output, int exit_code = 1) {
  ChildResult result;
  result.exit_code = exit_code;
  result.error_output = error_output;
  return JudgeFailedSubmission(result);
}

TEST(Refusal, JudgesEveryRealMessage) {
  const std::pair<const char*, SubmitOutcome::Kind> table[] = {
      {"sbatch-bad-partition.err", kRefused},
      {"sbatch-bad-script.err", kRefused},
      {"sbatch-missing-script.err", kRefused},
      {"sbatch-ctld-down.err", kBackPressure},
      // These leave a FAILED job with an id behind.
      {"sbatch-bad-gres.err", kAmbiguous},
      {"sbatch-too-many-gpus.err", kAmbiguous},
      {"sbatch-too-much-mem.err", kAmbiguous},
  };
  for (const auto& [file, kind] : table) {
    const FailureVerdict verdict = Judge(ReadSample(file));
    EXPECT_EQ(static_cast<int>(verdict.kind), static_cast<int>(kind)) << file;
    EXPECT_FALSE(verdict.detail.empty()) << file;
  }
}

TEST(Refusal, JudgesMessages) {
  const std::string failed = "sbatch: error: Batch job submission failed: ";
  const std::pair<std::string, SubmitOutcome::Kind> table[] = {
      {failed + "Invalid account or account/partition combination specified\n", kRefused},
      {failed + "Invalid qos specification\n", kRefused},
      {failed + "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)\n",
       kBackPressure},
      {"sbatch: error: QOSMaxSubmitJobPerUserLimit\n" + failed +
           "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)\n",
       kBackPressure},
      {"sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\n" + failed +
           "Resource temporarily unavailable\n",
       kBackPressure},
      {failed + "Socket timed out on send/recv operation\n", kAmbiguous},
      {failed + "Unable to contact slurm controller (receive failure)\n", kAmbiguous},
      {failed + "Zero Bytes were transmitted or received\n", kAmbiguous},
      {failed + "Invalid qos specification, perhaps\n", kAmbiguous},
      {failed + "something new\n", kAmbiguous},
      {"Invalid qos specification\n", kAmbiguous},
      {"", kAmbiguous},
      {"sbatch: unrecognized option '--foo'\nTry \"sbatch --help\" for more information\n", kRefused},
      {"sbatch: error: Invalid --time specification\n", kRefused},
      // A complaint of its own, and then it asked all the same.
      {"sbatch: error: Invalid --time specification\n" + failed + "Socket timed out on send/recv operation\n",
       kAmbiguous},
  };
  for (const auto& [text, kind] : table) {
    EXPECT_EQ(static_cast<int>(Judge(text).kind), static_cast<int>(kind)) << text;
  }
}

TEST(Refusal, NeverTrustsACommandThatDidNotEndByItself) {
  ChildResult result;
  result.error_output = "sbatch: error: Batch job submission failed: Invalid qos specification\n";
  result.timed_out = true;
  EXPECT_EQ(JudgeFailedSubmission(result).kind, kAmbiguous);
  result.timed_out = false;
  result.signal = 9;
  EXPECT_EQ(JudgeFailedSubmission(result).kind, kAmbiguous);
  result.signal = 0;
  result.exit_code = 1;
  result.output = "17\n";
  EXPECT_EQ(JudgeFailedSubmission(result).kind, kAmbiguous);
  EXPECT_THAT(JudgeFailedSubmission(result).detail, HasSubstr("Invalid qos"));
}

TEST(Refusal, ListsEachMessageOnceAndNoneThatLeavesAJob) {
  std::set<std::string_view> texts;
  for (const RefusalMessage& refusal : kControllerRefusals) {
    EXPECT_TRUE(texts.insert(refusal.text).second) << refusal.text;
    EXPECT_NE(refusal.kind, kAccepted);
    EXPECT_NE(refusal.kind, kAmbiguous);
  }
  EXPECT_FALSE(texts.contains("Requested node configuration is not available"));
  EXPECT_FALSE(texts.contains("Socket timed out on send/recv operation"));
}

}  // namespace
}  // namespace turnpike::slurm
