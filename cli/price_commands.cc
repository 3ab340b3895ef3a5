#include "cli/price_commands.h"

#include "base/error_reason.h"
#include "base/money.h"
#include "cli/exit_code.h"
#include "cli/job_text.h"
#include "cli/json_output.h"
#include "cli/table.h"

namespace turnpike {
namespace {

struct ResourceName {
  std::string_view name;
  v1::Rate::Resource resource;
};
constexpr ResourceName kResources[] = {{"node-hour", v1::Rate::RESOURCE_NODE_HOUR},
                                       {"core-hour", v1::Rate::RESOURCE_CORE_HOUR},
                                       {"accelerator-hour", v1::Rate::RESOURCE_ACCELERATOR_HOUR},
                                       {"memory-gib-hour", v1::Rate::RESOURCE_MEMORY_GIB_HOUR}};

std::string ResourceText(v1::Rate::Resource resource) {
  for (const ResourceName& known : kResources) {
    if (known.resource == resource) {
      return std::string(known.name);
    }
  }
  return fmt::format("unknown-{}", static_cast<int>(resource));
}

void PrintBook(const v1::PriceBook& book, CommandContext& context) {
  Table table(
      {{.title = "SHARE"}, {.title = "RESOURCE"}, {.title = "PRICE", .align = Align::kRight}, {.title = "UNIT"}});
  for (const v1::Rate& rate : book.rates()) {
    table.Add({{rate.share()}, {ResourceText(rate.resource())}, {rate.price()}, {book.unit()}});
  }
  context.terminal.out << table.ToString({.header = true, .color = context.terminal.color});
  if (book.version() > 0) {
    context.terminal.err << fmt::format("version {}, in force from {}\n", book.version(),
                                        MomentText(book.effective_time()));
  }
}

}  // namespace

Result<v1::Rate> ParseRate(const std::string& text) {
  const size_t equals = text.rfind('=');
  const size_t colon = text.rfind(':', equals);
  if (equals == std::string::npos || colon == std::string::npos || colon == 0) {
    return InvalidArgument(
        "'{}' is no rate; write SHARE:RESOURCE=PRICE, for example normal:core-hour=0.02, or *:node-hour=1.50", text);
  }
  v1::Rate rate;
  rate.set_share(text.substr(0, colon));
  rate.set_price(text.substr(equals + 1));
  const std::string resource = text.substr(colon + 1, equals - colon - 1);
  for (const ResourceName& known : kResources) {
    if (resource == known.name) {
      rate.set_resource(known.resource);
    }
  }
  if (rate.resource() == v1::Rate::RESOURCE_UNSPECIFIED) {
    return InvalidArgument("'{}': the resource is node-hour, core-hour, accelerator-hour or memory-gib-hour", text);
  }
  if (const Result<int64_t> micros = ParseMicros(rate.price()); !micros.ok() || *micros < 0) {
    return InvalidArgument("'{}': the price is a decimal with at most six places, such as 0.02", text);
  }
  return rate;
}

Result<int> RunPriceSet(const PriceSetOptions& options, CommandContext& context) {
  v1::SetPriceBookRequest request;
  request.set_request_id(options.request_id);
  request.set_site(options.site);
  request.set_unit(options.unit);
  request.set_validate_only(options.dry_run);
  FieldViolations violations;
  for (const std::string& text : options.rates) {
    Result<v1::Rate> rate = ParseRate(text);
    if (rate.ok()) {
      *request.add_rates() = *std::move(rate);
    } else {
      violations.Add(fmt::format("rate {}", text), std::string(MessageOf(rate.status())));
    }
  }
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  ASSIGN_OR_RETURN(const v1::SetPriceBookResponse response, session.client->SetPriceBook(request));
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
    return kExitOk;
  }
  PrintBook(response.price_book(), context);
  context.terminal.err << (options.dry_run
                               ? "checked; nothing was stored\n"
                               : "jobs submitted from now on are charged by it; earlier ones keep their version\n");
  return kExitOk;
}

Result<int> RunPriceShow(const PriceShowOptions& options, CommandContext& context) {
  v1::GetPriceBookRequest request;
  request.set_site(options.site);
  request.set_version(options.version);
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  ASSIGN_OR_RETURN(const v1::GetPriceBookResponse response, session.client->GetPriceBook(request));
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
  } else {
    PrintBook(response.price_book(), context);
  }
  return kExitOk;
}

}  // namespace turnpike
