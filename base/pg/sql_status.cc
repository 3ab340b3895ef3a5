#include "base/pg/sql_status.h"

#include <optional>
#include <utility>

#include "base/error_reason.h"

namespace turnpike {
namespace {

constexpr char kSqlStateKey[] = "sqlstate";
constexpr char kConstraintKey[] = "constraint";
constexpr char kOutcomeKey[] = "outcome";
constexpr char kOutcomeUnknown[] = "unknown";
constexpr char kConnectionFailure[] = "08006";
constexpr std::chrono::seconds kRetryAfter{1};  // about what a failover needs at least

struct CodeRule {
  std::string_view prefix;  // of the SQLSTATE; the first that fits counts
  StatusCode code;
  std::optional<ErrorReason> reason;
};

constexpr CodeRule kCodeRules[] = {
    {"40001", StatusCode::kAborted, std::nullopt},                           // serialization failure
    {"40P01", StatusCode::kAborted, std::nullopt},                           // deadlock
    {"23505", StatusCode::kAlreadyExists, std::nullopt},                     // unique constraint
    {"57014", StatusCode::kDeadlineExceeded, std::nullopt},                  // statement_timeout, cancelled
    {"25P03", StatusCode::kUnavailable, ErrorReason::kDatabaseUnavailable},  // idle inside a transaction for too long
    {"55P03", StatusCode::kUnavailable, ErrorReason::kDatabaseUnavailable},  // what is needed was locked for too long
    {"08", StatusCode::kUnavailable, ErrorReason::kDatabaseUnavailable},     // connection
    {"53", StatusCode::kUnavailable, ErrorReason::kDatabaseUnavailable},     // disk full, too many connections, memory
    {"57P0", StatusCode::kUnavailable, ErrorReason::kDatabaseUnavailable},   // shutdown, crash, starting up
    {"", StatusCode::kInternal, ErrorReason::kInternal},
};

const CodeRule& RuleFor(std::string_view sqlstate) {
  const CodeRule* rule = kCodeRules;
  while (!sqlstate.starts_with(rule->prefix)) {
    ++rule;
  }
  return *rule;
}

std::string MetadataOf(const Status& status, const char* key) {
  const ErrorDetails details = DetailsOf(status);
  const auto found = details.metadata.find(key);
  return found == details.metadata.end() ? "" : found->second;
}

}  // namespace

// The server's DETAIL is not taken over: it may hold a row's values.
Status StatusOf(const ServerMessage& error) {
  const CodeRule& rule = RuleFor(error.sqlstate);
  ErrorDetails details{.reason = rule.reason,
                       .metadata = {{kSqlStateKey, error.sqlstate}},
                       .violations = {},
                       .retry_after = std::nullopt};
  if (rule.reason == ErrorReason::kDatabaseUnavailable) {
    details.retry_after = kRetryAfter;
  }
  if (!error.constraint.empty()) {
    details.metadata[kConstraintKey] = error.constraint;
  }
  return WithDetails(MakeStatus(rule.code, fmt::format("database: {} (SQLSTATE {})", error.text, error.sqlstate)),
                     details);
}

Status ConnectionLost(std::string_view what) {
  return StatusOf({.severity = "FATAL", .sqlstate = kConnectionFailure, .text = std::string(what)});
}

Status DatabaseAway(std::string_view what) {
  return WithDetails(
      Unavailable("database: {}", what),
      {.reason = ErrorReason::kDatabaseUnavailable, .metadata = {}, .violations = {}, .retry_after = kRetryAfter});
}

std::string SqlStateOf(const Status& status) {
  return MetadataOf(status, kSqlStateKey);
}
std::string ConstraintOf(const Status& status) {
  return MetadataOf(status, kConstraintKey);
}

bool MayRunAgain(const Status& status) {
  const std::string sqlstate = SqlStateOf(status);
  return sqlstate == "40001" || sqlstate == "40P01";
}

Status WithUnknownOutcome(const Status& status) {
  ErrorDetails details = DetailsOf(status);
  details.reason = ErrorReason::kDatabaseUnavailable;
  details.retry_after = kRetryAfter;
  details.metadata[kOutcomeKey] = kOutcomeUnknown;
  const std::string message = fmt::format("whether the commit happened is not known: {}", MessageOf(status));
  return WithDetails(MakeStatus(StatusCode::kUnavailable, message), details);
}

bool CommitOutcomeUnknown(const Status& status) {
  return MetadataOf(status, kOutcomeKey) == kOutcomeUnknown;
}

// The function's name and the SQLSTATE are never translated; the text is there for a pooler that drops the former.
bool MeansNotReplicated(const ServerMessage& notice) {
  if (notice.sqlstate != "01000" && notice.sqlstate != "57P01") {
    return false;
  }
  return notice.source_function == "SyncRepWaitForLSN" || notice.text.starts_with("canceling wait for synchronous") ||
         notice.text.starts_with("canceling the wait for synchronous");
}

}  // namespace turnpike
