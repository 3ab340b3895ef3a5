#include "cli/verdict_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/job_text.h"
#include "cli/table.h"

namespace turnpike {
namespace {

Cell WhenCell(const v1::ShareVerdict& share) {
  if (share.chosen()) {
    return {"now, chosen", Tint::kGood};
  }
  if (share.eligible()) {
    return share.refusal().empty() ? Cell{"now", Tint::kGood} : Cell{"later", Tint::kBusy};
  }
  return {share.permanent() ? "never" : "not yet", Tint::kBad};
}

std::string LabelOf(const v1::ShareVerdict& share) {
  return fmt::format("{}/{}", share.site(), share.share());
}

std::string ChecksText(const google::protobuf::RepeatedPtrField<v1::ShareVerdict>& shares, bool color) {
  Table table({{.title = "SHARE"}, {.title = "LACKS"}, {.title = "NEEDED"}, {.title = "THERE"}});
  bool any = false;
  for (const v1::ShareVerdict& share : shares) {
    for (const v1::ShareCheck& check : share.checks()) {
      if (!check.passed()) {
        any = true;
        table.Add({{LabelOf(share)}, {check.name()}, {check.required()}, {check.available(), Tint::kBad}});
      }
    }
  }
  return any ? "\n" + table.ToString({.color = color}) : "";
}

}  // namespace

std::string VerdictsText(const google::protobuf::RepeatedPtrField<v1::ShareVerdict>& shares,
                         const VerdictFormat& format) {
  if (shares.empty()) {
    return "";
  }
  Table table({{.title = "SHARE"},
               {.title = "RUNS"},
               {.title = "START"},
               {.title = "END"},
               {.title = "COSTS UP TO", .align = Align::kRight},
               {.title = "WHY NOT NOW"}});
  for (const v1::ShareVerdict& share : shares) {
    const bool fits = share.eligible();
    table.Add({{LabelOf(share)},
               WhenCell(share),
               {fits ? MomentText(share.expected_start_time()) : ""},
               {fits ? MomentText(share.expected_end_time()) : ""},
               {fits ? fmt::format("{} {}", share.ceiling(), format.unit) : ""},
               {share.explanation()}});
  }
  return table.ToString({.color = format.color}) + ChecksText(shares, format.color);
}

}  // namespace turnpike
