#include "broker/rpc/desired_messages.h"

#include "broker/rpc/convert_report.h"

namespace turnpike {

std::vector<v1::SynchronizeResponse> DesiredMessages(const std::vector<DesiredAttempt>& desired,
                                                     std::chrono::seconds spawn_lease) {
  std::vector<v1::SynchronizeResponse> messages;
  size_t bytes = 0;  // of the last one
  for (const DesiredAttempt& attempt : desired) {
    v1::DesiredAttempt line = ToProto(attempt, spawn_lease);
    const size_t line_bytes = line.ByteSizeLong();
    const bool fits = !messages.empty() && bytes + line_bytes <= kDesiredBytesMax &&
                      messages.back().desired_change().attempts_size() < static_cast<int>(kAttemptsPerMessageMax);
    if (!fits) {
      messages.emplace_back();
      bytes = 0;
    }
    *messages.back().mutable_desired_change()->add_attempts() = std::move(line);
    bytes += line_bytes;
  }
  return messages;
}

}  // namespace turnpike
