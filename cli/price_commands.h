#pragma once
// turnpike site price set and show: a site's price book.

#include <string>
#include <vector>

#include "cli/command_context.h"

namespace turnpike {

struct PriceSetOptions {
  std::string site;
  std::string unit;
  std::vector<std::string> rates;  // "SHARE:RESOURCE=PRICE", "*:core-hour=0.02"
  bool dry_run = false;
  std::string request_id;
};

struct PriceShowOptions {
  std::string site;
  int64_t version = 0;  // 0: the one in force
};

Result<v1::Rate> ParseRate(const std::string& text);
Result<int> RunPriceSet(const PriceSetOptions& options, CommandContext& context);
Result<int> RunPriceShow(const PriceShowOptions& options, CommandContext& context);

}  // namespace turnpike
