#include "adapters/slurm/slurm_client.h"

#include <array>

namespace turnpike::slurm {
namespace {

constexpr std::string_view kUnknownId = "Invalid job id specified";
constexpr std::string_view kNoAccounting = "Slurm accounting storage is disabled";
constexpr size_t kMessageBytesMax = 500;

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string_view Trimmed(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with(' ')) text.remove_suffix(1);
  return text.substr(0, kMessageBytesMax);
}

}  // namespace

// 16 random letters between two that no number ends in: nobody who named a job could know them.
std::string SlurmClient::NewSeparator() {
  std::array<uint8_t, 16> bytes{};
  random_.Fill(bytes);
  std::string separator = "@";
  for (const uint8_t byte : bytes) separator += static_cast<char>('a' + byte % 26);
  return separator + "@";
}

Result<std::string> SlurmClient::Ask(const ChildCommand& command) {
  Result<ChildResult> result = runner_.Run(command);
  const std::string& program = command.argv.front();
  if (!result.ok()) return result.status();
  if (result->timed_out) {
    return DeadlineExceeded("{} did not answer within {} ms", program, command.timeout.count());
  }
  if (!result->succeeded()) {
    const std::string_view said = Trimmed(result->error_output.empty() ? result->output : result->error_output);
    if (Contains(said, kUnknownId)) return NotFound("{}: {}", program, said);
    if (Contains(said, kNoAccounting)) return FailedPrecondition("{}: {}", program, said);
    return Unavailable("{} ended with exit code {}, signal {}: {}", program, result->exit_code, result->signal, said);
  }
  return std::move(result->output);
}

Result<std::vector<QueueJob>> SlurmClient::ReadQueue() {
  const std::string separator = NewSeparator();
  ASSIGN_OR_RETURN(const std::string text, Ask(QueueCommand(settings_, separator)));
  return ParseQueue(text, separator);
}

Result<std::vector<QueueJob>> SlurmClient::ReadQueueOf(std::string_view local_job_id) {
  const std::string separator = NewSeparator();
  const Result<std::string> text = Ask(QueueCommand(settings_, separator, local_job_id));
  if (text.status().code() == StatusCode::kNotFound) return std::vector<QueueJob>();
  RETURN_IF_ERROR(text.status());
  return ParseQueue(*text, separator);
}

Result<std::vector<AccountingJob>> SlurmClient::ReadAccounting(const AccountingQuery& query) {
  const std::string separator = NewSeparator();
  const Result<std::string> text = Ask(AccountingCommand(settings_, separator, query));
  if (text.status().code() == StatusCode::kNotFound) return FailedPrecondition("{}", MessageOf(text.status()));
  RETURN_IF_ERROR(text.status());
  return ParseAccounting(*text, separator);
}

Result<std::vector<Node>> SlurmClient::ReadNodes() {
  ASSIGN_OR_RETURN(const std::string text, Ask(ShowNodesCommand(settings_)));
  return ParseNodes(text);
}

Result<std::vector<Partition>> SlurmClient::ReadPartitions() {
  ASSIGN_OR_RETURN(const std::string text, Ask(ShowPartitionsCommand(settings_)));
  return ParsePartitions(text);
}

Result<std::vector<Reservation>> SlurmClient::ReadReservations() {
  ASSIGN_OR_RETURN(const std::string text, Ask(ShowReservationsCommand(settings_)));
  return ParseReservations(text);
}

Result<std::map<std::string, std::string>> SlurmClient::ReadConfig() {
  ASSIGN_OR_RETURN(const std::string text, Ask(ShowConfigCommand(settings_)));
  return ParseConfig(text);
}

Result<std::string> SlurmClient::ReadVersion(std::string_view program) {
  ASSIGN_OR_RETURN(const std::string text, Ask(VersionCommand(settings_, program)));
  return std::string(Trimmed(text));
}

Result<std::string> SlurmClient::ClusterName() {
  if (!cluster_name_) {
    ASSIGN_OR_RETURN(const auto config, ReadConfig());
    cluster_name_ = config.at("ClusterName");
  }
  return *cluster_name_;
}

}  // namespace turnpike::slurm
