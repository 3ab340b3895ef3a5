#include "adapters/slurm/reason_map.h"

#include <gmock/gmock.h>

#include <sstream>

#include "tests/adapters/slurm/testdata.h"

namespace turnpike::slurm {
namespace {

using ::testing::HasSubstr;

TEST(ReasonMap, ExplainsEveryReasonSeen) {
  std::istringstream lines(ReadSample("squeue-all-states.out") + ReadSample("squeue-reasons.out"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string field;
    const int column = line.find("|PENDING|") != std::string::npos && line.find("|1|") != std::string::npos ? 6 : 4;
    for (int i = 0; i < column; ++i) std::getline(fields, field, '|');
    EXPECT_TRUE(ExplainReason(field).known) << field << " in " << line;
  }
}

TEST(ReasonMap, TellsLimitsFromLoad) {
  struct Case {
    const char* reason;
    bool limit;
    bool waits_for_ever;
    const char* words;
  };
  const Case cases[] = {
      {"Resources", false, false, "free nodes"},
      {"Priority", false, false, "higher priority"},
      {"BadConstraints", false, true, "no node"},
      {"DependencyNeverSatisfied", false, true, "can no longer end"},
      {"JobHeldAdmin", false, true, "administrator"},
      {"PartitionTimeLimit", true, true, "time limit"},
      {"QOSMaxCpuPerUserLimit", true, false, "cores per user"},
      {"QOSMaxJobsPerUserLimit", true, false, "running jobs per user"},
      {"QOSMaxSubmitJobPerUserLimit", true, false, "submitted jobs per user"},
      {"AssocGrpCPUMinutesLimit", true, false, "cores (minutes in all)"},
      {"AssocGrpCPURunMinutesLimit", true, false, "minutes still to run"},
      {"AssocGrpGRES", true, false, "accelerators"},
      {"AssocMaxWallDurationPerJobLimit", true, true, "wall time per job"},
      {"QOSGrpNodeLimit", true, false, "nodes for all jobs of its quality of service"},
      {"QOSMinCpuNotSatisfied", true, true, "at least"},
      {"MaxGRESPerAccount", true, false, "accelerators per account"},
      {"AssocGrpSubmitJobsLimit", true, false, "submitted jobs"},
      {"ReqNodeNotAvail, UnavailableNodes:n[1-4]", false, false, "down, drained or reserved"},
  };
  for (const Case& test : cases) {
    const ReasonMeaning meaning = ExplainReason(test.reason);
    EXPECT_TRUE(meaning.known) << test.reason;
    EXPECT_EQ(meaning.limit, test.limit) << test.reason;
    EXPECT_EQ(meaning.waits_for_ever, test.waits_for_ever) << test.reason;
    EXPECT_THAT(meaning.sentence, HasSubstr(test.words)) << test.reason;
  }
}

// Every word for a limit in the library of 22.05.8.
TEST(ReasonMap, KnowsEveryLimitOfSlurm) {
  const char* reasons[] = {"AssocGrpBB",
                           "AssocGrpBBMinutes",
                           "AssocGrpBBRunMinutes",
                           "AssocGrpBilling",
                           "AssocGrpBillingMinutes",
                           "AssocGrpBillingRunMinutes",
                           "AssocGrpCpuLimit",
                           "AssocGrpEnergy",
                           "AssocGrpGRESMinutes",
                           "AssocGrpGRESRunMinutes",
                           "AssocGrpJobsLimit",
                           "AssocGrpLicense",
                           "AssocGrpMemLimit",
                           "AssocGrpMemMinutes",
                           "AssocGrpMemRunMinutes",
                           "AssocGrpNodeLimit",
                           "AssocGrpNodeMinutes",
                           "AssocGrpUnknown",
                           "AssocGrpWallLimit",
                           "AssocMaxBBPerJob",
                           "AssocMaxBillingPerNode",
                           "AssocMaxCpuMinutesPerJobLimit",
                           "AssocMaxCpuPerJobLimit",
                           "AssocMaxCpuPerNode",
                           "AssocMaxGRESMinutesPerJob",
                           "AssocMaxGRESPerJob",
                           "AssocMaxGRESPerNode",
                           "AssocMaxJobsLimit",
                           "AssocMaxMemPerJob",
                           "AssocMaxNodeMinutesPerJob",
                           "AssocMaxNodePerJobLimit",
                           "AssocMaxSubmitJobLimit",
                           "MaxBillingPerAccount",
                           "MaxCpuPerAccount",
                           "MaxJobsPerAccount",
                           "MaxMemoryPerAccount",
                           "MaxNodePerAccount",
                           "MaxSubmitJobsPerAccount",
                           "QOSGrpCPUMinutesLimit",
                           "QOSGrpCpuLimit",
                           "QOSGrpGRES",
                           "QOSGrpJobsLimit",
                           "QOSGrpMemLimit",
                           "QOSGrpMemoryMinutes",
                           "QOSGrpMemoryRunMinutes",
                           "QOSGrpSubmitJobsLimit",
                           "QOSGrpWallLimit",
                           "QOSMaxBillingPerUser",
                           "QOSMaxCpuPerJobLimit",
                           "QOSMaxCpuPerNode",
                           "QOSMaxGRESPerUser",
                           "QOSMaxMemoryPerJob",
                           "QOSMaxMemoryPerUser",
                           "QOSMaxNodePerJobLimit",
                           "QOSMaxNodePerUserLimit",
                           "QOSMaxWallDurationPerJobLimit",
                           "QOSMinGRES",
                           "QOSMinMemory",
                           "QOSMinNode"};
  for (const char* reason : reasons) {
    EXPECT_TRUE(ExplainReason(reason).limit) << reason;
    EXPECT_FALSE(ExplainReason(reason).sentence.empty()) << reason;
  }
}

TEST(ReasonMap, LeavesUnknownWordsAlone) {
  for (const char* reason : {"", "Whim", "QOSGrp", "QOSMaxFoo", "AssocGrpCpuLimitX", "Maximum"}) {
    EXPECT_FALSE(ExplainReason(reason).known) << reason;
    EXPECT_TRUE(ExplainReason(reason).sentence.empty()) << reason;
  }
}

}  // namespace
}  // namespace turnpike::slurm
