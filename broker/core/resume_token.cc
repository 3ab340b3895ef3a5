#include "broker/core/resume_token.h"

#include <optional>

#include "base/byte_codec.h"
#include "broker/core/opaque_text.h"

namespace turnpike {
namespace {

constexpr char kKind = 'r';

}  // namespace

std::string EncodeResumeToken(const ResumeToken& token) {
  ByteWriter out;
  out.Int(token.restore_epoch).Int(static_cast<int64_t>(token.xid)).Int(token.seq);
  return ToOpaqueText(kKind, out.Take());
}

Result<ResumeToken> DecodeResumeToken(std::string_view text) {
  if (const std::optional<std::string> bytes = FromOpaqueText(kKind, text)) {
    ByteReader in(*bytes);
    ResumeToken token;
    token.restore_epoch = in.Int();
    token.xid = static_cast<uint64_t>(in.Int());
    token.seq = in.Int();
    if (in.finished()) {
      return token;
    }
  }
  return InvalidArgument("the resume token is not one of ours; give back one from an event, or none to start afresh");
}

}  // namespace turnpike
