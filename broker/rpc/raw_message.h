#pragma once
// A unary call's messages as gRPC hands them over: bytes.  The one door through which every request comes, so that no
// action or store sees text that the database could not keep.

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include "base/status.h"

namespace turnpike {

// INVALID_ARGUMENT: the bytes are no such message; or a text is not UTF-8 or holds NUL, and the violations name each.
// JobSpecs inside are left to DecodeSpec, which refuses them one by one.
Status ReadRequest(const grpc::ByteBuffer& bytes, google::protobuf::Message& request);
Status WriteResponse(const google::protobuf::Message& response, grpc::ByteBuffer& bytes);

}  // namespace turnpike
