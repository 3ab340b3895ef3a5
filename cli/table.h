#pragma once
// A table for people: columns aligned by what a terminal shows, cells made harmless.  Pure.

#include <string>
#include <string_view>
#include <vector>

namespace turnpike {

enum class Align { kLeft, kRight };
enum class Tint { kNone, kGood, kBad, kBusy };

struct Column {
  std::string title;
  Align align = Align::kLeft;
  size_t width_max = 0;  // wider cells are cut; 0: never
};

struct Cell {
  std::string text;  // as it came: the table escapes it
  Tint tint = Tint::kNone;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // One cell per column.
  void Add(std::vector<Cell> row);
  // Two spaces between columns, nothing after the last; every line ends with a newline.
  struct Format {
    bool header = true;
    bool color = false;
  };
  std::string ToString(const Format& format) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace turnpike
