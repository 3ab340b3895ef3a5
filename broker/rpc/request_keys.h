#pragma once
// The idempotency key of a call, from its request: the id as the client made it, and a digest of everything else.

#include <google/protobuf/message.h>

#include <string>

#include "base/request_key.h"
#include "base/status.h"

namespace turnpike {

struct KeyedCall {
  ProjectId project_id;  // nil: no project
  std::string method;
  std::string request_id;  // as the client sent it
};

Result<RequestKey> MakeRequestKey(const KeyedCall& call, const google::protobuf::Message& without_id);

// INVALID_ARGUMENT when the request_id is no UUID.
template <class Request>
Result<RequestKey> KeyOf(const KeyedCall& call, Request request) {
  request.clear_request_id();
  return MakeRequestKey(call, request);
}

}  // namespace turnpike
