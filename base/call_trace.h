#pragma once
// What ties together what the programs say of one thing: the W3C trace context of the call that began it, and that
// call's own id.  For logs and for the user's program; nothing is ever decided by it.

#include <string>
#include <string_view>

#include "base/ids.h"

namespace turnpike {

// Empty: not known.
struct CallTrace {
  std::string traceparent;  // 00-<32 hex>-<16 hex>-<2 hex>
  std::string request_id;   // 1 to 128 visible characters
};

constexpr size_t kRequestIdBytesMax = 128;

// 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01, of version 00 and not all zeros.
bool IsTraceParent(std::string_view text);
bool IsRequestId(std::string_view text);

// A trace of the job's own, for one that came without: its id is the trace's, the attempt's is the span's.
std::string MakeTraceParent(const JobId& job_id, const AttemptId& attempt_id);

}  // namespace turnpike
