#include "base/grpc/valid_utf8.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using namespace std::string_view_literals;

TEST(ValidUtf8, KeepsCharactersAndReplacesEveryOtherByte) {
  const struct {
    std::string_view in;
    std::string_view out;
  } cases[] = {
      {"", ""},
      {"plain", "plain"},
      {"a\0b"sv, "a\0b"sv},
      {"é 天 🚀", "é 天 🚀"},
      {"\xff", "?"},
      {"\x80tail", "?tail"},
      {"\xc3", "?"},                 // cut short
      {"\xe5\xa4", "??"},            // cut short
      {"\xc0\xaf", "??"},            // too long a form of '/'
      {"\xe0\x80\xaf", "???"},       // the same
      {"\xed\xa0\x80", "???"},       // half a surrogate pair
      {"\xf4\x90\x80\x80", "????"},  // above the last character
      {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
  };
  for (const auto& [in, out] : cases) {
    EXPECT_EQ(ValidUtf8(in), out);
  }
}

TEST(ValidUtf8, CutsBetweenCharacters) {
  EXPECT_EQ(ValidUtf8("天河", 6), "天河");
  EXPECT_EQ(ValidUtf8("天河", 5), "天");
  EXPECT_EQ(ValidUtf8("天河", 2), "");
}

}  // namespace
}  // namespace turnpike
