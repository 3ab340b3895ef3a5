#include "broker/rpc/page_size.h"

#include <algorithm>

#include "base/error_reason.h"

namespace turnpike {
namespace {

constexpr int kPageSizeDefault = 50;
constexpr int kPageSizeMax = 1'000;

}  // namespace

Result<size_t> PageSizeOf(int requested) {
  if (requested < 0) {
    FieldViolations violations;
    violations.Add("page_size",
                   fmt::format("is {}; give 1 to {}, or 0 for {}", requested, kPageSizeMax, kPageSizeDefault));
    return violations.ToStatus();
  }
  return static_cast<size_t>(requested == 0 ? kPageSizeDefault : std::min(requested, kPageSizeMax));
}

}  // namespace turnpike
