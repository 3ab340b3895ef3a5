#include "broker/rpc/check_message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>

#include <vector>

namespace turnpike {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kDepthMax = 32;

class Walker {
 public:
  explicit Walker(FieldViolations& violations) : violations_(violations) {}

  void Walk(const Message& message, const std::string& path, int depth) {
    if (depth > kDepthMax) {
      violations_.Add(path, "is nested too deeply");
      return;
    }
    const Reflection& reflection = *message.GetReflection();
    const auto& unknown = reflection.GetUnknownFields(message);
    for (int i = 0; i < unknown.field_count(); ++i) {
      violations_.Add(fmt::format("{}.{}", path, unknown.field(i).number()),
                      "is a field that this broker does not know; use a broker as new as your client, or leave it out");
    }
    std::vector<const FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      WalkField(message, *field, path + "." + field->name(), depth);
    }
  }

 private:
  void WalkField(const Message& message, const FieldDescriptor& field, const std::string& path, int depth) {
    const Reflection& reflection = *message.GetReflection();
    const int count = field.is_repeated() ? reflection.FieldSize(message, &field) : 1;
    for (int i = 0; i < count; ++i) {
      const std::string place = field.is_repeated() ? fmt::format("{}[{}]", path, i) : path;
      switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_MESSAGE:
          Walk(field.is_repeated() ? reflection.GetRepeatedMessage(message, &field, i)
                                   : reflection.GetMessage(message, &field),
               place, depth + 1);
          break;
        case FieldDescriptor::CPPTYPE_STRING:
          CheckText(TextOf(message, field, i), field, place);
          break;
        case FieldDescriptor::CPPTYPE_ENUM:
          CheckEnum(field.is_repeated() ? reflection.GetRepeatedEnumValue(message, &field, i)
                                        : reflection.GetEnumValue(message, &field),
                    field, place);
          break;
        default:
          break;  // Numbers are judged by what they mean.
      }
    }
  }

  const std::string& TextOf(const Message& message, const FieldDescriptor& field, int i) {
    const Reflection& reflection = *message.GetReflection();
    return field.is_repeated() ? reflection.GetRepeatedStringReference(message, &field, i, &scratch_)
                               : reflection.GetStringReference(message, &field, &scratch_);
  }

  void CheckText(const std::string& text, const FieldDescriptor& field, const std::string& path) {
    if (field.type() == FieldDescriptor::TYPE_STRING && text.find('\0') != std::string::npos) {
      violations_.Add(path, "holds a NUL byte");
    }
  }

  void CheckEnum(int value, const FieldDescriptor& field, const std::string& path) {
    if (field.enum_type()->FindValueByNumber(value) == nullptr) {
      violations_.Add(path, fmt::format("is {}, which is not a value of {}", value, field.enum_type()->name()));
    }
  }

  FieldViolations& violations_;
  std::string scratch_;
};

}  // namespace

void CheckMessage(const Message& message, const std::string& path, FieldViolations& violations) {
  Walker(violations).Walk(message, path, 0);
}

}  // namespace turnpike
