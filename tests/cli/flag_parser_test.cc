#include "cli/flag_parser.h"

#include <gmock/gmock.h>

#include "cli/sbatch_flags.h"
#include "cli/turnpike_flags.h"

namespace turnpike {
namespace {

using ::testing::HasSubstr;

// "nodes=2 hold | rest": what was understood, then where the operands begin.
std::string Describe(const std::vector<std::string>& words, const OptionSet& options = SbatchDialect()) {
  const Result<ParsedFlags> parsed = ParseFlags(options, words);
  if (!parsed.ok()) {
    return std::string(MessageOf(parsed.status()));
  }
  std::string text;
  for (const Flag& flag : parsed->flags) {
    text += std::string(flag.option->name) + (flag.has_value ? "=" + flag.value : "") + " ";
  }
  text += parsed->after_dashes ? "--" : "|";
  for (size_t i = parsed->operands_begin; i < words.size(); ++i) {
    text += " " + words[i];
  }
  return text;
}

TEST(FlagParser, ReadsFlagsAsGetoptDoes) {
  struct Case {
    std::vector<std::string> words;
    std::string expected;
  };
  const Case cases[] = {
      {{}, "|"},
      {{"-N2"}, "nodes=2 |"},
      {{"-N", "2"}, "nodes=2 |"},
      {{"--nodes=2"}, "nodes=2 |"},
      {{"--nodes", "2"}, "nodes=2 |"},
      {{"--nodes="}, "nodes= |"},
      {{"--ntasks-per-n", "2"}, "ntasks-per-node=2 |"},
      {{"-HN3"}, "hold nodes=3 |"},
      {{"-HW", "x"}, "hold wait | x"},
      {{"--nice"}, "nice |"},
      {{"--nice", "5"}, "nice | 5"},
      {{"--nice=5"}, "nice=5 |"},
      {{"-koff"}, "no-kill=off |"},
      {{"-J", "-N"}, "job-name=-N |"},
      {{"-N2", "job.sh", "-n4"}, "nodes=2 | job.sh -n4"},
      {{"-N2", "--", "-n4"}, "nodes=2 -- -n4"},
      {{"-"}, "| -"},
      {{"--time", "1:00", "-"}, "time=1:00 | -"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Describe(c.words), c.expected);
  }
}

TEST(FlagParser, SaysWhatIsWrong) {
  EXPECT_THAT(Describe({"--nod=2"}), HasSubstr("ambiguous; it could be --nodes, --nodelist, --nodefile"));
  EXPECT_THAT(Describe({"--tiem=2"}), HasSubstr("unknown option --tiem; did you mean --time?"));
  EXPECT_THAT(Describe({"--colour-of-the-sea"}), HasSubstr("turnpike submit --help"));
  EXPECT_THAT(Describe({"-Z"}), HasSubstr("unknown option -Z"));
  EXPECT_THAT(Describe({"--hold=yes"}), HasSubstr("--hold takes no value"));
  EXPECT_THAT(Describe({"--nodes"}), HasSubstr("--nodes needs a value"));
  EXPECT_THAT(Describe({"-HN"}), HasSubstr("--nodes needs a value"));
}

TEST(FlagParser, TurnpikesMeaningComesFirstInItsOwnDialect) {
  EXPECT_EQ((*TurnpikeDialect().FindName("prefer"))->kind, OptionClass::kMapped);
  EXPECT_EQ((*SbatchDialect().FindName("prefer"))->kind, OptionClass::kSiteBound);
  EXPECT_THAT(Describe({"--site=alpha"}), HasSubstr("unknown option --site"));
  EXPECT_EQ(Describe({"--site=alpha", "-n2"}, TurnpikeDialect()), "site=alpha ntasks=2 |");
}

}  // namespace
}  // namespace turnpike
