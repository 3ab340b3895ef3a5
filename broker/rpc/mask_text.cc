#include "broker/rpc/mask_text.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/common.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <cstdint>
#include <span>

namespace turnpike {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;

// The parser's own test, so that it has nothing left to refuse.
void MaskUnlessUtf8(std::span<char> text) {
  if (!google::protobuf::internal::IsStructurallyValidUTF8(text.data(), static_cast<int>(text.size()))) {
    std::ranges::replace_if(
        text, [](char c) { return static_cast<uint8_t>(c) >= 0x80; }, '\0');
  }
}

// Goes through the bytes as the parser will, and as deep.
class Walker {
 public:
  explicit Walker(std::string& bytes)
      : bytes_(bytes),
        size_(static_cast<int>(bytes.size())),
        input_(reinterpret_cast<const uint8_t*>(bytes.data()), size_) {}

  void Walk(const Descriptor& type) {
    input_.PushLimit(size_);
    WalkFields(type);
  }

 private:
  // False: this is no message of the type.
  bool WalkFields(const Descriptor& type) {
    while (const uint32_t tag = input_.ReadTag()) {
      if (!WalkField(tag, type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag)))) {
        return false;
      }
    }
    return true;
  }

  bool WalkField(uint32_t tag, const FieldDescriptor* field) {
    const bool holds_text = field != nullptr && (field->type() == FieldDescriptor::TYPE_STRING ||
                                                 field->type() == FieldDescriptor::TYPE_MESSAGE);
    if (!holds_text || WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      return WireFormatLite::SkipField(&input_, tag);
    }
    int length = 0;
    if (!input_.ReadVarintSizeAsInt(&length) || length > input_.BytesUntilLimit()) {
      return false;
    }
    return field->type() == FieldDescriptor::TYPE_STRING ? MaskNext(length) : WalkNext(*field->message_type(), length);
  }

  bool MaskNext(int length) {
    MaskUnlessUtf8({bytes_.data() + input_.CurrentPosition(), static_cast<size_t>(length)});
    return input_.Skip(length);
  }

  bool WalkNext(const Descriptor& type, int length) {
    const auto [outer, depth_left] = input_.IncrementRecursionDepthAndPushLimit(length);
    const bool walked = depth_left >= 0 && WalkFields(type);
    return input_.DecrementRecursionDepthAndPopLimit(outer) && walked;
  }

  std::string& bytes_;
  const int size_;
  google::protobuf::io::CodedInputStream input_;
};

}  // namespace

void MaskInvalidText(const Descriptor& type, std::string& bytes) {
  Walker(bytes).Walk(type);
}

}  // namespace turnpike
