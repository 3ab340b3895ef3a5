#include "broker/rpc/check_message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>

#include <vector>

#include "turnpike/v1/job_spec.pb.h"

namespace turnpike {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kDepthMax = 32;

enum class Scope { kEverything, kTextOutsideSpecs };

std::string Join(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

class Walker {
 public:
  Walker(Scope scope, FieldViolations& violations) : scope_(scope), violations_(violations) {}

  void Walk(const Message& message, const std::string& path, int depth) {
    if (depth > kDepthMax) {
      violations_.Add(path, "is nested too deeply");
      return;
    }
    if (scope_ == Scope::kTextOutsideSpecs && message.GetDescriptor() == v1::JobSpec::descriptor()) {
      return;
    }
    RefuseUnknown(message, path);
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      WalkField(message, *field, Join(path, field->name()), depth);
    }
  }

 private:
  void RefuseUnknown(const Message& message, const std::string& path) {
    if (scope_ == Scope::kTextOutsideSpecs) {
      return;
    }
    const auto& unknown = message.GetReflection()->GetUnknownFields(message);
    for (int i = 0; i < unknown.field_count(); ++i) {
      violations_.Add(Join(path, std::to_string(unknown.field(i).number())),
                      "is a field that this broker does not know; use a broker as new as your client, or leave it out");
    }
  }

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
      violations_.Add(path, "holds a NUL byte, or bytes that are not UTF-8");
    }
  }

  void CheckEnum(int value, const FieldDescriptor& field, const std::string& path) {
    if (scope_ == Scope::kEverything && field.enum_type()->FindValueByNumber(value) == nullptr) {
      violations_.Add(path, fmt::format("is {}, which is not a value of {}", value, field.enum_type()->name()));
    }
  }

  const Scope scope_;
  FieldViolations& violations_;
  std::string scratch_;
};

}  // namespace

void CheckMessage(const Message& message, const std::string& path, FieldViolations& violations) {
  Walker(Scope::kEverything, violations).Walk(message, path, 0);
}

void CheckText(const Message& request, FieldViolations& violations) {
  Walker(Scope::kTextOutsideSpecs, violations).Walk(request, "", 0);
}

}  // namespace turnpike
