#include "adapters/host/yaml_reader.h"

#include <algorithm>

namespace turnpike {

YamlReader::YamlReader(const YAML::Node& node, Place place) : node_(node), place_(std::move(place)) {
  if (!node_.IsMap()) {
    status_ = InvalidArgument("{}:{}: '{}' must be a mapping of keys to values", place_.file, node_.Mark().line + 1,
                              place_.path);
  }
}

std::string YamlReader::PathOf(const std::string& key) const {
  return place_.path.empty() ? key : place_.path + "." + key;
}

void YamlReader::Fail(const YAML::Node& node, const std::string& key, const std::string& why) {
  Adopt(InvalidArgument("{}:{}: '{}' {}", place_.file, node.Mark().line + 1, PathOf(key), why));
}

void YamlReader::Adopt(const Status& status) {
  if (status_.ok()) {
    status_ = status;
  }
}

void YamlReader::Reject(const std::string& key, const std::string& why) {
  Fail(node_.IsMap() && node_[key] ? node_[key] : node_, key, why);
}

YAML::Node YamlReader::Take(const std::string& key) {
  known_.insert(key);
  if (!status_.ok()) {
    return YAML::Node(YAML::NodeType::Undefined);
  }
  const YAML::Node& map = node_;  // The other [] would add the key.
  return map[key];
}

void YamlReader::Text(const std::string& key, std::string& value) {
  const YAML::Node node = Take(key);
  if (!node) {
    return;
  }
  if (!node.IsScalar()) {
    Fail(node, key, "must be a text");
    return;
  }
  value = node.Scalar();
}

void YamlReader::RequiredText(const std::string& key, std::string& value) {
  Text(key, value);
  if (value.empty()) {
    Reject(key, "must be given");
  }
}

void YamlReader::Bool(const std::string& key, bool& value) {
  const YAML::Node node = Take(key);
  if (node && !(node.IsScalar() && YAML::convert<bool>::decode(node, value))) {
    Fail(node, key, "must be true or false");
  }
}

void YamlReader::Number(const std::string& key, NumberRange range, int64_t& value) {
  const YAML::Node node = Take(key);
  if (!node) {
    return;
  }
  int64_t number = 0;
  if (!node.IsScalar() || !YAML::convert<int64_t>::decode(node, number) || number < range.min || number > range.max) {
    Fail(node, key, fmt::format("must be a whole number from {} to {}", range.min, range.max));
    return;
  }
  value = number;
}

void YamlReader::TextList(const std::string& key, std::vector<std::string>& values) {
  const YAML::Node node = Take(key);
  if (!node) {
    return;
  }
  if (!node.IsSequence()) {
    Fail(node, key, "must be a list of texts");
    return;
  }
  for (const YAML::Node& element : node) {
    if (!element.IsScalar()) {
      Fail(element, key, "must be a list of texts");
      return;
    }
    values.push_back(element.Scalar());
  }
}

void YamlReader::Choice(const std::string& key, const std::vector<std::string>& choices, int& chosen) {
  std::string text;
  Text(key, text);
  if (text.empty()) {
    return;
  }
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found == choices.end()) {
    Reject(key, fmt::format("must be one of: {}", fmt::join(choices, ", ")));
    return;
  }
  chosen = static_cast<int>(found - choices.begin());
}

Status YamlReader::Finish() {
  if (!status_.ok() || !node_.IsMap()) {
    return status_;
  }
  for (const auto& entry : node_) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : std::string("?");
    if (!known_.contains(key)) {
      return InvalidArgument("{}:{}: '{}' is not known here; the keys are: {}", place_.file,
                             entry.first.Mark().line + 1, PathOf(key), fmt::join(known_, ", "));
    }
  }
  return status_;
}

Result<YAML::Node> ParseYaml(std::string_view text, const std::string& file) {
  try {
    return YAML::Load(std::string(text));
  } catch (const YAML::Exception& error) {
    return InvalidArgument("{}:{}: {}", file, error.mark.line + 1, error.msg);
  }
}

}  // namespace turnpike
