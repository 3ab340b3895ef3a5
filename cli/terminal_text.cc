#include "cli/terminal_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace turnpike {
namespace {

struct CodePoint {
  uint32_t value = 0;
  size_t bytes = 1;
  bool valid = false;
};

// How many bytes a character has by its first one; 0: not a first byte.
size_t LengthOf(unsigned char first) {
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xc2 && first < 0xe0) {
    return 2;
  }
  if (first >= 0xe0 && first < 0xf0) {
    return 3;
  }
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

// The first character of a text that is not empty; an invalid one is one byte long.
CodePoint FirstCodePoint(std::string_view text) {
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const auto first = static_cast<unsigned char>(text[0]);
  const size_t length = LengthOf(first);
  const CodePoint invalid{.value = first};
  if (length == 0 || length > text.size()) {
    return invalid;
  }
  uint32_t value = length == 1 ? first : first & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80U) {
      return invalid;
    }
    value = (value << 6U) | (next & 0x3fU);
  }
  const bool surrogate = value >= 0xd800 && value < 0xe000;
  return value < kLeast[length] || surrogate || value > 0x10ffff ? invalid : CodePoint{value, length, true};
}

struct Range {
  uint32_t first;
  uint32_t last;
};

bool InRanges(uint32_t value, const Range* begin, const Range* end) {
  const Range* range =
      std::upper_bound(begin, end, value, [](uint32_t key, const Range& other) { return key < other.first; });
  return range != begin && value <= std::prev(range)->last;
}

// What acts on a terminal or turns the direction of writing, and what cannot be seen.
bool IsDangerous(uint32_t value) {
  constexpr Range kDangerous[] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},
                                  {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
                                  {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};
  return InRanges(value, std::begin(kDangerous), std::end(kDangerous));
}

// East Asian Width W and F, by Unicode 15 in blocks.
bool IsWide(uint32_t value) {
  constexpr Range kWide[] = {
      {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},  {0x25fd, 0x25fe}, {0x2614, 0x2615},
      {0x2648, 0x2653},   {0x26a1, 0x26a1},   {0x2705, 0x2705},   {0x2728, 0x2728},  {0x274c, 0x274c}, {0x2753, 0x2755},
      {0x2795, 0x2797},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},  {0x4e00, 0xa4cf}, {0xa960, 0xa97f},
      {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},  {0xff00, 0xff60}, {0xffe0, 0xffe6},
      {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
  return InRanges(value, std::begin(kWide), std::end(kWide));
}

bool IsCombining(uint32_t value) {
  constexpr Range kCombining[] = {{0x300, 0x36f},   {0x483, 0x489},    {0x591, 0x5bd},   {0x610, 0x61a},
                                  {0x64b, 0x65f},   {0x93c, 0x93c},    {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
                                  {0x20d0, 0x20ff}, {0x302a, 0x302d},  {0x3099, 0x309a}, {0xfe00, 0xfe0f},
                                  {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef}};
  return InRanges(value, std::begin(kCombining), std::end(kCombining));
}

size_t WidthOf(const CodePoint& point) {
  if (!point.valid) {
    return 1;
  }
  return IsCombining(point.value) ? 0 : IsWide(point.value) ? 2 : 1;
}

std::string Escape(std::string_view text, std::string_view kept) {
  std::string escaped;
  escaped.reserve(text.size());
  while (!text.empty()) {
    const CodePoint point = FirstCodePoint(text);
    const bool keep = point.bytes == 1 && kept.find(text[0]) != std::string_view::npos;
    if (keep || (point.valid && !IsDangerous(point.value))) {
      escaped += text.substr(0, point.bytes);
    } else if (point.valid && point.value > 0xff) {
      escaped += fmt::format("\\u{{{:x}}}", point.value);
    } else {
      escaped += fmt::format("\\x{:02x}", point.value);
    }
    text.remove_prefix(point.bytes);
  }
  return escaped;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const CodePoint point = FirstCodePoint(text);
    if (!point.valid) {
      return false;
    }
    text.remove_prefix(point.bytes);
  }
  return true;
}

std::string EscapeLine(std::string_view text) {
  return Escape(text, "");
}

std::string EscapeLines(std::string_view text) {
  return Escape(text, "\n\t");
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const CodePoint point = FirstCodePoint(text);
    width += WidthOf(point);
    text.remove_prefix(point.bytes);
  }
  return width;
}

std::string CutToWidth(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) {
    return std::string(text);
  }
  constexpr std::string_view kEllipsis = "…";
  std::string cut;
  size_t used = DisplayWidth(kEllipsis);
  while (!text.empty()) {
    const CodePoint point = FirstCodePoint(text);
    used += WidthOf(point);
    if (used > width) {
      break;
    }
    cut += text.substr(0, point.bytes);
    text.remove_prefix(point.bytes);
  }
  return width == 0 ? "" : cut + std::string(kEllipsis);
}

}  // namespace turnpike
