#include "broker/site_main.h"

#include <functional>
#include <iostream>

#include "base/system_clock.h"
#include "broker/pg/pg_site_store.h"

namespace turnpike {
namespace {

Status Change(const std::string& database, const std::function<Result<SiteRecord>(SiteStore&)>& change) {
  SystemClock machine;
  DatabaseClock clock(machine);
  ConnectionPoolSettings pool;
  pool.connection.conninfo = database;
  pool.connection.application_name = "turnpike-broker site";
  TransactionRunner transactions(pool, clock);
  PgSiteStore sites(transactions);
  ASSIGN_OR_RETURN(const SiteRecord site, change(sites));
  std::cout << site.name << " is " << SiteStateName(site.state) << "\n";
  return OkStatus();
}

}  // namespace

Status RunSiteQuarantine(const std::string& database, const Quarantine& quarantine) {
  return Change(database, [&](SiteStore& sites) { return QuarantineSite(sites, quarantine); });
}

Status RunSiteRelease(const std::string& database, const std::string& site) {
  return Change(database, [&](SiteStore& sites) { return ReleaseSite(sites, site); });
}

}  // namespace turnpike
