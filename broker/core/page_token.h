#pragma once
// Where a list goes on, as text that clients give back without looking inside.  It grants nothing: the caller's rights
// are checked anew for each page.  It only fits the request that it was made for.

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"

namespace turnpike {

// The last row of the page before, in a list ordered by (time, id).
struct PageKey {
  Timestamp time{};
  Uuid id;
  friend bool operator==(const PageKey&, const PageKey&) = default;
};

// `request` is any text that is the same for all pages of one list: its method and filters, without page size and
// token.
std::string EncodePageToken(const PageKey& key, std::string_view request);
// INVALID_ARGUMENT, PAGE_TOKEN_INVALID: not one of ours, or made for another request.
Result<PageKey> DecodePageToken(std::string_view text, std::string_view request);

}  // namespace turnpike
