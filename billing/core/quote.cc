#include "billing/core/quote.h"

#include "billing/core/rate.h"

namespace turnpike {

Result<Money> Ceiling(const RequestedShape& shape, const AllocationRule& rule, const RateSet& rates,
                      std::chrono::seconds time_limit) {
  ASSIGN_OR_RETURN(const ResourceSeconds use, HoldFor(Allocate(shape, rule), time_limit + rule.overrun));
  return PriceOf(use, rates);
}

}  // namespace turnpike
