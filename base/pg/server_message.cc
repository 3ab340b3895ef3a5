#include "base/pg/server_message.h"

#include <libpq-fe.h>

#include <algorithm>
#include <limits>
#include <string>

namespace turnpike {
namespace {

std::string Field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? "" : text;
}

}  // namespace

ServerMessage MessageFrom(const PGresult* result) {
  return {.severity = Field(result, PG_DIAG_SEVERITY_NONLOCALIZED),
          .sqlstate = Field(result, PG_DIAG_SQLSTATE),
          .text = Field(result, PG_DIAG_MESSAGE_PRIMARY),
          .constraint = Field(result, PG_DIAG_CONSTRAINT_NAME),
          .source_function = Field(result, PG_DIAG_SOURCE_FUNCTION)};
}

bool EndsSession(const ServerMessage& message) {
  return message.severity == "FATAL" || message.severity == "PANIC";
}

// libpq ends its messages with a line feed.
std::string_view Trimmed(std::string_view text) {
  while (text.ends_with('\n')) {
    text.remove_suffix(1);
  }
  return text;
}

int MillisecondsUntil(std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, std::numeric_limits<int>::max()));
}

}  // namespace turnpike
