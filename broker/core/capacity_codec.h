#pragma once
// What a site offers and how busy it is, as the database keeps it between two reports.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "broker/core/federation.h"

namespace turnpike {

// What is above them is not taken from a site: it could not be read back.
constexpr size_t kSharesPerSiteMax = 10'000;
constexpr size_t kWindowsPerShareMax = 1'000;

// Site id and name are not in the bytes: they stand in the row beside them.
std::string EncodeCapacity(const std::vector<ShareStatus>& shares);
Result<std::vector<ShareStatus>> DecodeCapacity(std::string_view bytes);

}  // namespace turnpike
