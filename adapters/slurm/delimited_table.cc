#include "adapters/slurm/delimited_table.h"

#include <algorithm>
#include <string>

namespace turnpike::slurm {
namespace {

std::vector<std::string_view> Split(std::string_view row, std::string_view separator) {
  std::vector<std::string_view> fields;
  for (size_t at = 0;;) {
    const size_t end = row.find(separator, at);
    fields.push_back(row.substr(at, end == std::string_view::npos ? end : end - at));
    if (end == std::string_view::npos) return fields;
    at = end + separator.size();
  }
}

}  // namespace

Result<DelimitedTable> DelimitedTable::Parse(std::string_view text, std::string_view separator) {
  if (separator.empty()) return InvalidArgument("the separator is empty");
  if (text.find('\0') != std::string_view::npos) return DataLoss("the output holds a NUL byte at {}", text.find('\0'));
  const size_t header_end = text.find('\n');
  if (header_end == std::string_view::npos) return DataLoss("the output has no header line ({} bytes)", text.size());
  std::string row_end = "\n";
  if (text.substr(0, header_end).ends_with(separator)) row_end = std::string(separator) + "\n";

  DelimitedTable table;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find(row_end, at);
    if (end == std::string_view::npos) {
      return DataLoss("row {} is cut off after {} bytes", table.rows_.size() + 1, text.size() - at);
    }
    std::vector<std::string_view> fields = Split(text.substr(at, end - at), separator);
    at = end + row_end.size();
    if (table.header_.empty()) {
      table.header_ = std::move(fields);
      continue;
    }
    if (fields.size() != table.header_.size()) {
      return DataLoss("row {} has {} fields where the header has {}", table.rows_.size() + 1, fields.size(),
                      table.header_.size());
    }
    table.rows_.push_back(std::move(fields));
  }
  return table;
}

Result<std::vector<size_t>> DelimitedTable::Find(const std::vector<std::string_view>& names) const {
  std::vector<size_t> places;
  std::string missing;
  for (const std::string_view name : names) {
    const auto found = std::find(header_.begin(), header_.end(), name);
    if (found == header_.end()) missing += (missing.empty() ? "" : ", ") + std::string(name);
    places.push_back(static_cast<size_t>(found - header_.begin()));
  }
  if (!missing.empty()) return DataLoss("the output lacks the columns {}: another version of Slurm?", missing);
  return places;
}

}  // namespace turnpike::slurm
