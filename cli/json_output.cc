#include "cli/json_output.h"

#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>

#include "base/error_reason.h"
#include "cli/exit_code.h"

namespace turnpike {
namespace {

std::string CodeName(StatusCode code) {
  return absl::StatusCodeToString(code);
}

}  // namespace

Result<std::string> ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  std::string text;
  if (const auto status = google::protobuf::util::MessageToJsonString(message, &text, options); !status.ok()) {
    return Internal("the broker's {} cannot be written as JSON: {}", message.GetTypeName(), status.ToString());
  }
  return text;
}

Status PrintJson(const google::protobuf::Message& message, std::ostream& out) {
  ASSIGN_OR_RETURN(const std::string text, ToJson(message));
  out << text;
  return OkStatus();
}

std::string ErrorToJson(const Status& status) {
  const ErrorDetails details = DetailsOf(status);
  nlohmann::ordered_json error;
  error["code"] = CodeName(status.code());
  error["reason"] = details.reason ? std::string(ErrorReasonName(*details.reason)) : "";
  error["message"] = std::string(MessageOf(status));
  error["violations"] = nlohmann::ordered_json::array();
  for (const FieldViolation& violation : details.violations) {
    error["violations"].push_back({{"path", violation.path}, {"description", violation.description}});
  }
  error["metadata"] = nlohmann::ordered_json::object();
  for (const auto& [key, value] : details.metadata) {
    error["metadata"][key] = value;
  }
  if (details.retry_after) {
    error["retryAfter"] = fmt::format("{:.3f}s", static_cast<double>(details.retry_after->count()) / 1000.0);
  }
  error["exitCode"] = ExitCodeOf(status);
  const nlohmann::ordered_json document = {{"error", error}};
  // Bytes that are not UTF-8 become U+FFFD instead of an exception.
  return document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace turnpike
