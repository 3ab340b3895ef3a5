// The expectations were compared with what sbatch 22.05.8 -v prints for the same words.
#include "cli/slurm_values.h"

#include <gmock/gmock.h>

#include <optional>

namespace turnpike {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SlurmValues, TimesAreReadInEveryForm) {
  struct Case {
    std::string text;
    std::optional<int64_t> seconds;
  };
  const Case cases[] = {
      {"5", 300},
      {"90", 5400},
      {"1:30", 90},
      {"61:61", 3721},
      {"1:2:3", 3723},
      {"2-3", 183'600},
      {"2-3:4", 183'840},
      {"2-3:4:5", 183'845},
      {"1-25:99", 182'340},
      {"99:99:99", 362'439},
      {"0:01", 1},
      {"0-0:0:1", 1},
      {"", {}},
      {"1:", {}},
      {":5", {}},
      {"a", {}},
      {"1-", {}},
      {"-5", {}},
      {"1:2:3:4", {}},
      {"1-2:3:4:5", {}},
      {"5 ", {}},
      {"+5", {}},
      {"1.5", {}},
      {"99999999999999999999", {}},
      {"9999-0", {}},
      {"1e3", {}},
      {"0x10", {}},
      {"1--2", {}},
  };
  for (const Case& c : cases) {
    const Result<std::chrono::seconds> limit = ParseTimeLimit(c.text);
    EXPECT_EQ(limit.ok(), c.seconds.has_value()) << c.text;
    if (limit.ok() && c.seconds) {
      EXPECT_EQ(limit->count(), *c.seconds) << c.text;
    }
  }
}

TEST(SlurmValues, NoTimeLimitIsRefusedByName) {
  for (const std::string text : {"UNLIMITED", "infinite", "-1", "0", "0:0", "0-0"}) {
    const Result<std::chrono::seconds> limit = ParseTimeLimit(text);
    ASSERT_FALSE(limit.ok()) << text;
    EXPECT_THAT(std::string(MessageOf(limit.status())), HasSubstr("ceiling")) << text;
  }
}

TEST(SlurmValues, MemoryIsReadInEveryUnit) {
  struct Case {
    std::string text;
    std::optional<int64_t> mib;
  };
  const Case cases[] = {
      {"4", 4},
      {"4k", 1},
      {"1024K", 1},
      {"1025K", 2},
      {"4M", 4},
      {"4g", 4096},
      {"4GB", 4096},
      {"4T", 4'194'304},
      {"4Gi", {}},
      {"1P", {}},
      {"0", {}},
      {"0G", {}},
      {"-1", {}},
      {"4.5G", {}},
      {"x", {}},
      {"", {}},
      {"G", {}},
      {"4 G", {}},
      {"1e3", {}},
      {"4BB", {}},
      {"+4", {}},
      {"9223372036854775807T", {}},
      {"1099511627776T", {}},
      {"99999999999999999999", {}},
  };
  for (const Case& c : cases) {
    const Result<int64_t> mib = ParseMemoryMib(c.text);
    EXPECT_EQ(mib.ok(), c.mib.has_value()) << c.text;
    if (mib.ok() && c.mib) {
      EXPECT_EQ(*mib, *c.mib) << c.text;
    }
  }
}

TEST(SlurmValues, CountsHaveBounds) {
  EXPECT_EQ(*ParseCount("1"), 1);
  EXPECT_EQ(*ParseCount("2147483647"), 2'147'483'647);
  EXPECT_EQ(*ParseCount("-5", {.least = -10, .most = 10}), -5);
  for (const std::string text : {"0", "-1", "2147483648", "", "1k", " 1", "1 ", "one", "1-2"}) {
    EXPECT_FALSE(ParseCount(text).ok()) << text;
  }
}

TEST(SlurmValues, GpusHaveATypeOrNone) {
  EXPECT_EQ(*ParseGpus("2"), (GpuRequest{"gpu", 2}));
  EXPECT_EQ(*ParseGpus("A100:4"), (GpuRequest{"a100", 4}));
  EXPECT_EQ(*ParseGpus("0"), (GpuRequest{"gpu", 0}));
  for (const std::string text : {"a100", "", ":2", "x:y:2", "a:1,b:2", "-1", "a100:", "2k"}) {
    EXPECT_FALSE(ParseGpus(text).ok()) << text;
  }
}

TEST(SlurmValues, GresKeepsWhatIsNoGpu) {
  struct Case {
    std::string text;
    std::vector<GpuRequest> gpus;
    std::string others;
  };
  const Case cases[] = {
      {"gpu", {{"gpu", 1}}, ""},
      {"gpu:2", {{"gpu", 2}}, ""},
      {"gpu:a100", {{"a100", 1}}, ""},
      {"gpu:A100:2", {{"a100", 2}}, ""},
      {"shard:1,gpu:2,lustre", {{"gpu", 2}}, "shard:1,lustre"},
      {"gpux:2", {}, "gpux:2"},
  };
  for (const Case& c : cases) {
    const Result<GresRequest> request = ParseGres(c.text);
    ASSERT_TRUE(request.ok()) << c.text;
    EXPECT_EQ(request->gpus, c.gpus) << c.text;
    EXPECT_EQ(request->others, c.others) << c.text;
  }
  EXPECT_FALSE(ParseGres("gpu:a100:1,gpu:v100:1").ok());
  EXPECT_FALSE(ParseGres("gpu:a:b:2").ok());
}

TEST(SlurmValues, SignalsAreReadByNameAndNumber) {
  struct Case {
    std::string text;
    std::string name;
    int64_t seconds;
    bool batch;
  };
  const Case cases[] = {{"USR1", "USR1", 60, false},        {"SIGUSR1", "USR1", 60, false},
                        {"usr2", "USR2", 60, false},        {"10", "USR1", 60, false},
                        {"B:TERM@120", "TERM", 120, true},  {"b:15@1", "TERM", 1, true},
                        {"INT@64800", "INT", 64'800, false}};
  for (const Case& c : cases) {
    const Result<SignalRequest> request = ParseSignal(c.text);
    ASSERT_TRUE(request.ok()) << c.text;
    EXPECT_EQ(request->name, c.name) << c.text;
    EXPECT_EQ(request->before_end.count(), c.seconds) << c.text;
    EXPECT_EQ(request->batch_shell_only, c.batch) << c.text;
    EXPECT_FALSE(request->for_reservation) << c.text;
  }
  EXPECT_TRUE(ParseSignal("RB:12@3")->for_reservation);
  for (const std::string text :
       {"", "B:@30", "FOO", "99", "X:USR1", ":USR1", "USR1@0", "USR1@", "10@64801", "USR1@-1"}) {
    EXPECT_FALSE(ParseSignal(text).ok()) << text;
  }
}

TEST(SlurmValues, CommasInsideQuotesSplitNothing) {
  EXPECT_THAT(*SplitAtCommas("A=1,B='x,y',C"), ElementsAre("A=1", "B=x,y", "C"));
  EXPECT_THAT(*SplitAtCommas(",A,,"), ElementsAre("A"));
  EXPECT_FALSE(SplitAtCommas("A='x").ok());
}

}  // namespace
}  // namespace turnpike
