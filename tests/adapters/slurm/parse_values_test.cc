#include "adapters/slurm/parse_values.h"

#include <gtest/gtest.h>

namespace turnpike::slurm {
namespace {

using std::chrono::seconds;

TEST(ParseValues, ReadsDurations) {
  const std::pair<const char*, int64_t> cases[] = {
      {"0:00", 0}, {"2:03", 123}, {"1:02:03", 3723}, {"1-02:03:04", 93784}, {"365-00:00:00", 31'536'000}};
  for (const auto& [text, value] : cases) EXPECT_EQ(ParseDuration(text), seconds(value)) << text;
  for (const char* text : {"", "5", "-1:00", "1-02", "1-02:03", "1:2:3:4", "1:xx", "99999999999999999999:00",
                           "UNLIMITED", " 1:00", "1:00 "}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

TEST(ParseValues, ReadsTimeLimits) {
  for (const char* text : {"UNLIMITED", "infinite", "NONE", "NOT_SET", "Partition_Limit", "INVALID"}) {
    ASSERT_TRUE(ParseTimeLimit(text).has_value()) << text;
    EXPECT_EQ(ParseTimeLimit(text)->limit, std::nullopt) << text;
  }
  EXPECT_EQ(ParseTimeLimit("5:00")->limit, seconds(300));
  EXPECT_FALSE(ParseTimeLimit("soon").has_value());
}

TEST(ParseValues, ReadsMoments) {
  EXPECT_EQ(ParseMoment("1795300476")->at, TimestampFromSeconds(1'795'300'476));
  for (const char* text : {"", "N/A", "None", "Unknown", "NONE"})
    EXPECT_EQ(ParseMoment(text)->at, std::nullopt) << text;
  for (const char* text : {"2026-11-21T22:34:36", "-5", "99999999999999", "1e9"})
    EXPECT_FALSE(ParseMoment(text)) << text;
}

TEST(ParseValues, ReadsMemoryInEveryUnitOfSlurm) {
  const std::pair<const char*, int64_t> cases[] = {{"4096", 4096},  {"64M", 64},       {"1G", 1024},
                                                   {"1.50G", 1536}, {"2T", 2'097'152}, {"1025K", 2},
                                                   {"0", 0},        {"0.50M", 1},      {"1P", 1'073'741'824}};
  for (const auto& [text, value] : cases) EXPECT_EQ(ParseMemoryMib(text), value) << text;
  for (const char* text :
       {"", "G", "4Gi", "1e3", "-4G", "4 G", "1.2.3G", "9223372036854775807", "0x10", "4g", "1.G", "NaN"}) {
    EXPECT_EQ(ParseMemoryMib(text), std::nullopt) << text;
  }
}

TEST(ParseValues, ReadsExitCodes) {
  EXPECT_EQ(ParseExitCode("3:0"), (ExitStatus{3, 0}));
  EXPECT_EQ(ParseExitCode("0:11"), (ExitStatus{0, 11}));
  for (const char* text : {"", "3", "3:", ":0", "256:0", "0:128", "a:b", "-1:0"})
    EXPECT_EQ(ParseExitCode(text), std::nullopt) << text;
  EXPECT_EQ(ParseWaitStatus("768"), (ExitStatus{3, 0}));
  EXPECT_EQ(ParseWaitStatus("139"), (ExitStatus{0, 11}));  // with a core dump
  EXPECT_EQ(ParseWaitStatus("70000"), std::nullopt);
}

TEST(ParseValues, ReadsTrackableResources) {
  const auto tres = ParseTres("billing=64,cpu=64,gres/gpu=4,gres/gpu:a100=4,mem=1.50G,node=2");
  ASSERT_TRUE(tres.has_value());
  EXPECT_EQ(tres->cpus, 64);
  EXPECT_EQ(tres->nodes, 2);
  EXPECT_EQ(tres->memory_mib, 1536);
  EXPECT_EQ(tres->gres, (std::map<std::string, int64_t>{{"gpu", 4}, {"gpu:a100", 4}}));
  EXPECT_TRUE(ParseTres("").has_value());
  for (const char* text : {"cpu", "cpu=", "cpu=x", "cpu=-1", "mem=4Gi", "cpu=99999999999999999999"})
    EXPECT_FALSE(ParseTres(text)) << text;
}

TEST(ParseValues, ReadsGenericResources) {
  using Counts = std::map<std::string, int64_t>;
  EXPECT_EQ(ParseGres("gpu:fake:4"), (Counts{{"gpu:fake", 4}}));
  EXPECT_EQ(ParseGres("gpu:a100:4(S:0-1),npu:2"), (Counts{{"gpu:a100", 4}, {"npu", 2}}));
  EXPECT_EQ(ParseGres("gpu:fake:2(IDX:0-1,3)"), (Counts{{"gpu:fake", 2}}));
  EXPECT_EQ(ParseGres("gpu:fake:0(IDX:N/A)"), (Counts{{"gpu:fake", 0}}));
  EXPECT_EQ(ParseGres("gres:gpu:fake:2"), (Counts{{"gpu:fake", 2}}));
  EXPECT_EQ(ParseGres("gpu"), (Counts{{"gpu", 1}}));
  EXPECT_EQ(ParseGres("(null)"), Counts{});
  EXPECT_FALSE(ParseGres("gpu:4(S:0").has_value());
  EXPECT_FALSE(ParseGres("gpu:4,,npu:1").has_value());
}

TEST(ParseValues, CountsAcceleratorsOnce) {
  const std::vector<SlurmAccelerator> known = {{"gpu:a100", "a100-80g"}, {"npu", "ascend-910b"}};
  EXPECT_EQ(CountAccelerators({{"gpu", 4}, {"gpu:a100", 4}, {"npu", 2}, {"fpga", 9}}, known), 6);
  EXPECT_EQ(CountAccelerators({{"gpu:a100", 2}, {"gpu:v100", 2}}, known), 4);
  EXPECT_EQ(CountAccelerators({{"gpu", 4}}, {}), 0);
}

}  // namespace
}  // namespace turnpike::slurm
