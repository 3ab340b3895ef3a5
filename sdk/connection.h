#pragma once
// How the client reaches a broker: channels, TLS, the token, retries and deadlines.  Client stands on the interface, so
// that tests stand a fake below it.  Thread-safe.

#include <google/protobuf/message_lite.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace turnpike {

// One call of one method.
struct Call {
  std::string method;                    // "/turnpike.v1.JobService/GetJob"
  std::string request_id;                // goes into x-request-id, which both ends log
  std::chrono::milliseconds timeout{0};  // over all retries; 0: none, for streams alone
};

class Connection {
 public:
  virtual ~Connection() = default;
  // Fills `response`.  UNAVAILABLE has been retried already, and a broker that did not answer in its part of the time
  // was passed over for the next, with the same bytes.
  virtual Status Unary(const Call& call, const google::protobuf::MessageLite& request,
                       google::protobuf::MessageLite& response) = 0;
  // Fills `piece` and calls `on_piece` for each message, until it returns false (then OK) or the stream ends.
  virtual Status Stream(const Call& call, const google::protobuf::MessageLite& request,
                        google::protobuf::MessageLite& piece, const std::function<bool()>& on_piece) = 0;
};

struct ConnectionSettings {
  std::vector<std::string>
      addresses;              // "host:port" each; any broker serves any call: when one is away, the next is asked
  std::string ca_pem;         // the CA to trust, as PEM, or …
  std::string ca_path;        // … as a file; one of them
  std::string token;          // empty: calls that need none
  std::string traceparent{};  // W3C trace context that every call belongs to; empty: none
};

// Nothing is sent yet.  INVALID_ARGUMENT when the settings could never work.
Result<std::unique_ptr<Connection>> Connect(const ConnectionSettings& settings);

}  // namespace turnpike
