#include "base/error_reason.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace turnpike {
namespace {

struct ReasonName {
  ErrorReason reason;
  std::string_view name;
};

constexpr ReasonName kReasonNames[] = {
    {ErrorReason::kInvalidField, "INVALID_FIELD"},
    {ErrorReason::kFieldNotSupported, "FIELD_NOT_SUPPORTED"},
    {ErrorReason::kRequestIdReused, "REQUEST_ID_REUSED"},
    {ErrorReason::kRequestIdTooOld, "REQUEST_ID_TOO_OLD"},
    {ErrorReason::kTokenMissing, "TOKEN_MISSING"},
    {ErrorReason::kTokenInvalid, "TOKEN_INVALID"},
    {ErrorReason::kRoleMissing, "ROLE_MISSING"},
    {ErrorReason::kBalanceTooLow, "BALANCE_TOO_LOW"},
    {ErrorReason::kNoSiteFits, "NO_SITE_FITS"},
    {ErrorReason::kNotFound, "NOT_FOUND"},
    {ErrorReason::kAlreadyExists, "ALREADY_EXISTS"},
    {ErrorReason::kIllegalTransition, "ILLEGAL_TRANSITION"},
    {ErrorReason::kEnrollmentRefused, "ENROLLMENT_REFUSED"},
    {ErrorReason::kProtocolTooOld, "PROTOCOL_TOO_OLD"},
    {ErrorReason::kSessionReplaced, "SESSION_REPLACED"},
    {ErrorReason::kResumeTokenTooOld, "RESUME_TOKEN_TOO_OLD"},
    {ErrorReason::kPageTokenInvalid, "PAGE_TOKEN_INVALID"},
    {ErrorReason::kOverloaded, "OVERLOADED"},
    {ErrorReason::kDatabaseUnavailable, "DATABASE_UNAVAILABLE"},
    {ErrorReason::kInternal, "INTERNAL"},
};

// A status payload is a list of fields, each "length:bytes", so that any text passes through unharmed.
constexpr char kPayloadUrl[] = "type.turnpike/error-details";

void PutField(std::string& out, std::string_view field) {
  fmt::format_to(std::back_inserter(out), "{}:{}", field.size(), field);
}

class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : rest_(text) {}
  std::string Next() {
    const size_t colon = rest_.find(':');
    CHECK(colon != std::string_view::npos);
    const size_t length = std::stoul(std::string(rest_.substr(0, colon)));
    std::string field(rest_.substr(colon + 1, length));
    rest_.remove_prefix(colon + 1 + length);
    return field;
  }
  size_t NextCount() { return std::stoul(Next()); }

 private:
  std::string_view rest_;
};

std::string Encode(const ErrorDetails& details) {
  std::string out;
  PutField(out, details.reason ? ErrorReasonName(*details.reason) : "");
  PutField(out, details.retry_after ? std::to_string(details.retry_after->count()) : "");
  PutField(out, std::to_string(details.metadata.size()));
  for (const auto& [key, value] : details.metadata) {
    PutField(out, key);
    PutField(out, value);
  }
  PutField(out, std::to_string(details.violations.size()));
  for (const FieldViolation& violation : details.violations) {
    PutField(out, violation.path);
    PutField(out, violation.description);
  }
  return out;
}

ErrorDetails Decode(std::string_view text) {
  ErrorDetails details;
  FieldReader reader(text);
  details.reason = ParseErrorReason(reader.Next());
  if (const std::string retry = reader.Next(); !retry.empty()) {
    details.retry_after = std::chrono::milliseconds(std::stoll(retry));
  }
  for (size_t left = reader.NextCount(); left > 0; --left) {
    std::string key = reader.Next();
    details.metadata[std::move(key)] = reader.Next();
  }
  for (size_t left = reader.NextCount(); left > 0; --left) {
    std::string path = reader.Next();
    details.violations.push_back({std::move(path), reader.Next()});
  }
  return details;
}

std::string Sentence(const std::vector<FieldViolation>& violations) {
  std::vector<std::string> parts;
  for (const FieldViolation& violation : violations) {
    parts.push_back(fmt::format("{}: {}", violation.path, violation.description));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace

std::string_view ErrorReasonName(ErrorReason reason) {
  const auto* row = std::ranges::find(kReasonNames, reason, &ReasonName::reason);
  CHECK(row != std::end(kReasonNames));
  return row->name;
}

std::optional<ErrorReason> ParseErrorReason(std::string_view name) {
  const auto* row = std::ranges::find(kReasonNames, name, &ReasonName::name);
  if (row == std::end(kReasonNames)) {
    return std::nullopt;
  }
  return row->reason;
}

Status WithDetails(Status status, const ErrorDetails& details) {
  status.SetPayload(kPayloadUrl, absl::Cord(Encode(details)));
  return status;
}

Status WithReason(Status status, ErrorReason reason, std::map<std::string, std::string> metadata) {
  ErrorDetails details = DetailsOf(status);
  details.reason = reason;
  details.metadata.merge(metadata);
  return WithDetails(std::move(status), details);
}

ErrorDetails DetailsOf(const Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  return payload.has_value() ? Decode(std::string(*payload)) : ErrorDetails{};
}

Status FieldViolations::ToStatus() const {
  if (!violations_.empty()) {
    return WithDetails(
        InvalidArgument("{}", Sentence(violations_)),
        {.reason = ErrorReason::kInvalidField, .metadata = {}, .violations = violations_, .retry_after = {}});
  }
  if (!unsupported_.empty()) {
    return WithDetails(
        Unimplemented("{}", Sentence(unsupported_)),
        {.reason = ErrorReason::kFieldNotSupported, .metadata = {}, .violations = unsupported_, .retry_after = {}});
  }
  return OkStatus();
}

}  // namespace turnpike
