#include "adapters/slurm/parse_values.h"

#include <charconv>
#include <limits>
#include <vector>

#include "base/money.h"

namespace turnpike::slurm {
namespace {

// Calls take(part) for each part of `text` between commas that are not inside parentheses; false as soon as one call
// is.
template <class Take>
bool ForEachPart(std::string_view text, Take take) {
  int depth = 0;
  size_t begin = 0;
  for (size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size() && text[at] == '(') ++depth;
    if (at < text.size() && text[at] == ')') --depth;
    if (at == text.size() || (text[at] == ',' && depth == 0)) {
      if (!take(text.substr(begin, at - begin))) return false;
      begin = at + 1;
    }
  }
  return depth == 0;
}

bool IsNothing(std::string_view text) {
  return text.empty() || text == "N/A" || text == "(null)" || text == "none";
}

}  // namespace

std::optional<int64_t> ParseWhole(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::chrono::seconds> ParseDuration(std::string_view text) {
  int64_t days = 0;
  const size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    const std::optional<int64_t> value = ParseWhole(text.substr(0, dash));
    if (!value || *value > 1'000'000) return std::nullopt;
    days = *value;
    text.remove_prefix(dash + 1);
  }
  std::vector<int64_t> parts;
  for (size_t at = 0;;) {
    const size_t end = text.find(':', at);
    const std::optional<int64_t> part = ParseWhole(text.substr(at, end == std::string_view::npos ? end : end - at));
    if (!part || *part > 10'000'000) return std::nullopt;
    parts.push_back(*part);
    if (end == std::string_view::npos) break;
    at = end + 1;
  }
  if (parts.size() < 2 || parts.size() > 3 || (dash != std::string_view::npos && parts.size() != 3))
    return std::nullopt;
  int64_t seconds = days * 24;
  if (parts.size() == 2) parts.insert(parts.begin(), 0);
  seconds = ((seconds + parts[0]) * 60 + parts[1]) * 60 + parts[2];
  return std::chrono::seconds(seconds);
}

std::optional<TimeLimit> ParseTimeLimit(std::string_view text) {
  for (const std::string_view word : {"UNLIMITED", "infinite", "NONE", "NOT_SET", "Partition_Limit", "INVALID"}) {
    if (text == word) return TimeLimit{};
  }
  const std::optional<std::chrono::seconds> limit = ParseDuration(text);
  if (!limit) return std::nullopt;
  return TimeLimit{limit};
}

std::optional<Moment> ParseMoment(std::string_view text) {
  for (const std::string_view word : {"", "N/A", "None", "Unknown", "NONE", "(null)"}) {
    if (text == word) return Moment{};
  }
  const std::optional<int64_t> seconds = ParseWhole(text);
  if (!seconds || *seconds > 253'402'300'799) return std::nullopt;  // the end of the year 9999
  return Moment{TimestampFromSeconds(*seconds)};
}

std::optional<int64_t> ParseMemoryMib(std::string_view text) {
  int64_t numerator = 1;  // MiB in the unit
  int64_t denominator = 1;
  if (!text.empty()) {
    constexpr std::string_view kUnits = "MGTP";
    const size_t unit = kUnits.find(text.back());
    if (text.back() == 'K') {
      denominator = 1024;
      text.remove_suffix(1);
    } else if (unit != std::string_view::npos) {
      numerator = int64_t{1} << (10 * unit);
      text.remove_suffix(1);
    }
  }
  const size_t dot = text.find('.');
  const std::optional<int64_t> whole = ParseWhole(text.substr(0, dot));
  if (!whole || *whole > std::numeric_limits<int64_t>::max() / 1'000'000 / numerator) return std::nullopt;
  int64_t millionths = 0;
  if (dot != std::string_view::npos) {
    const std::string_view digits = text.substr(dot + 1);
    const std::optional<int64_t> fraction = ParseWhole(digits);
    if (!fraction || digits.size() > 6) return std::nullopt;
    millionths = *fraction;
    for (size_t i = digits.size(); i < 6; ++i) millionths *= 10;
  }
  const Int128 scaled = (static_cast<Int128>(*whole) * 1'000'000 + millionths) * numerator;
  const Int128 divisor = static_cast<Int128>(denominator) * 1'000'000;
  return static_cast<int64_t>((scaled + divisor - 1) / divisor);
}

std::optional<ExitStatus> ParseExitCode(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<int64_t> code = ParseWhole(text.substr(0, colon));
  const std::optional<int64_t> signal = ParseWhole(text.substr(colon + 1));
  if (!code || !signal || *code > 255 || *signal > 127) return std::nullopt;
  return ExitStatus{static_cast<int>(*code), static_cast<int>(*signal)};
}

std::optional<ExitStatus> ParseWaitStatus(std::string_view text) {
  const std::optional<int64_t> status = ParseWhole(text);
  if (!status || *status > 0xffff) return std::nullopt;
  return ExitStatus{static_cast<int>(*status >> 8), static_cast<int>(*status & 0x7f)};
}

std::optional<Tres> ParseTres(std::string_view text) {
  Tres tres;
  if (IsNothing(text)) return tres;
  const bool parsed = ForEachPart(text, [&tres](std::string_view part) {
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view name = part.substr(0, equals);
    const std::string_view value = part.substr(equals + 1);
    const bool memory = name == "mem";
    if (!memory && name != "cpu" && name != "node" && !name.starts_with("gres/")) return true;
    const std::optional<int64_t> amount = memory ? ParseMemoryMib(value) : ParseWhole(value);
    if (!amount) return false;
    if (memory) tres.memory_mib = *amount;
    if (name == "cpu") tres.cpus = *amount;
    if (name == "node") tres.nodes = *amount;
    if (name.starts_with("gres/")) tres.gres[std::string(name.substr(5))] = *amount;
    return true;
  });
  return parsed ? std::optional<Tres>(tres) : std::nullopt;
}

std::optional<std::map<std::string, int64_t>> ParseGres(std::string_view text) {
  std::map<std::string, int64_t> counts;
  if (IsNothing(text)) return counts;
  const bool parsed = ForEachPart(text, [&counts](std::string_view part) {
    if (part.starts_with("gres:") || part.starts_with("gres/")) part.remove_prefix(5);
    part = part.substr(0, part.find('('));
    const size_t colon = part.rfind(':');
    std::optional<int64_t> count;
    if (colon != std::string_view::npos) count = ParseWhole(part.substr(colon + 1));
    const std::string_view name = count ? part.substr(0, colon) : part;  // "gpu" alone is one of it
    if (name.empty()) return false;
    counts[std::string(name)] += count.value_or(1);
    return true;
  });
  return parsed ? std::optional(counts) : std::nullopt;
}

int64_t CountAccelerators(const std::map<std::string, int64_t>& gres,
                          const std::vector<SlurmAccelerator>& accelerators) {
  struct Sum {
    int64_t plain = 0;
    int64_t typed = 0;
  };
  std::map<std::string, Sum> sums;
  for (const auto& [name, count] : gres) {
    const std::string base = name.substr(0, name.find(':'));
    for (const SlurmAccelerator& accelerator : accelerators) {
      if (accelerator.gres.substr(0, accelerator.gres.find(':')) != base) continue;
      (name == base ? sums[base].plain : sums[base].typed) += count;
      break;
    }
  }
  int64_t total = 0;
  for (const auto& [base, sum] : sums) total += sum.plain > 0 ? sum.plain : sum.typed;
  return total;
}

}  // namespace turnpike::slurm
