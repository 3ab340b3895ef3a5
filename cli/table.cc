#include "cli/table.h"

#include <algorithm>

#include "base/check.h"
#include "cli/terminal_text.h"

namespace turnpike {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::string_view kColorEnd = "\x1b[0m";

std::string_view ColorOf(Tint tint) {
  switch (tint) {
    case Tint::kNone:
      return "";
    case Tint::kGood:
      return "\x1b[32m";
    case Tint::kBad:
      return "\x1b[31m";
    case Tint::kBusy:
      return "\x1b[36m";
  }
  return "";
}

// Padding is outside the colour, so that coloured and plain tables have the same columns.
std::string Padded(const std::string& text, size_t width, Align align, std::string_view color) {
  const std::string space(width - std::min(width, DisplayWidth(text)), ' ');
  const std::string colored = color.empty() ? text : std::string(color) + text + std::string(kColorEnd);
  return align == Align::kRight ? space + colored : colored + space;
}

}  // namespace

void Table::Add(std::vector<Cell> row) {
  CHECK(row.size() == columns_.size());
  for (size_t i = 0; i < row.size(); ++i) {
    row[i].text = EscapeLine(row[i].text);
    if (columns_[i].width_max > 0) {
      row[i].text = CutToWidth(row[i].text, columns_[i].width_max);
    }
  }
  rows_.push_back(std::move(row));
}

std::string Table::ToString(const Format& format) const {
  std::vector<std::vector<Cell>> lines;
  if (format.header) {
    std::vector<Cell> titles;
    for (const Column& column : columns_) {
      titles.push_back({column.title});
    }
    lines.push_back(std::move(titles));
  }
  lines.insert(lines.end(), rows_.begin(), rows_.end());
  std::vector<size_t> widths(columns_.size());
  for (const std::vector<Cell>& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(line[i].text));
    }
  }
  std::string text;
  for (const std::vector<Cell>& line : lines) {
    std::string row;
    for (size_t i = 0; i < line.size(); ++i) {
      row += i == 0 ? "" : kGap;
      row += Padded(line[i].text, widths[i], columns_[i].align, format.color ? ColorOf(line[i].tint) : "");
    }
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

}  // namespace turnpike
