#include "broker/rpc/request_keys.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "base/error_reason.h"

namespace turnpike {
namespace {

// The contract's jobs hold no maps, so equal messages have equal bytes.
std::string BytesOf(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace

Result<RequestKey> MakeRequestKey(const KeyedCall& call, const google::protobuf::Message& without_id) {
  const std::optional<RequestId> id = RequestId::Parse(call.request_id);
  if (!id) {
    FieldViolations violations;
    violations.Add("request_id",
                   "is not a UUID; make a new one (version 7) for each request, and keep it for its retries");
    return violations.ToStatus();
  }
  return RequestKey{.project_id = call.project_id,
                    .method = call.method,
                    .request_id = *id,
                    .request_hash = Sha256(BytesOf(without_id))};
}

}  // namespace turnpike
