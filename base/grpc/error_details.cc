#include "base/grpc/error_details.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/digest.h"
#include "base/grpc/valid_utf8.h"
#include "base/log.h"

namespace turnpike {
namespace {

constexpr char kDomain[] = "turnpike";
constexpr char kLeftOutKey[] = "violations_left_out";

bool SpeaksOfInside(StatusCode code) {
  return code == StatusCode::kInternal || code == StatusCode::kUnknown || code == StatusCode::kDataLoss;
}

// The same fault has the same number, here and in the log.
Status WithoutInsideWords(const Status& status) {
  const std::string incident = ToHex(AsBytes(Sha256(MessageOf(status)))).substr(0, 8);
  LogError("call failed inside", {{"incident", incident}, {"error", status.ToString()}});
  const Status shown =
      MakeStatus(status.code(),
                 fmt::format("the broker failed; its log has the cause as incident {}; tell its operator", incident));
  return WithReason(shown, ErrorReason::kInternal, {{"incident", incident}});
}

void AddErrorInfo(const ErrorDetails& details, google::rpc::Status& out) {
  if (!details.reason && details.metadata.empty()) {
    return;
  }
  google::rpc::ErrorInfo info;
  info.set_domain(kDomain);
  if (details.reason) {
    info.set_reason(std::string(ErrorReasonName(*details.reason)));
  }
  for (const auto& [key, value] : details.metadata) {
    (*info.mutable_metadata())[ValidUtf8(key)] = ValidUtf8(value);
  }
  out.add_details()->PackFrom(info);
}

void AddBadRequest(const ErrorDetails& details, google::rpc::Status& out) {
  if (details.violations.empty()) {
    return;
  }
  google::rpc::BadRequest bad_request;
  for (const FieldViolation& violation : details.violations) {
    google::rpc::BadRequest::FieldViolation& field = *bad_request.add_field_violations();
    field.set_field(ValidUtf8(violation.path));
    field.set_description(ValidUtf8(violation.description));
  }
  out.add_details()->PackFrom(bad_request);
}

void AddRetryInfo(const ErrorDetails& details, google::rpc::Status& out) {
  if (!details.retry_after) {
    return;
  }
  google::rpc::RetryInfo retry;
  const auto milliseconds = details.retry_after->count();
  retry.mutable_retry_delay()->set_seconds(milliseconds / 1000);
  retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(milliseconds % 1000) * 1'000'000);
  out.add_details()->PackFrom(retry);
}

google::rpc::Status ToProto(StatusCode code, const std::string& message, const ErrorDetails& details) {
  google::rpc::Status out;
  out.set_code(static_cast<int>(code));
  out.set_message(message);
  AddErrorInfo(details, out);
  AddBadRequest(details, out);
  AddRetryInfo(details, out);
  return out;
}

google::rpc::Status ToProtoThatFits(StatusCode code, const std::string& message, ErrorDetails details) {
  google::rpc::Status out = ToProto(code, message, details);
  const size_t violations = details.violations.size();
  while (out.ByteSizeLong() > kErrorDetailsBytesMax && !details.violations.empty()) {
    details.violations.resize(details.violations.size() * 3 / 4);
    details.metadata[kLeftOutKey] = std::to_string(violations - details.violations.size());
    out = ToProto(code, message, details);
  }
  if (out.ByteSizeLong() > kErrorDetailsBytesMax) {
    details.metadata.clear();
    out = ToProto(code, message, details);
  }
  return out;
}

ErrorDetails FromProto(const google::rpc::Status& proto) {
  ErrorDetails details;
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest bad_request;
  google::rpc::RetryInfo retry;
  for (const google::protobuf::Any& any : proto.details()) {
    if (any.UnpackTo(&info)) {
      details.reason = ParseErrorReason(info.reason());
      details.metadata = {info.metadata().begin(), info.metadata().end()};
    } else if (any.UnpackTo(&bad_request)) {
      for (const auto& field : bad_request.field_violations()) {
        details.violations.push_back({field.field(), field.description()});
      }
    } else if (any.UnpackTo(&retry)) {
      details.retry_after = std::chrono::seconds(retry.retry_delay().seconds()) +
                            std::chrono::milliseconds(retry.retry_delay().nanos() / 1'000'000);
    }
  }
  return details;
}

}  // namespace

grpc::Status ToGrpc(const Status& status) {
  if (status.ok()) {
    return grpc::Status::OK;
  }
  const Status shown = SpeaksOfInside(status.code()) ? WithoutInsideWords(status) : status;
  const std::string message = ValidUtf8(MessageOf(shown), kErrorMessageBytesMax);
  const google::rpc::Status proto = ToProtoThatFits(shown.code(), message, DetailsOf(shown));
  return {static_cast<grpc::StatusCode>(shown.code()), message, proto.SerializeAsString()};
}

Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) {
    return OkStatus();
  }
  Status out = MakeStatus(static_cast<StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status proto;
  if (status.error_details().empty() || !proto.ParseFromString(status.error_details())) {
    return out;
  }
  return WithDetails(std::move(out), FromProto(proto));
}

}  // namespace turnpike
