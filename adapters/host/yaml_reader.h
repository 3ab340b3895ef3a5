#pragma once
// Strict reading of a YAML mapping: every key must be known, every value of its kind; the first error names file, line
// and key. The only place beside agent_config.cc that knows yaml-cpp.

#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace turnpike {

struct NumberRange {
  int64_t min = 0;
  int64_t max = std::numeric_limits<int64_t>::max();
};

// One mapping.  Reads are noted, so that Finish can name a key that nobody asked for; after the first error all else is
// skipped.
class YamlReader {
 public:
  struct Place {
    std::string file;
    std::string path;  // "shares[2]"
  };
  YamlReader(const YAML::Node& node, Place place);

  void Text(const std::string& key, std::string& value);
  void RequiredText(const std::string& key, std::string& value);
  void Bool(const std::string& key, bool& value);
  void Number(const std::string& key, NumberRange range, int64_t& value);
  void TextList(const std::string& key, std::vector<std::string>& values);
  // "a" | "b": the index into `choices` goes to `chosen`.
  void Choice(const std::string& key, const std::vector<std::string>& choices, int& chosen);

  // A reader for a mapping, or for each element of a list of mappings, below `key`.  Finish them before this one.
  template <class Read>
  void Mapping(const std::string& key, const Read& read) {
    if (const YAML::Node node = Take(key)) {
      YamlReader inner(node, {place_.file, PathOf(key)});
      read(inner);
      Adopt(inner.Finish());
    }
  }
  template <class Read>
  void MappingList(const std::string& key, const Read& read) {
    const YAML::Node list = Take(key);
    if (!list) {
      return;
    }
    if (!list.IsSequence()) {
      Fail(list, key, "must be a list");
      return;
    }
    for (size_t index = 0; index < list.size(); ++index) {
      YamlReader inner(list[index], {place_.file, fmt::format("{}[{}]", PathOf(key), index)});
      read(inner);
      Adopt(inner.Finish());
    }
  }
  // An error of the caller's own, at a key.
  void Reject(const std::string& key, const std::string& why);
  // The first error; unknown keys are errors too.
  Status Finish();

 private:
  YAML::Node Take(const std::string& key);
  std::string PathOf(const std::string& key) const;
  void Fail(const YAML::Node& node, const std::string& key, const std::string& why);
  void Adopt(const Status& status);

  YAML::Node node_;
  Place place_;
  std::set<std::string> known_;
  Status status_;
};

// The whole document; a syntax error names its line.
Result<YAML::Node> ParseYaml(std::string_view text, const std::string& file);

}  // namespace turnpike
