#include "broker/rpc/raw_message.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include <string>
#include <vector>

#include "base/grpc/error_details.h"
#include "broker/rpc/check_message.h"
#include "broker/rpc/mask_text.h"

namespace turnpike {
namespace {

Result<std::string> CopyOf(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  RETURN_IF_ERROR(FromGrpc(bytes.Dump(&slices)));
  std::string copy;
  copy.reserve(bytes.Length());
  for (const grpc::Slice& slice : slices) {
    copy.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return copy;
}

}  // namespace

Status ReadRequest(const grpc::ByteBuffer& bytes, google::protobuf::Message& request) {
  ASSIGN_OR_RETURN(std::string copy, CopyOf(bytes));
  MaskInvalidText(*request.GetDescriptor(), copy);
  if (!request.ParseFromString(copy)) {
    return WithReason(InvalidArgument("the request's {} bytes are no {}", copy.size(), request.GetTypeName()),
                      ErrorReason::kInvalidField);
  }
  FieldViolations violations;
  CheckText(request, violations);
  return violations.ToStatus();
}

Status WriteResponse(const google::protobuf::Message& response, grpc::ByteBuffer& bytes) {
  bool own_buffer = false;
  return FromGrpc(
      grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::Message>(response, &bytes, &own_buffer));
}

}  // namespace turnpike
