#include "adapters/host/exit_record.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <string>

namespace turnpike {
namespace {

constexpr int kSignalBase = 128;
constexpr int kSignalMax = 64;
// The year 9999: what lies beyond is a broken clock.
constexpr int64_t kSecondsMax = 253'402'300'800;

constexpr std::array<uint32_t, 256> MakeCksumTable() {
  constexpr uint32_t kPolynomial = 0x04C11DB7;
  std::array<uint32_t, 256> table{};
  for (uint32_t index = 0; index < table.size(); ++index) {
    uint32_t value = index << 24U;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 0x80000000U) != 0 ? (value << 1U) ^ kPolynomial : value << 1U;
    }
    table[index] = value;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCksumTable = MakeCksumTable();

uint32_t AddByte(uint32_t crc, uint8_t byte) {
  return (crc << 8U) ^ kCksumTable[((crc >> 24U) ^ byte) & 0xFFU];
}

template <class Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional<Number>(number) : std::nullopt;
}

using Values = std::map<std::string, std::string, std::less<>>;

// The text without its last line, once that has been found right.
Result<std::string_view> CheckedBody(std::string_view text) {
  const size_t last_line = text.rfind("\ncksum ");
  if (last_line == std::string_view::npos || !text.ends_with('\n')) {
    return DataLoss("the record is cut off: its last line is no checksum");
  }
  const std::string_view body = text.substr(0, last_line + 1);
  const std::string wanted = fmt::format("cksum {} {}\n", PosixCksum(body), body.size());
  if (text.substr(last_line + 1) != wanted) {
    return DataLoss("the record is damaged: its checksum does not fit");
  }
  return body;
}

Result<Values> ParseValues(std::string_view text, std::string_view title, std::string_view tag) {
  ASSIGN_OR_RETURN(std::string_view rest, CheckedBody(text));
  Values values;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    const size_t space = std::min(line.find(' '), line.size());
    values.emplace(line.substr(0, space), line.substr(std::min(space + 1, line.size())));
  }
  if (values[std::string(title)] != "1") {
    return InvalidArgument("not a {} record of version 1", title);
  }
  if (values["tag"] != tag) {
    return InvalidArgument("the record is of attempt {}, not of {}", values["tag"], tag);
  }
  return values;
}

Result<Timestamp> TimeIn(const Values& values, std::string_view key) {
  const auto found = values.find(key);
  const std::optional<int64_t> seconds = found == values.end() ? std::nullopt : ParseNumber<int64_t>(found->second);
  if (!seconds || *seconds < 0 || *seconds > kSecondsMax) {
    return InvalidArgument("the record's {} time is missing or makes no sense", key);
  }
  return TimestampFromSeconds(*seconds);
}

std::string LocalJobIn(const Values& values) {
  const auto found = values.find("job");
  return found == values.end() || found->second == "-" ? std::string() : found->second;
}

// "1m2.50s"; zero where it cannot be read.
std::chrono::milliseconds ParseShellTime(std::string_view text) {
  const size_t minute_mark = text.find('m');
  const size_t second_mark = text.find('s');
  if (minute_mark == std::string_view::npos || second_mark == std::string_view::npos || second_mark < minute_mark) {
    return {};
  }
  const std::optional<int64_t> minutes = ParseNumber<int64_t>(text.substr(0, minute_mark));
  const std::optional<double> seconds =
      ParseNumber<double>(text.substr(minute_mark + 1, second_mark - minute_mark - 1));
  if (!minutes || !seconds || *minutes < 0 || *minutes > kSecondsMax || *seconds < 0 || *seconds > 61) {
    return {};
  }
  return std::chrono::minutes(*minutes) + std::chrono::milliseconds(static_cast<int64_t>(*seconds * 1000));
}

// Of four times, those of the shell and then those of its children, the program's are the last two.
void FillCpuTimes(const Values& values, ExitRecord& record) {
  const auto found = values.find("times");
  if (found == values.end()) {
    return;
  }
  std::array<std::string_view, 4> parts;
  std::string_view rest = found->second;
  for (std::string_view& part : parts) {
    part = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  }
  record.cpu_user = ParseShellTime(parts[2]);
  record.cpu_system = ParseShellTime(parts[3]);
}

}  // namespace

uint32_t PosixCksum(std::string_view bytes) {
  uint32_t crc = 0;
  for (const char byte : bytes) {
    crc = AddByte(crc, static_cast<uint8_t>(byte));
  }
  for (size_t length = bytes.size(); length != 0; length >>= 8U) {
    crc = AddByte(crc, static_cast<uint8_t>(length & 0xFFU));
  }
  return ~crc;
}

Result<StartRecord> ParseStartRecord(std::string_view text, std::string_view tag) {
  ASSIGN_OR_RETURN(const Values values, ParseValues(text, "turnpike-start", tag));
  ASSIGN_OR_RETURN(const Timestamp start, TimeIn(values, "start"));
  const auto host = values.find("host");
  return StartRecord{.start_time = start,
                     .host = host == values.end() ? std::string() : host->second,
                     .local_job_id = LocalJobIn(values)};
}

Result<ExitRecord> ParseExitRecord(std::string_view text, std::string_view tag) {
  ASSIGN_OR_RETURN(const Values values, ParseValues(text, "turnpike-exit", tag));
  ExitRecord record;
  ASSIGN_OR_RETURN(record.start_time, TimeIn(values, "start"));
  ASSIGN_OR_RETURN(record.end_time, TimeIn(values, "end"));
  const auto found = values.find("status");
  const std::optional<int> status = found == values.end() ? std::nullopt : ParseNumber<int>(found->second);
  if (!status || *status < 0 || *status > 255) {
    return InvalidArgument("the exit record has no exit status");
  }
  // A shell tells of a signal by adding 128 to its number.
  if (*status > kSignalBase && *status <= kSignalBase + kSignalMax) {
    record.exit_signal = *status - kSignalBase;
  } else {
    record.exit_code = *status;
  }
  record.end_time = std::max(record.end_time, record.start_time);
  record.local_job_id = LocalJobIn(values);
  FillCpuTimes(values, record);
  return record;
}

}  // namespace turnpike
