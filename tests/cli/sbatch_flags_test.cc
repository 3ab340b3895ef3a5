#include "cli/sbatch_flags.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "cli/turnpike_flags.h"

namespace turnpike {
namespace {

std::string ReadTestData(const std::string& name) {
  std::ifstream file(std::string(std::getenv("TURNPIKE_SOURCE_DIR")) + "/tests/cli/testdata/" + name);
  EXPECT_TRUE(file) << name;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// One line of the help text that describes an option: "  -N, --nodes=N   number of nodes".
struct HelpLine {
  std::string name;
  char letter = '\0';
  OptionArgument argument = OptionArgument::kNone;
};

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || c == '-';
}

// The long name that begins at `at`, without its dashes.
std::string NameAt(const std::string& text, size_t at) {
  size_t end = at + 2;
  while (end < text.size() && IsNameCharacter(text[end])) {
    ++end;
  }
  return text.substr(at + 2, end - at - 2);
}

// Every long name that the text mentions.
std::set<std::string> NamesIn(const std::string& text) {
  std::set<std::string> names;
  for (size_t at = text.find("--"); at != std::string::npos; at = text.find("--", at + 2)) {
    if (const std::string name = NameAt(text, at); !name.empty()) {
      names.insert(name);
    }
  }
  return names;
}

std::vector<HelpLine> DescriptionsIn(const std::string& text) {
  std::vector<HelpLine> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    const size_t begin = line.find_first_not_of(' ');
    const size_t at = line.find("--");
    const bool described =
        begin != std::string::npos && begin <= 6 && line[begin] == '-' && at != std::string::npos && at <= 6;
    if (!described) {
      continue;
    }
    HelpLine found{.name = NameAt(line, at)};
    found.letter = at == begin ? '\0' : line[begin + 1];
    const std::string rest = line.substr(at + 2 + found.name.size());
    found.argument = rest.starts_with("[=")  ? OptionArgument::kOptional
                     : rest.starts_with('=') ? OptionArgument::kRequired
                                             : OptionArgument::kNone;
    lines.push_back(found);
  }
  return lines;
}

std::map<std::string, SubmitOption> Known() {
  std::map<std::string, SubmitOption> known;
  for (const SubmitOption& option : SbatchOptions()) {
    EXPECT_TRUE(known.emplace(option.name, option).second) << option.name << " stands twice";
  }
  return known;
}

TEST(SbatchFlags, CoverEveryLongOptionOfTheHelpText) {
  const std::map<std::string, SubmitOption> known = Known();
  const std::set<std::string> found = NamesIn(ReadTestData("sbatch-help-22.05.8.txt"));
  EXPECT_GT(found.size(), 90U);
  for (const std::string& name : found) {
    EXPECT_TRUE(known.contains(name)) << "--" << name << " has no class";
  }
}

TEST(SbatchFlags, CoverWhatSbatchUnderstandsWithoutSayingSo) {
  const std::map<std::string, SubmitOption> known = Known();
  std::istringstream names(ReadTestData("sbatch-long-options-22.05.8.txt"));
  int count = 0;
  for (std::string name; names >> name; ++count) {
    EXPECT_TRUE(known.contains(name.substr(2))) << name << " has no class";
  }
  EXPECT_EQ(count, 106);
}

TEST(SbatchFlags, LettersAndArgumentsAreThoseOfTheHelpText) {
  // Described there in another way than sbatch itself takes them.
  const std::set<std::string> misdescribed = {"container", "export", "get-user-env", "no-kill", "wrap"};
  const std::map<std::string, SubmitOption> known = Known();
  std::set<std::string> with_letter;
  const std::vector<HelpLine> lines = DescriptionsIn(ReadTestData("sbatch-help-22.05.8.txt"));
  EXPECT_GT(lines.size(), 85U);
  for (const HelpLine& line : lines) {
    const auto option = known.find(line.name);
    ASSERT_NE(option, known.end()) << line.name;
    EXPECT_EQ(option->second.letter, line.letter) << line.name;
    if (!misdescribed.contains(line.name)) {
      EXPECT_EQ(option->second.argument, line.argument) << line.name;
    }
    if (line.letter != '\0') {
      with_letter.insert(line.name);
    }
  }
  EXPECT_GT(with_letter.size(), 30U);
  for (const auto& [name, option] : known) {
    EXPECT_EQ(option.letter != '\0', with_letter.contains(name)) << name;
  }
}

TEST(SbatchFlags, EachIsInExactlyOneClassWithWhatThatClassNeeds) {
  std::map<OptionClass, int> classes;
  for (const auto& [name, option] : Known()) {
    ++classes[option.kind];
    const bool mapped = option.kind == OptionClass::kMapped;
    EXPECT_EQ(option.convert != nullptr, mapped) << name;
    EXPECT_TRUE(mapped || option.field.empty()) << name;
    EXPECT_EQ(option.text.empty(), option.kind == OptionClass::kSiteBound) << name;
  }
  EXPECT_EQ(classes.size(), 4U);
}

TEST(SbatchFlags, TurnpikesOwnOptionsAreAllMapped) {
  for (const SubmitOption& option : TurnpikeOptions()) {
    EXPECT_EQ(option.kind, OptionClass::kMapped) << option.name;
    EXPECT_NE(option.convert, nullptr) << option.name;
    EXPECT_FALSE(option.text.empty()) << option.name;
  }
}

}  // namespace
}  // namespace turnpike
