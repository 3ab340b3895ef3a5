#include "cli/sites_command.h"

#include <limits>

#include "cli/exit_code.h"
#include "cli/job_text.h"
#include "cli/json_output.h"
#include "cli/pages.h"
#include "cli/table.h"

namespace turnpike {
namespace {

constexpr size_t kColumns = 13;

std::string IdleOfTotal(int64_t idle, int64_t total) {
  return total == 0 ? "" : fmt::format("{}/{}", idle, total);
}

std::string StateText(const v1::Site& site) {
  const std::string state = SiteStateText(site.state());
  return site.state() == v1::SITE_STATE_ACTIVE && !site.connected() ? state + ", away" : state;
}

std::string Milliseconds(const google::protobuf::Duration& time) {
  const double milliseconds = static_cast<double>(time.seconds()) * 1'000 + static_cast<double>(time.nanos()) / 1e6;
  return milliseconds < 10 ? fmt::format("{:.2g} ms", milliseconds) : fmt::format("{:.0f} ms", milliseconds);
}

// From where the user is, where that is known; else from the broker, and said so.
std::string RoundTripText(const v1::Site& site, const std::string& user_region) {
  for (const v1::RegionRoundTrip& region : site.network().regions()) {
    if (!user_region.empty() && region.region() == user_region) {
      return region.pairs() == 0 ? "in region" : Milliseconds(region.round_trip());
    }
  }
  return site.network().has_broker() ? Milliseconds(site.network().broker().median()) + " (broker)" : "";
}

std::vector<Cell> SiteCells(const v1::Site& site, const std::string& user_region, Timestamp now) {
  const Tint tint = site.state() == v1::SITE_STATE_ACTIVE && site.connected() ? Tint::kGood : Tint::kBad;
  return {{site.name()},
          {StateText(site), tint},
          {site.scheduler()},
          {site.region()},
          {RoundTripText(site, user_region)},
          {site.has_last_seen_time() ? AgoText(site.last_seen_time(), now) : "never"},
          {site.price_book_version() > 0 ? fmt::format("v{}", site.price_book_version()) : "none"}};
}

std::string ShareName(const v1::Share& share) {
  switch (share.breaker().state()) {
    case v1::ShareBreaker::STATE_OPEN:
      return fmt::format("{} (failing, tried again at {})", share.name(), MomentText(share.breaker().retry_time()));
    case v1::ShareBreaker::STATE_HALF_OPEN:
      return share.name() + " (failing, one job at a time)";
    default:
      return share.name() + (share.load().open() ? "" : " (closed)");
  }
}

std::vector<Cell> ShareCells(const v1::Share& share) {
  const v1::ShareLoad& load = share.load();
  const std::string model = share.node().accelerator_model().empty() ? "" : " " + share.node().accelerator_model();
  return {
      {ShareName(share)},
      {IdleOfTotal(load.nodes_idle(), load.nodes_total())},
      {IdleOfTotal(load.cores_idle(), load.cores_total())},
      {load.accelerators_total() == 0 ? "" : IdleOfTotal(load.accelerators_idle(), load.accelerators_total()) + model},
      {fmt::format("{}", load.jobs_waiting())},
      {share.limits().time_limit_max().seconds() > 0 ? DurationText(share.limits().time_limit_max()) : ""}};
}

Table ToTable(const v1::ListSitesResponse& response, const std::string& user_region, Timestamp now) {
  Table table({{.title = "SITE"},
               {.title = "STATE"},
               {.title = "SCHEDULER"},
               {.title = "REGION"},
               {.title = "ROUND TRIP"},
               {.title = "LAST SEEN"},
               {.title = "PRICES"},
               {.title = "SHARE"},
               {.title = "NODES(I/T)", .align = Align::kRight},
               {.title = "CORES(I/T)", .align = Align::kRight},
               {.title = "ACCEL(I/T)", .align = Align::kRight},
               {.title = "WAITING", .align = Align::kRight},
               {.title = "LIMIT", .align = Align::kRight}});
  for (const v1::Site& site : response.sites()) {
    std::vector<Cell> cells = SiteCells(site, user_region, now);
    if (site.shares().empty()) {
      cells.resize(kColumns);
      table.Add(std::move(cells));
      continue;
    }
    for (const v1::Share& share : site.shares()) {
      std::vector<Cell> row = cells;
      const std::vector<Cell> share_cells = ShareCells(share);
      row.insert(row.end(), share_cells.begin(), share_cells.end());
      table.Add(std::move(row));
    }
  }
  return table;
}

Result<v1::ListSitesResponse> Fetch(const SitesOptions& options, Client& client) {
  if (options.site.empty()) {
    return FetchPages(client, &Client::ListSites, v1::ListSitesRequest(), std::numeric_limits<int>::max(),
                      &v1::ListSitesResponse::mutable_sites);
  }
  v1::GetSiteRequest request;
  request.set_site(options.site);
  ASSIGN_OR_RETURN(const v1::GetSiteResponse response, client.GetSite(request));
  v1::ListSitesResponse one;
  *one.add_sites() = response.site();
  return one;
}

}  // namespace

Result<int> RunSites(const SitesOptions& options, CommandContext& context) {
  ASSIGN_OR_RETURN(const BrokerSession session, context.connect());
  ASSIGN_OR_RETURN(const v1::ListSitesResponse response, Fetch(options, *session.client));
  if (context.json) {
    RETURN_IF_ERROR(PrintJson(response, context.terminal.out));
  } else {
    context.terminal.out << ToTable(response, session.region, context.clock.Now())
                                .ToString({.header = options.header, .color = context.terminal.color});
  }
  return kExitOk;
}

}  // namespace turnpike
