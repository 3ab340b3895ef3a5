// What counts as a directive, and its quoting, were compared with sbatch 22.05.8 on the same scripts.
#include "cli/directives.h"

#include <gmock/gmock.h>

namespace turnpike {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kSbatch = DirectiveDialect::kSbatch;
constexpr auto kTurnpike = DirectiveDialect::kTurnpike;

// The words of one directive line.
std::vector<std::string> WordsOf(const std::string& line) {
  const Result<ScriptHead> head = ReadScriptHead("#!/bin/sh\n" + line + "\n", "job.sh");
  EXPECT_TRUE(head.ok()) << line << ": " << head.status();
  return head.ok() && !head->directives.empty() ? head->directives[0].words : std::vector<std::string>{"(none)"};
}

std::string ErrorOf(const std::string& script) {
  const Result<ScriptHead> head = ReadScriptHead(script, "job.sh");
  if (!head.ok()) {
    return std::string(MessageOf(head.status()));
  }
  const Result<std::vector<Setting>> settings = SettingsOf(*head, "job.sh");
  return settings.ok() ? "" : std::string(MessageOf(settings.status()));
}

TEST(Directives, WordsAreQuotedAsSbatchQuotesThem) {
  struct Case {
    std::string line;
    std::vector<std::string> words;
  };
  const Case cases[] = {
      {"#SBATCH -N2 --mem=4G", {"-N2", "--mem=4G"}},
      {"#SBATCH\t-n  4 ", {"-n", "4"}},
      {"#SBATCH --job-name=\"a b\"", {"--job-name=a b"}},
      {"#SBATCH -J 'a \"b\"'", {"-J", "a \"b\""}},
      {"#SBATCH -J \"a\\\"b\"", {"-J", "a\"b"}},
      {"#SBATCH -J 'a\\b'", {"-J", "ab"}},
      {"#SBATCH -J a#b --mem=1", {"-J", "a"}},
      {"#SBATCH -J a\\#b", {"-J", "a#b"}},
      {"#SBATCH -n 4 # rest", {"-n", "4"}},
      {"#SBATCH -J \"\" -n 2", {"-J", "", "-n", "2"}},
      {"#SBATCH", {}},
      {"#TP --site=alpha", {"--site=alpha"}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(WordsOf(c.line), c.words) << c.line;
  }
}

TEST(Directives, OnlyTheHeadOfTheScriptCounts) {
  const Result<ScriptHead> head = ReadScriptHead(
      "#!/bin/bash\n"
      "#SBATCH -n 1\n"
      "  #SBATCH -n 2\n"
      "# a comment\n"
      "   \n"
      "\n"
      "#TPU is no directive\n"
      "#TP -n 3\n"
      "set -e\n"
      "#SBATCH -n 4\n"
      "#TP -n 5\n",
      "job.sh");
  ASSERT_TRUE(head.ok());
  EXPECT_THAT(head->directives, ElementsAre(Directive{kSbatch, 2, {"-n", "1"}}, Directive{kTurnpike, 8, {"-n", "3"}}));
}

TEST(Directives, AScriptWithoutAFinalNewlineIsReadToItsEnd) {
  const Result<ScriptHead> head = ReadScriptHead("#!/bin/sh\n#SBATCH -n 1", "job.sh");
  ASSERT_TRUE(head.ok());
  EXPECT_THAT(head->directives, ElementsAre(Directive{kSbatch, 2, {"-n", "1"}}));
}

TEST(Directives, SettingsKnowTheirLine) {
  const Result<ScriptHead> head = ReadScriptHead("#!/bin/sh\n#SBATCH -N2 -H\n#TP --label a=b\n", "job.sh");
  ASSERT_TRUE(head.ok());
  const Result<std::vector<Setting>> settings = SettingsOf(*head, "job.sh");
  ASSERT_TRUE(settings.ok()) << settings.status();
  ASSERT_EQ(settings->size(), 3U);
  EXPECT_EQ((*settings)[0].option->name, "nodes");
  EXPECT_EQ((*settings)[0].value, "2");
  EXPECT_EQ((*settings)[0].origin.where, "job.sh line 2");
  EXPECT_EQ((*settings)[0].origin.layer, SettingLayer::kDirective);
  EXPECT_EQ((*settings)[1].option->name, "hold");
  EXPECT_EQ((*settings)[2].option->name, "label");
  EXPECT_EQ((*settings)[2].origin.where, "job.sh line 3");
}

TEST(Directives, ErrorsNameTheLineAndWhatToDo) {
  EXPECT_THAT(ErrorOf("#!/bin/sh\n\n#SBATCH \"-J foo\n"), HasSubstr("job.sh line 3: a \" without its partner"));
  EXPECT_THAT(ErrorOf("#!/bin/sh\n#SBATCH --bogus=2\n"), HasSubstr("job.sh line 2: unknown option --bogus"));
  EXPECT_THAT(ErrorOf("#!/bin/sh\n#SBATCH -N 2 foo -n 4\n"), HasSubstr("job.sh line 2: 'foo' is no flag"));
  EXPECT_THAT(ErrorOf("#!/bin/sh\n#SBATCH -- -N3\n"), HasSubstr("'-N3' is no flag"));
  EXPECT_THAT(ErrorOf("#!/bin/sh\n#SBATCHx\n"), HasSubstr("'x' is no flag"));
  EXPECT_THAT(ErrorOf("#!/bin/sh\n#SBATCH hetjob\n"), HasSubstr("heterogeneous jobs"));
  EXPECT_THAT(ErrorOf("#!/bin/sh\n#SBATCH packjob\n"), HasSubstr("heterogeneous jobs"));
  EXPECT_THAT(ErrorOf("#!/bin/sh\n#SBATCH : -N2\n"), HasSubstr("heterogeneous jobs"));
  EXPECT_THAT(ErrorOf("#!/bin/sh\n#SBATCH --wrap=x\n"), HasSubstr("--wrap belongs on the command line"));
  EXPECT_THAT(ErrorOf("#!/bin/sh\n#TP --request-id=x\n"), HasSubstr("--request-id belongs on the command line"));
  EXPECT_THAT(ErrorOf("#!/bin/sh\n#SBATCH --site=alpha\n"), HasSubstr("begins with #TP"));
}

TEST(Directives, OtherSchedulersLinesAreFoundAndNotRead) {
  const Result<ScriptHead> head = ReadScriptHead(
      "#!/bin/sh\n#PBS -l select=2\n#BSUB -n 4\n#$ -N x\n#CBATCH -N 2\n#SLURM -n 2\n# $HOME\n#PBSX\n", "job.sh");
  ASSERT_TRUE(head.ok());
  EXPECT_THAT(head->directives, IsEmpty());
  EXPECT_THAT(head->foreign,
              ElementsAre(ForeignDirective{"#PBS", 2}, ForeignDirective{"#BSUB", 3}, ForeignDirective{"#$", 4},
                          ForeignDirective{"#CBATCH", 5}, ForeignDirective{"#SLURM", 6}));
}

}  // namespace
}  // namespace turnpike
