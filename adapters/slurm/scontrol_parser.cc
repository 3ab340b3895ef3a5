#include "adapters/slurm/scontrol_parser.h"

#include <algorithm>
#include <array>

#include "adapters/slurm/host_list.h"
#include "adapters/slurm/parse_values.h"

namespace turnpike::slurm {
namespace {

// The texts of the records: each begins with `first` ("NodeName=") at the start of a line.
Result<std::vector<std::string_view>> Records(std::string_view text, std::string_view first) {
  if (text.find('\0') != std::string_view::npos) return DataLoss("scontrol's output holds a NUL byte");
  if (!text.empty() && !text.ends_with('\n'))
    return DataLoss("scontrol's output is cut off after {} bytes", text.size());
  std::vector<std::string_view> records;
  size_t begin = std::string_view::npos;
  for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    if (!text.substr(at).starts_with(first)) continue;
    if (begin != std::string_view::npos) records.push_back(text.substr(begin, at - begin));
    begin = at;
  }
  if (begin != std::string_view::npos) records.push_back(text.substr(begin));
  if (records.empty() && !text.empty()) return DataLoss("scontrol's output has no line that begins with {}", first);
  return records;
}

// The word after " key=", up to the next blank.  Free text (OS, Reason, Comment) comes behind all that is read this
// way, or holds no
// '=' of its own.
std::optional<std::string_view> Word(std::string_view record, std::string_view key) {
  for (size_t at = record.find(key); at != std::string_view::npos; at = record.find(key, at + 1)) {
    const size_t value = at + key.size();
    const bool begins = at == 0 || record[at - 1] == ' ' || record[at - 1] == '\n';
    if (!begins || value >= record.size() || record[value] != '=') continue;
    return record.substr(value + 1, record.find_first_of(" \n", value) - value - 1);
  }
  return std::nullopt;
}

std::string RestOfLine(std::string_view record, std::string_view key) {
  const size_t at = record.find(key);
  if (at == std::string_view::npos) return {};
  std::string_view text = record.substr(at + key.size());
  text = text.substr(0, text.find('\n'));
  while (text.ends_with(' ')) text.remove_suffix(1);
  return std::string(text);
}

std::vector<std::string> SplitByComma(std::string_view text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    if (end > at) parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

std::optional<int64_t> NumberOf(std::string_view record, std::string_view key) {
  const std::optional<std::string_view> word = Word(record, key);
  return word ? ParseWhole(*word) : std::nullopt;
}

Result<Node> ParseNode(std::string_view record) {
  Node node;
  node.name = Word(record, "NodeName").value_or("");
  std::optional<int64_t> cpus = NumberOf(record, "CPUEfctv");  // without those kept for the system; since 22.05
  if (!cpus) cpus = NumberOf(record, "CPUTot");
  const std::optional<int64_t> allocated = NumberOf(record, "CPUAlloc");
  const std::optional<int64_t> memory = NumberOf(record, "RealMemory");
  const std::optional<int64_t> memory_allocated = NumberOf(record, "AllocMem");
  const std::optional<std::string_view> state = Word(record, "State");
  const auto gres = ParseGres(Word(record, "Gres").value_or(""));
  const auto gres_used = ParseGres(Word(record, "GresUsed").value_or(""));
  const std::optional<Tres> tres = ParseTres(Word(record, "AllocTRES").value_or(""));
  if (node.name.empty() || !cpus || !allocated || !memory || !memory_allocated || !state || !gres || !gres_used ||
      !tres) {
    return DataLoss(
        "node '{}' lacks one of CPUTot, CPUAlloc, RealMemory, AllocMem, State, Gres, AllocTRES, or it is not of its "
        "form",
        node.name);
  }
  node.cpus = static_cast<int>(*cpus);
  node.cpus_allocated = static_cast<int>(*allocated);
  node.memory_mib = *memory - NumberOf(record, "MemSpecLimit").value_or(0);
  node.memory_allocated_mib = *memory_allocated;
  node.gres = *gres;
  node.gres_used = gres_used->empty() ? tres->gres : *gres_used;
  node.state = *state;
  node.cpu_architecture = Word(record, "Arch").value_or("");  // a node that never came up has none
  node.partitions = SplitByComma(Word(record, "Partitions").value_or(""));
  node.reason = RestOfLine(record, "Reason=");
  return node;
}

Result<Partition> ParsePartition(std::string_view record) {
  Partition partition;
  partition.name = Word(record, "PartitionName").value_or("");
  const std::optional<std::string_view> state = Word(record, "State");
  const auto max = ParseTimeLimit(Word(record, "MaxTime").value_or(""));
  const auto usual = ParseTimeLimit(Word(record, "DefaultTime").value_or(""));
  const std::string_view nodes_max = Word(record, "MaxNodes").value_or("");
  if (partition.name.empty() || !state || !max || !usual || (nodes_max != "UNLIMITED" && !ParseWhole(nodes_max))) {
    return DataLoss("partition '{}' lacks one of State, MaxTime, DefaultTime, MaxNodes, or it is not of its form",
                    partition.name);
  }
  partition.state = *state;
  partition.time_limit_max = max->limit;
  partition.time_limit_default = usual->limit;
  partition.nodes_max = static_cast<int>(ParseWhole(nodes_max).value_or(0));
  if (const auto minutes = NumberOf(record, "OverTimeLimit")) partition.overrun = std::chrono::minutes(*minutes);
  partition.whole_nodes = Word(record, "OverSubscribe").value_or("") == "EXCLUSIVE";
  partition.is_default = Word(record, "Default").value_or("") == "YES";
  partition.hidden = Word(record, "Hidden").value_or("") == "YES";
  return partition;
}

Result<Reservation> ParseReservation(std::string_view record) {
  Reservation reservation;
  reservation.name = Word(record, "ReservationName").value_or("");
  const auto start = ParseWhole(Word(record, "StartTime").value_or(""));
  const auto end = ParseWhole(Word(record, "EndTime").value_or(""));
  const std::string_view nodes = Word(record, "Nodes").value_or("");
  // One for licences alone has no nodes: "(null)", or nothing.
  const auto hosts = ExpandHostList(nodes == "(null)" ? "" : nodes);
  if (reservation.name.empty() || !start || !end || !hosts) {
    return DataLoss("reservation '{}' lacks one of StartTime, EndTime, Nodes, or it is not of its form",
                    reservation.name);
  }
  reservation.start = TimestampFromSeconds(*start);
  reservation.end = TimestampFromSeconds(*end);
  const std::vector<std::string> flags = SplitByComma(Word(record, "Flags").value_or(""));
  reservation.maintenance = std::find(flags.begin(), flags.end(), "MAINT") != flags.end();
  reservation.nodes = *hosts;
  return reservation;
}

}  // namespace

bool Node::usable() const {
  constexpr std::array<std::string_view, 14> kShut = {
      "DOWN",        "DRAIN", "FAIL",   "NOT_RESPONDING", "NO_RESPOND",        "UNKNOWN", "ERROR",
      "MAINTENANCE", "MAINT", "FUTURE", "REBOOT",         "POWERED_DOWN_FAIL", "INVAL",   "INVALID_REG"};
  for (size_t at = 0; at <= state.size();) {
    const size_t end = std::min(state.find('+', at), state.size());
    std::string_view word = std::string_view(state).substr(at, end - at);
    while (!word.empty() && std::string_view("*~#!%$@^-").find(word.back()) != std::string_view::npos)
      word.remove_suffix(1);
    if (std::find(kShut.begin(), kShut.end(), word) != kShut.end()) return false;
    at = end + 1;
  }
  return state.find('*') == std::string::npos;  // "IDLE*": does not answer
}

Result<std::vector<Node>> ParseNodes(std::string_view text) {
  ASSIGN_OR_RETURN(const std::vector<std::string_view> records, Records(text, "NodeName="));
  std::vector<Node> nodes;
  for (const std::string_view record : records) {
    ASSIGN_OR_RETURN(Node node, ParseNode(record));
    nodes.push_back(std::move(node));
  }
  return nodes;
}

Result<std::vector<Partition>> ParsePartitions(std::string_view text) {
  ASSIGN_OR_RETURN(const std::vector<std::string_view> records, Records(text, "PartitionName="));
  std::vector<Partition> partitions;
  for (const std::string_view record : records) {
    ASSIGN_OR_RETURN(Partition partition, ParsePartition(record));
    partitions.push_back(std::move(partition));
  }
  return partitions;
}

Result<std::vector<Reservation>> ParseReservations(std::string_view text) {
  if (text.starts_with("No reservations in the system")) return std::vector<Reservation>();
  ASSIGN_OR_RETURN(const std::vector<std::string_view> records, Records(text, "ReservationName="));
  std::vector<Reservation> reservations;
  for (const std::string_view record : records) {
    ASSIGN_OR_RETURN(Reservation reservation, ParseReservation(record));
    reservations.push_back(std::move(reservation));
  }
  return reservations;
}

Result<std::map<std::string, std::string>> ParseConfig(std::string_view text) {
  std::map<std::string, std::string> values;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    const size_t equals = line.find('=');
    const size_t key_end = line.find_first_of(" =");
    if (equals == std::string_view::npos || key_end == 0) continue;
    const size_t value = line.find_first_not_of(' ', equals + 1);
    values.try_emplace(std::string(line.substr(0, key_end)), value == std::string_view::npos ? "" : line.substr(value));
  }
  if (values["ClusterName"].empty())
    return DataLoss("scontrol's configuration names no cluster ({} bytes)", text.size());
  return values;
}

}  // namespace turnpike::slurm
