#include "adapters/slurm/delimited_table.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/adapters/slurm/testdata.h"

namespace turnpike::slurm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(DelimitedTable, FindsColumnsByNameInAnyOrder) {
  const std::string text = "A@@B@@C@@\n1@@2@@3@@\n";
  const auto table = DelimitedTable::Parse(text, "@@");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->rows().size(), 1U);
  EXPECT_EQ(table->Find({"C", "A"}).value(), (std::vector<size_t>{2, 0}));
}

TEST(DelimitedTable, NamesEveryMissingColumn) {
  const std::string text = "A@@B@@\n";
  const auto table = DelimitedTable::Parse(text, "@@");
  ASSERT_TRUE(table.ok());
  const auto found = table->Find({"A", "X", "Y"});
  EXPECT_EQ(found.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(found.status())), HasSubstr("X, Y"));
}

TEST(DelimitedTable, KeepsLineEndsAndBarsInsideAField) {
  const std::string text = "A@@B@@\n1@@two|\n3|x@@\n4@@five@@\n";
  const auto table = DelimitedTable::Parse(text, "@@");
  ASSERT_TRUE(table.ok()) << table.status();
  ASSERT_EQ(table->rows().size(), 2U);
  EXPECT_THAT(table->rows()[0], ElementsAre("1", "two|\n3|x"));
}

TEST(DelimitedTable, ReadsRowsThatEndWithTheLine) {
  const std::string text = "A|B\n1|\n";
  const auto table = DelimitedTable::Parse(text, "|");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(table->rows()[0], ElementsAre("1", ""));
}

TEST(DelimitedTable, RefusesWhatIsNotWhole) {
  const std::string nul("A@@\n1\0@@\n", 9);
  for (const std::string& text :
       {std::string(), std::string("A@@B@@"), std::string("A@@B@@\n1@@2@@"), std::string("A@@B@@\n1@@\n"),
        std::string("A@@B@@\n1@@2@@3@@\n"), std::string("A@@B@@\n1@@2@@\n3"), nul,
        "A@@B@@\n" + std::string(1'000'000, 'x') + "\n"}) {
    EXPECT_EQ(DelimitedTable::Parse(text, "@@").status().code(), StatusCode::kDataLoss) << text.substr(0, 60);
  }
}

TEST(DelimitedTable, TakesALineOfOneMegabyte) {
  const std::string text = "A@@B@@\n1@@" + std::string(1'000'000, '|') + "@@\n";
  const auto table = DelimitedTable::Parse(text, "@@");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->rows()[0][1].size(), 1'000'000U);
}

TEST(DelimitedTable, RefusesTheWholeAnswerIfSomebodyKnewTheSeparator) {
  const std::string text = "ID@@NAME@@\n1@@x\n2@@forged@@\n3@@y@@\n";
  EXPECT_EQ(DelimitedTable::Parse(text, "@@").status().code(), StatusCode::kDataLoss);
}

TEST(DelimitedTable, RefusesEveryCutOffAnswer) {
  const std::string whole = ReadSample("adapter-squeue.out");
  ASSERT_TRUE(DelimitedTable::Parse(whole, kSampleSeparator).ok());
  const std::string row_end = fmt::format("{}\n", kSampleSeparator);
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);
    if (cut.ends_with(row_end)) continue;  // Whole rows, fewer of them: only a second look could tell.
    EXPECT_FALSE(DelimitedTable::Parse(cut, kSampleSeparator).ok()) << "cut after " << size;
  }
}

}  // namespace
}  // namespace turnpike::slurm
