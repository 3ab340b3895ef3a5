#include "cli/spec_text.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>

#include <nlohmann/json.hpp>

#include "cli/job_text.h"
#include "cli/json_output.h"
#include "cli/table.h"

namespace turnpike {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string Below(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

// Elements that carry a name of their own are called by it.
std::string ElementName(const Message& element, int index) {
  for (const char* key : {"name", "key", "flag"}) {
    const FieldDescriptor* field = element.GetDescriptor()->FindFieldByName(key);
    if (field != nullptr && field->type() == FieldDescriptor::TYPE_STRING) {
      return element.GetReflection()->GetString(element, field);
    }
  }
  return fmt::format("{}", index);
}

std::string ScalarText(const Message& message, const FieldDescriptor& field, int index) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    return index < 0 ? reflection.GetString(message, &field) : reflection.GetRepeatedString(message, &field, index);
  }
  std::string text;
  google::protobuf::TextFormat::PrintFieldValueToString(message, &field, index, &text);
  return text;
}

void AddLines(const Message& message, const std::string& path, std::vector<SpecLine>& lines);

void AddMessage(const Message& message, const std::string& path, std::vector<SpecLine>& lines) {
  if (const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&message)) {
    lines.push_back({path, DurationText(*duration)});
  } else if (const auto* script = dynamic_cast<const v1::Script*>(&message)) {
    lines.push_back({path, fmt::format("{}, {} bytes", script->file_name(), script->content().size())});
    for (int i = 0; i < script->arguments_size(); ++i) {
      lines.push_back({fmt::format("{}.arguments.{}", path, i), script->arguments(i)});
    }
  } else if (const auto* variable = dynamic_cast<const v1::EnvironmentVariable*>(&message)) {
    lines.push_back({path, variable->value()});
  } else if (const auto* label = dynamic_cast<const v1::Label*>(&message)) {
    lines.push_back({path, label->value()});
  } else if (const auto* flag = dynamic_cast<const v1::SiteFlag*>(&message)) {
    lines.push_back({path, flag->value()});
  } else {
    AddLines(message, path, lines);
  }
}

void AddLines(const Message& message, const std::string& path, std::vector<SpecLine>& lines) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string name = Below(path, field->name());
    const bool nested = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (!field->is_repeated()) {
      nested ? AddMessage(reflection.GetMessage(message, field), name, lines)
             : lines.push_back({name, ScalarText(message, *field, -1)});
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      if (nested) {
        const Message& element = reflection.GetRepeatedMessage(message, field, i);
        AddMessage(element, Below(name, ElementName(element, i)), lines);
      } else {
        lines.push_back({Below(name, fmt::format("{}", i)), ScalarText(message, *field, i)});
      }
    }
  }
}

}  // namespace

std::vector<SpecLine> SpecLines(const v1::JobSpec& spec) {
  std::vector<SpecLine> lines;
  AddLines(spec, "", lines);
  return lines;
}

std::string OriginOf(const std::string& path, const std::map<std::string, std::string>& origins) {
  std::string origin = "derived";
  size_t longest = 0;
  for (const auto& [prefix, where] : origins) {
    const bool covers = path.starts_with(prefix) &&
                        (path.size() == prefix.size() || path[prefix.size()] == '.' || path[prefix.size()] == '_');
    if (covers && prefix.size() >= longest) {
      longest = prefix.size();
      origin = where;
    }
  }
  return origin;
}

std::string SpecWithOrigins(const SpecDraft& draft) {
  Table table({{.title = "FIELD"}, {.title = "VALUE", .width_max = 60}, {.title = "FROM"}});
  for (const SpecLine& line : SpecLines(draft.spec)) {
    table.Add({{line.path}, {line.value}, {OriginOf(line.path, draft.origins)}});
  }
  return table.ToString({});
}

Result<std::string> SpecWithOriginsJson(const SpecDraft& draft) {
  google::protobuf::util::JsonPrintOptions options;
  std::string spec;
  if (!google::protobuf::util::MessageToJsonString(draft.spec, &spec, options).ok()) {
    return InvalidArgument("the job cannot be written as JSON; is every value UTF-8?");
  }
  nlohmann::ordered_json document;
  document["spec"] = nlohmann::ordered_json::parse(spec);
  document["origins"] = nlohmann::ordered_json::object();
  for (const SpecLine& line : SpecLines(draft.spec)) {
    document["origins"][line.path] = OriginOf(line.path, draft.origins);
  }
  document["notes"] = draft.notes;
  return document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace turnpike
