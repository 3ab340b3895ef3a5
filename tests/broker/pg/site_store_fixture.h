#pragma once
// A site store on a database of its own, and how its tests name things.

#include <string>

#include "broker/pg/pg_site_store.h"
#include "tests/billing/pg/api_database.h"

namespace turnpike {

class PgSiteStoreTest : public testing::Test {
 protected:
  NewSite Site(const std::string& name, const std::string& token) {
    NewSite site;
    site.site.site_id = database_.ids().Random<SiteId>();
    site.site.name = name;
    site.site.display_name = "The " + name;
    site.site.region = "north";
    site.site.time_zone = "Europe/Oslo";
    site.token_hash = Sha256(token);
    site.token_expires_at = database_.Now() + std::chrono::hours(1);
    return site;
  }
  RequestKey NewKey(const std::string& body = "body") { return database_.NewKey("RegisterSite", body); }

  SiteRecord Register(const std::string& name, const std::string& token) {
    Result<SiteRecord> site = store_.Register(NewKey(), Site(name, token));
    EXPECT_TRUE(site.ok()) << site.status();
    return site.ok() ? *site : SiteRecord{};
  }
  SiteRecord Read(const std::string& name) {
    Result<SiteRecord> site = store_.Find(name);
    EXPECT_TRUE(site.ok()) << site.status();
    return site.ok() ? *site : SiteRecord{};
  }

  ApiDatabase database_;
  PgSiteStore store_{database_.transactions()};
};

}  // namespace turnpike
