#include "base/call_trace.h"

#include <algorithm>

#include "base/digest.h"

namespace turnpike {
namespace {

constexpr size_t kTraceParentBytes = 55;
constexpr size_t kSpanBytes = 8;

bool IsLowerHex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsZero(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == '0'; });
}

std::string_view BytesOf(const Uuid& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

}  // namespace

bool IsTraceParent(std::string_view text) {
  if (text.size() != kTraceParentBytes || text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return false;
  }
  const std::string_view version = text.substr(0, 2), trace = text.substr(3, 32), span = text.substr(36, 16);
  return IsLowerHex(version) && version != "ff" && IsLowerHex(trace) && !IsZero(trace) && IsLowerHex(span) &&
         !IsZero(span) && IsLowerHex(text.substr(53));
}

bool IsRequestId(std::string_view text) {
  return !text.empty() && text.size() <= kRequestIdBytesMax &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

std::string MakeTraceParent(const JobId& job_id, const AttemptId& attempt_id) {
  return "00-" + ToHex(BytesOf(job_id.uuid())) + "-" + ToHex(BytesOf(attempt_id.uuid()).substr(0, kSpanBytes)) + "-00";
}

}  // namespace turnpike
