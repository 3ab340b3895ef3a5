#include "adapters/slurm/host_list.h"

#include <fmt/format.h>

#include <cstdint>

#include "adapters/slurm/parse_values.h"

namespace turnpike::slurm {
namespace {

// Up to the next comma that stands in no brackets.
std::string_view NextPiece(std::string_view text) {
  size_t depth = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '[') ++depth;
    if (text[at] == ']' && depth > 0) --depth;
    if (text[at] == ',' && depth == 0) return text.substr(0, at);
  }
  return text;
}

// "01-03" behind every prefix; the width of the first number is kept.
bool AppendRange(std::string_view range, const std::vector<std::string>& prefixes, std::vector<std::string>& names) {
  const std::string_view low_text = range.substr(0, range.find('-'));
  const std::string_view high_text = range.substr(range.find('-') == std::string_view::npos ? 0 : low_text.size() + 1);
  const auto low = ParseWhole(low_text);
  const auto high = ParseWhole(high_text);
  if (!low || !high || *high < *low || *high - *low >= static_cast<int64_t>(kHostsMax)) return false;
  for (const std::string& prefix : prefixes) {
    for (int64_t number = *low; number <= *high && names.size() < kHostsMax; ++number) {
      names.push_back(fmt::format("{}{:0{}}", prefix, number, low_text.size()));
    }
  }
  return true;
}

// One piece: names and brackets in turn, "r[1-2]n[1-4]".
bool AppendPiece(std::string_view piece, std::vector<std::string>& hosts) {
  std::vector<std::string> names = {""};
  while (!piece.empty()) {
    if (piece.front() != '[') {
      const size_t end = std::min(piece.find('['), piece.size());
      for (std::string& name : names) name += piece.substr(0, end);
      piece.remove_prefix(end);
      continue;
    }
    const size_t close = piece.find(']');
    if (close == std::string_view::npos) return false;
    std::string_view ranges = piece.substr(1, close - 1);
    std::vector<std::string> longer;
    while (!ranges.empty()) {
      const size_t end = std::min(ranges.find(','), ranges.size());
      if (!AppendRange(ranges.substr(0, end), names, longer)) return false;
      ranges.remove_prefix(std::min(end + 1, ranges.size()));
    }
    names = std::move(longer);
    piece.remove_prefix(close + 1);
  }
  hosts.insert(hosts.end(), names.begin(), names.end());
  return hosts.size() < kHostsMax;
}

}  // namespace

std::optional<std::vector<std::string>> ExpandHostList(std::string_view text) {
  std::vector<std::string> hosts;
  while (!text.empty()) {
    const std::string_view piece = NextPiece(text);
    if (piece.empty() || !AppendPiece(piece, hosts)) return std::nullopt;
    text.remove_prefix(std::min(piece.size() + 1, text.size()));
  }
  return hosts;
}

}  // namespace turnpike::slurm
