#include "base/grpc/call_metadata.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/error_reason.h"

namespace turnpike {
namespace {

constexpr char kAuthorization[] = "authorization";
constexpr char kRequestId[] = "x-request-id";
constexpr char kTraceParent[] = "traceparent";
constexpr std::string_view kBearer = "Bearer ";
constexpr size_t kValueBytesMax = 4096;

// Visible ASCII without blanks: what all three kinds of value are made of.
bool IsVisible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

Status Add(const char* key, std::string_view prefix, const std::string& value, grpc::ClientContext& context) {
  if (value.empty()) {
    return OkStatus();
  }
  if (value.size() > kValueBytesMax || !IsVisible(value)) {
    return InvalidArgument("the value for {} has blanks, line ends or other characters that a header cannot carry",
                           key);
  }
  context.AddMetadata(key, std::string(prefix) + value);
  return OkStatus();
}

// Nullopt when absent or sent more than once.
std::optional<std::string_view> OnlyValue(const grpc::ServerContextBase& context, const char* key) {
  const auto [first, last] = context.client_metadata().equal_range(key);
  if (first == last || std::next(first) != last) {
    return std::nullopt;
  }
  return std::string_view(first->second.data(), first->second.size());
}

bool StartsWithBearer(std::string_view value) {
  return value.size() > kBearer.size() &&
         std::ranges::equal(value.substr(0, kBearer.size()), kBearer, [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
         });
}

}  // namespace

Status AddCallMetadata(const CallMetadata& metadata, grpc::ClientContext& context) {
  RETURN_IF_ERROR(Add(kAuthorization, kBearer, metadata.bearer_token, context));
  RETURN_IF_ERROR(Add(kRequestId, "", metadata.request_id, context));
  return Add(kTraceParent, "", metadata.traceparent, context);
}

Result<std::string> BearerTokenOf(const grpc::ServerContextBase& context) {
  const size_t sent = context.client_metadata().count(kAuthorization);
  if (sent == 0) {
    return WithReason(Unauthenticated("the call carries no token; send it as authorization: Bearer TOKEN"),
                      ErrorReason::kTokenMissing);
  }
  const std::optional<std::string_view> value = OnlyValue(context, kAuthorization);
  if (!value || !StartsWithBearer(*value) || value->size() > kBearer.size() + kValueBytesMax ||
      !IsVisible(value->substr(kBearer.size()))) {
    return WithReason(Unauthenticated("the authorization header is not one \"Bearer TOKEN\""),
                      ErrorReason::kTokenInvalid);
  }
  return std::string(value->substr(kBearer.size()));
}

std::string RequestIdOf(const grpc::ServerContextBase& context) {
  const std::string_view value = OnlyValue(context, kRequestId).value_or("");
  return IsRequestId(value) ? std::string(value) : "";
}

std::string TraceParentOf(const grpc::ServerContextBase& context) {
  const std::string_view value = OnlyValue(context, kTraceParent).value_or("");
  return IsTraceParent(value) ? std::string(value) : "";
}

CallTrace TraceOf(const grpc::ServerContextBase& context) {
  return {.traceparent = TraceParentOf(context), .request_id = RequestIdOf(context)};
}

}  // namespace turnpike
