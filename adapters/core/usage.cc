#include "adapters/core/usage.h"

#include <array>
#include <limits>

namespace turnpike {
namespace {

// 100 years: anything longer is a broken clock or a broken row.
constexpr int64_t kElapsedMax = int64_t{100} * 366 * 86'400;

std::optional<int64_t> Product(int64_t amount, int64_t seconds) {
  if (amount < 0 || (seconds > 0 && amount > std::numeric_limits<int64_t>::max() / seconds)) {
    return std::nullopt;
  }
  return amount * seconds;
}

}  // namespace

std::optional<ResourceSeconds> UsageOver(const ResourceAmounts& amounts, std::chrono::seconds elapsed) {
  const int64_t seconds = elapsed.count();
  if (seconds < 0 || seconds > kElapsedMax) {
    return std::nullopt;
  }
  const std::array products = {Product(amounts.nodes, seconds), Product(amounts.cores, seconds),
                               Product(amounts.accelerators, seconds), Product(amounts.memory_mib, seconds)};
  for (const std::optional<int64_t>& product : products) {
    if (!product) {
      return std::nullopt;
    }
  }
  return ResourceSeconds{.node_seconds = *products[0],
                         .core_seconds = *products[1],
                         .accelerator_seconds = *products[2],
                         .memory_mib_seconds = *products[3]};
}

std::optional<ResourceSeconds> UsageOf(const LocalJobView& job) {
  if (!job.allocated || !job.elapsed) {
    return std::nullopt;
  }
  return UsageOver(*job.allocated, *job.elapsed);
}

}  // namespace turnpike
