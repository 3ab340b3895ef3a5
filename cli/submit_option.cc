#include "cli/submit_option.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <string>

namespace turnpike {
namespace {

constexpr size_t kSuggestionDistanceMax = 3;

size_t EditDistance(std::string_view left, std::string_view right) {
  std::vector<size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < left.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < right.size(); ++j) {
      const size_t change = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({change, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

std::string Suggestion(std::string_view name, const std::vector<const SubmitOption*>& options) {
  // Of equally near names the one with the same beginning: a typo seldom hits the first letter.
  const auto distance = [&](const SubmitOption* option) {
    return std::pair(EditDistance(name, option->name), !option->name.starts_with(name.substr(0, 1)));
  };
  const auto nearest = std::min_element(options.begin(), options.end(), [&](const auto* left, const auto* right) {
    return distance(left) < distance(right);
  });
  if (nearest == options.end() || EditDistance(name, (*nearest)->name) > kSuggestionDistanceMax) {
    return "see `turnpike submit --help`";
  }
  return fmt::format("did you mean --{}?", (*nearest)->name);
}

}  // namespace

Result<const SubmitOption*> OptionSet::FindName(std::string_view name) const {
  const std::vector<const SubmitOption*> options = All();
  std::vector<const SubmitOption*> beginnings;
  for (const SubmitOption* option : options) {
    if (option->name == name) {
      return option;
    }
    if (!name.empty() && option->name.starts_with(name)) {
      beginnings.push_back(option);
    }
  }
  if (beginnings.size() == 1) {
    return beginnings.front();
  }
  if (beginnings.empty()) {
    return InvalidArgument("unknown option --{}; {}", name, Suggestion(name, options));
  }
  std::vector<std::string> names;
  for (const SubmitOption* option : beginnings) {
    names.push_back(fmt::format("--{}", option->name));
  }
  return InvalidArgument("option --{} is ambiguous; it could be {}", name, fmt::join(names, ", "));
}

Result<const SubmitOption*> OptionSet::FindLetter(char letter) const {
  for (const SubmitOption* option : All()) {
    if (option->letter == letter) {
      return option;
    }
  }
  return InvalidArgument("unknown option -{}; see `turnpike submit --help`", letter);
}

std::vector<const SubmitOption*> OptionSet::All() const {
  std::vector<const SubmitOption*> options;
  for (const auto& table : tables_) {
    for (const SubmitOption& option : table) {
      const bool hidden =
          std::any_of(options.begin(), options.end(), [&](const auto* other) { return other->name == option.name; });
      if (!hidden) {
        options.push_back(&option);
      }
    }
  }
  return options;
}

}  // namespace turnpike
