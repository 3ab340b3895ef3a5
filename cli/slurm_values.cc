#include "cli/slurm_values.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace turnpike {
namespace {

constexpr int64_t kDaysMax = 3650;
constexpr int64_t kMemoryMibMax = int64_t{1} << 40;  // 1 EiB: beyond every machine, far from overflow
constexpr int64_t kSignalTimeMax = 18 * 3600;

std::string ToUpper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
  return upper;
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return lower;
}

std::optional<int64_t> WholeNumber(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

// No sign, since a field of a time or size has none.
std::optional<int64_t> Digits(std::string_view text) {
  return text.starts_with('-') ? std::nullopt : WholeNumber(text);
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  for (size_t at = text.find(separator); at != std::string_view::npos; at = text.find(separator, begin)) {
    parts.push_back(text.substr(begin, at - begin));
    begin = at + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

Status BadTime(std::string_view text) {
  return InvalidArgument("'{}' is not a time; write minutes, M:S, H:M:S, D-H, D-H:M or D-H:M:S, for example 2:30:00",
                         text);
}

// How many seconds each field of a time stands for: without days "M", "M:S", "H:M:S"; with days "H", "H:M", "H:M:S".
std::vector<int64_t> FieldSeconds(bool with_days, size_t fields) {
  if (!with_days) {
    constexpr int64_t kShort[] = {60, 1};
    return fields == 3 ? std::vector<int64_t>{3600, 60, 1} : std::vector<int64_t>(kShort, kShort + fields);
  }
  constexpr int64_t kLong[] = {3600, 60, 1};
  return std::vector<int64_t>(kLong, kLong + fields);
}

// The signals that a batch job can be sent, by Linux number.
struct SignalName {
  int number;
  std::string_view name;
};
constexpr SignalName kSignals[] = {{1, "HUP"},   {2, "INT"},   {3, "QUIT"},  {6, "ABRT"},    {9, "KILL"},  {10, "USR1"},
                                   {12, "USR2"}, {14, "ALRM"}, {15, "TERM"}, {16, "STKFLT"}, {18, "CONT"}, {19, "STOP"},
                                   {20, "TSTP"}, {21, "TTIN"}, {22, "TTOU"}, {23, "URG"},    {24, "XCPU"}};

std::optional<std::string> NameOfSignal(std::string_view text) {
  const std::optional<int64_t> number = Digits(text);
  std::string name = ToUpper(text);
  if (name.starts_with("SIG")) {
    name.erase(0, 3);
  }
  for (const SignalName& signal : kSignals) {
    if (number ? signal.number == *number : signal.name == name) {
      return std::string(signal.name);
    }
  }
  return std::nullopt;
}

}  // namespace

Result<std::chrono::seconds> ParseTimeLimit(std::string_view text) {
  const std::string upper = ToUpper(text);
  if (upper == "UNLIMITED" || upper == "INFINITE" || upper == "-1") {
    return InvalidArgument(
        "a job without a time limit is not accepted: its price has no ceiling; say the longest it may run");
  }
  const size_t dash = text.find('-');
  const bool with_days = dash != std::string_view::npos;
  std::optional<int64_t> days = with_days ? Digits(text.substr(0, dash)) : std::optional<int64_t>(0);
  const std::vector<std::string_view> fields = Split(with_days ? text.substr(dash + 1) : text, ':');
  if (!days || *days > kDaysMax || fields.size() > 3) {
    return BadTime(text);
  }
  const std::vector<int64_t> weights = FieldSeconds(with_days, fields.size());
  int64_t seconds = *days * 86'400;
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::optional<int64_t> amount = Digits(fields[i]);
    if (!amount || *amount > kDaysMax * 1440) {
      return BadTime(text);
    }
    seconds += *amount * weights[i];
  }
  if (seconds < 1) {
    return InvalidArgument("'{}' means no limit in Slurm, and Turnpike needs one: its price has no ceiling otherwise",
                           text);
  }
  return std::chrono::seconds(seconds);
}

Result<int64_t> ParseMemoryMib(std::string_view text) {
  std::string unit;
  size_t digits = text.find_first_not_of("0123456789");
  if (digits != std::string_view::npos) {
    unit = ToUpper(text.substr(digits));
  } else {
    digits = text.size();
  }
  if (unit.size() == 2 && unit[1] == 'B') {
    unit.pop_back();
  }
  const std::optional<int64_t> amount = Digits(text.substr(0, digits));
  const size_t power = unit.empty() ? 1 : std::string_view("KMGT").find(unit);
  if (!amount || unit.size() > 1 || power == std::string_view::npos || *amount > kMemoryMibMax) {
    return InvalidArgument(
        "'{}' is not an amount of memory; write a whole number with K, M, G or T (MiB without one): 4G", text);
  }
  if (*amount == 0) {
    return InvalidArgument("0 means all memory of a node, which differs from site to site; say how much the job needs");
  }
  const int64_t mib = power == 0 ? (*amount + 1023) / 1024 : *amount << (10 * (power - 1));
  if (mib > kMemoryMibMax) {
    return InvalidArgument("'{}' is more memory than any machine has", text);
  }
  return mib;
}

Result<int64_t> ParseCount(std::string_view text, CountBounds bounds) {
  const std::optional<int64_t> number = bounds.least < 0 ? WholeNumber(text) : Digits(text);
  if (!number || *number < bounds.least || *number > bounds.most) {
    return InvalidArgument("'{}' is not a whole number from {} to {}", text, bounds.least, bounds.most);
  }
  return *number;
}

Result<GpuRequest> ParseGpus(std::string_view text) {
  if (text.find(',') != std::string_view::npos) {
    return InvalidArgument("'{}' asks for several kinds of GPU; a job has accelerators of one kind", text);
  }
  const size_t colon = text.rfind(':');
  GpuRequest request;
  std::string_view count = text;
  if (colon != std::string_view::npos) {
    request.model = ToLower(text.substr(0, colon));
    count = text.substr(colon + 1);
  }
  const bool named = !request.model.empty() && request.model.find(':') == std::string::npos;
  const Result<int64_t> number = ParseCount(count, {.least = 0, .most = 1'000'000});
  if (!named || !number.ok()) {
    return InvalidArgument("'{}' is not a number of GPUs; write N or TYPE:N, for example a100:2", text);
  }
  request.count = *number;
  return request;
}

Result<GresRequest> ParseGres(std::string_view text) {
  GresRequest request;
  for (const std::string_view part : Split(text, ',')) {
    if (part != "gpu" && !part.starts_with("gpu:")) {
      request.others += (request.others.empty() ? "" : ",") + std::string(part);
      continue;
    }
    if (!request.gpus.empty()) {
      return InvalidArgument("'{}' asks for several kinds of GPU; a job has accelerators of one kind", text);
    }
    std::string_view rest = part.size() > 4 ? part.substr(4) : std::string_view("1");
    const bool type_alone = rest.find(':') == std::string_view::npos && !Digits(rest);
    ASSIGN_OR_RETURN(GpuRequest gpus, ParseGpus(type_alone ? std::string(rest) + ":1" : std::string(rest)));
    request.gpus.push_back(std::move(gpus));
  }
  return request;
}

Result<SignalRequest> ParseSignal(std::string_view text) {
  SignalRequest request;
  std::string_view rest = text;
  if (const size_t colon = rest.find(':'); colon != std::string_view::npos) {
    const std::string scope = ToUpper(rest.substr(0, colon));
    request.batch_shell_only = scope.find('B') != std::string::npos;
    request.for_reservation = scope.find('R') != std::string::npos;
    if (scope.empty() || scope.find_first_not_of("RB") != std::string::npos) {
      return InvalidArgument("'{}' is not a signal; before the colon stands B or R, as in B:USR1@120", text);
    }
    rest.remove_prefix(colon + 1);
  }
  if (const size_t at = rest.find('@'); at != std::string_view::npos) {
    const Result<int64_t> seconds = ParseCount(rest.substr(at + 1), {.least = 1, .most = kSignalTimeMax});
    if (!seconds.ok()) {
      return InvalidArgument("'{}': the time before the end is 1 to {} seconds", text, kSignalTimeMax);
    }
    request.before_end = std::chrono::seconds(*seconds);
    rest = rest.substr(0, at);
  }
  const std::optional<std::string> name = NameOfSignal(rest);
  if (!name) {
    return InvalidArgument("'{}' names no signal that a job can be sent; for example USR1, TERM or 10", text);
  }
  request.name = *name;
  return request;
}

Result<std::vector<std::string>> SplitAtCommas(std::string_view text) {
  std::vector<std::string> pieces(1);
  char quote = '\0';
  for (const char c : text) {
    if (quote != '\0' ? c == quote : c == '\'' || c == '"') {
      quote = quote == '\0' ? c : '\0';
    } else if (c == ',' && quote == '\0') {
      pieces.emplace_back();
    } else {
      pieces.back() += c;
    }
  }
  if (quote != '\0') {
    return InvalidArgument("'{}' has a {} without its partner", text, quote);
  }
  std::erase_if(pieces, [](const std::string& piece) { return piece.empty(); });
  return pieces;
}

}  // namespace turnpike
