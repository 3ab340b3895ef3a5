#pragma once
// Looks an enum's word up in a table of {value, word}: the tables stand beside the enums.

#include <cstddef>
#include <optional>
#include <string_view>

namespace turnpike {

template <class Enum>
struct EnumName {
  Enum value;
  std::string_view name;
};

// The table holds every value.
template <class Enum, size_t kSize>
constexpr std::string_view NameIn(const EnumName<Enum> (&table)[kSize], Enum value) {
  for (const EnumName<Enum>& row : table) {
    if (row.value == value) {
      return row.name;
    }
  }
  return "";
}

template <class Enum, size_t kSize>
constexpr std::optional<Enum> ValueIn(const EnumName<Enum> (&table)[kSize], std::string_view name) {
  for (const EnumName<Enum>& row : table) {
    if (row.name == name) {
      return row.value;
    }
  }
  return std::nullopt;
}

}  // namespace turnpike
