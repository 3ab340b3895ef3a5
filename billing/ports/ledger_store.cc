#include "billing/ports/ledger_store.h"

#include <array>
#include <cstddef>

namespace turnpike {
namespace {

// In the order of the enums.
constexpr std::array<std::string_view, 4> kAccountKinds{"project", "site", "federation", "external"};
constexpr std::array<std::string_view, 4> kTransferKinds{"DEPOSIT", "CHARGE", "REFUND", "ADJUSTMENT"};

template <class Enum, size_t kSize>
std::optional<Enum> ValueIn(const std::array<std::string_view, kSize>& names, std::string_view name) {
  for (size_t i = 0; i < kSize; ++i) {
    if (names[i] == name) {
      return static_cast<Enum>(i);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view AccountKindName(AccountKind kind) {
  return kAccountKinds[static_cast<size_t>(kind)];
}
std::optional<AccountKind> ParseAccountKind(std::string_view name) {
  return ValueIn<AccountKind>(kAccountKinds, name);
}
std::string_view TransferKindName(TransferKind kind) {
  return kTransferKinds[static_cast<size_t>(kind)];
}
std::optional<TransferKind> ParseTransferKind(std::string_view name) {
  return ValueIn<TransferKind>(kTransferKinds, name);
}

}  // namespace turnpike
