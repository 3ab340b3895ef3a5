#pragma once
// Sites and prices between the contract and the core.

#include <string>

#include "base/error_reason.h"
#include "billing/core/price_book.h"
#include "broker/ports/site_store.h"
#include "turnpike/v1/site.pb.h"

namespace turnpike {

// Breakers and measurements as they stand at this moment; `network` may be nullptr.
v1::Site ToProto(const SiteRecord& site, const NetworkView* network, Timestamp now);
v1::MaintenanceWindow ToProto(const MaintenanceWindow& window);
v1::PriceBook ToProto(const PriceBook& book);
// Every rate that is wrong is named by its path, "rates[3].price".
PriceBook BookFrom(const std::string& unit, const google::protobuf::RepeatedPtrField<v1::Rate>& rates,
                   FieldViolations& violations);

}  // namespace turnpike
