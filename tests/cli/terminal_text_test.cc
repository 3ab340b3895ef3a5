#include "cli/terminal_text.h"

#include <gmock/gmock.h>

#include "cli/table.h"
#include "cli/terminal_color.h"

namespace turnpike {
namespace {

TEST(TerminalText, NothingHostileReachesTheTerminal) {
  struct Case {
    std::string text;
    std::string line;
  };
  const Case cases[] = {
      {"plain", "plain"},
      {"\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"},
      {std::string("a\0b", 3), "a\\x00b"},
      {"a\nb\tc\rd\x7f", "a\\x0ab\\x09c\\x0dd\\x7f"},
      {"\xc2\x9b"
       "31m",
       "\\x9b31m"},  // CSI as one C1 character
      {"\x9b"
       "31m",
       "\\x9b31m"},                                   // and as a bare byte
      {"user\u202etxt.exe", "user\\u{202e}txt.exe"},  // right to left override
      {"a\u2066b\u2069", "a\\u{2066}b\\u{2069}"},     // isolates
      {"zero\u200bwidth", "zero\\u{200b}width"},
      {"line\u2028end", "line\\u{2028}end"},
      {"\xff\xc0\xaf", "\\xff\\xc0\\xaf"},  // not UTF-8, overlong
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},  // a surrogate
      {"\xe4\xbd", "\\xe4\\xbd"},           // cut in the middle
      {"超算 é 🚀", "超算 é 🚀"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(EscapeLine(c.text), c.line);
  }
  EXPECT_EQ(EscapeLines("a\n\tb\x1b[0m\r"), "a\n\tb\\x1b[0m\\x0d");
}

TEST(TerminalText, EveryByteStringComesOutPrintable) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second)};
      const std::string line = EscapeLine(text);
      EXPECT_TRUE(IsUtf8(line)) << first << " " << second;
      for (const char c : line) {
        EXPECT_FALSE((c >= 0 && c < 0x20) || c == 0x7f) << first << " " << second;
      }
    }
  }
}

TEST(TerminalText, WidthIsWhatATerminalShows) {
  struct Case {
    std::string text;
    size_t width;
  };
  const Case cases[] = {{"", 0},        {"abc", 3}, {"超算", 4}, {"ｆｕｌｌ", 8}, {"é", 1},
                        {"e\u0301", 1}, {"🚀", 2},  {"한국", 4}, {"a超b", 4}};
  for (const Case& c : cases) {
    EXPECT_EQ(DisplayWidth(c.text), c.width) << c.text;
  }
}

TEST(TerminalText, CutsBetweenCharacters) {
  EXPECT_EQ(CutToWidth("abcdef", 6), "abcdef");
  EXPECT_EQ(CutToWidth("abcdef", 4), "abc…");
  EXPECT_EQ(CutToWidth("超算中心", 5), "超算…");
  EXPECT_EQ(CutToWidth("超算中心", 4), "超…");
  EXPECT_EQ(CutToWidth("abc", 0), "");
}

TEST(Table, AlignsByWidthAndEscapes) {
  Table table({{.title = "NAME"}, {.title = "N", .align = Align::kRight}, {.title = "END"}});
  table.Add({{"超算"}, {"7"}, {"x"}});
  table.Add({{"a"}, {"123"}, {"\x1b[2J"}});
  EXPECT_EQ(table.ToString({}),
            "NAME    N  END\n"
            "超算    7  x\n"
            "a     123  \\x1b[2J\n");
  EXPECT_EQ(table.ToString({.header = false}),
            "超算    7  x\n"
            "a     123  \\x1b[2J\n");
}

TEST(Table, ColourDoesNotMoveColumnsAndStaysOutWithoutIt) {
  Table table({{.title = "STATE"}, {.title = "ID"}});
  table.Add({{"FAILED", Tint::kBad}, {"1"}});
  table.Add({{"OK", Tint::kGood}, {"2"}});
  EXPECT_EQ(table.ToString({}), "STATE   ID\nFAILED  1\nOK      2\n");
  EXPECT_EQ(table.ToString({.header = false, .color = true}), "\x1b[31mFAILED\x1b[0m  1\n\x1b[32mOK\x1b[0m      2\n");
}

TEST(Table, CutsWideCells) {
  Table table({{.title = "REASON", .width_max = 5}, {.title = "X"}});
  table.Add({{"a long reason"}, {"y"}});
  EXPECT_EQ(table.ToString({.header = false}), "a lo…  y\n");
}

TEST(TerminalColor, OnATerminalUnlessToldOtherwise) {
  EXPECT_TRUE(WantsColor({}, true));
  EXPECT_FALSE(WantsColor({}, false));
  EXPECT_FALSE(WantsColor({{"NO_COLOR", "1"}}, true));
  EXPECT_TRUE(WantsColor({{"NO_COLOR", ""}}, true));
  EXPECT_FALSE(WantsColor({{"TERM", "dumb"}}, true));
  EXPECT_TRUE(WantsColor({{"CLICOLOR_FORCE", "1"}}, false));
  EXPECT_FALSE(WantsColor({{"CLICOLOR_FORCE", "0"}}, false));
  EXPECT_FALSE(WantsColor({{"CLICOLOR_FORCE", "1"}, {"NO_COLOR", "1"}}, true));
}

}  // namespace
}  // namespace turnpike
