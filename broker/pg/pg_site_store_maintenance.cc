// Windows in which sites are not to be used.

#include "base/byte_codec.h"
#include "base/pg/request_keys.h"
#include "broker/pg/pg_site_store.h"

namespace turnpike {
namespace {

// $1 window, $2 site, $3 share, $4 start, $5 end, $6 reason.
constexpr char kInsertWindow[] = R"sql(
    INSERT INTO site_maintenance (window_id, site_id, share, starts_at, ends_at, reason)
    VALUES ($1, $2, $3, $4, $5, $6)
)sql";

// $1 site, $2 window.
constexpr char kDeleteWindow[] = R"sql(
    DELETE FROM site_maintenance
     WHERE site_id = $1
       AND window_id = $2
)sql";

std::string EncodeWindow(const MaintenanceWindow& window) {
  return ByteWriter()
      .Raw(window.window_id)
      .Text(window.share)
      .Time(window.start)
      .Time(window.end)
      .Text(window.reason)
      .Take();
}

MaintenanceWindow DecodeWindow(std::string_view bytes) {
  ByteReader in(bytes);
  MaintenanceWindow window;
  window.window_id = in.Raw();
  window.share = in.Text();
  window.start = in.Time();
  window.end = in.Time();
  window.reason = in.Text();
  return window;
}

}  // namespace

Result<MaintenanceWindow> PgSiteStore::AddMaintenance(const RequestKey& key, SiteId site_id,
                                                      const MaintenanceWindow& window) {
  MaintenanceWindow made = window;
  const TransactionSettings settings{.projects = {key.project_id}};
  RETURN_IF_ERROR(transactions_.Run(settings, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const ClaimedKey claim, ClaimRequestKey(tx, key));
    RETURN_IF_ERROR(claim.status);
    if (claim.repeated) {
      made = DecodeWindow(claim.reply);
      return OkStatus();
    }
    Params params;
    params.Id(window.window_id).Id(site_id).Text(window.share).Time(window.start).Time(window.end).Text(window.reason);
    RETURN_IF_ERROR(tx.Execute(kInsertWindow, params).status());
    return StoreReply(tx, key, EncodeWindow(window));
  }));
  return made;
}

Status PgSiteStore::RemoveMaintenance(SiteId site_id, const Uuid& window_id) {
  return transactions_.Run({}, [&](Transaction& tx) -> Status {
    return tx.Execute(kDeleteWindow, Params().Id(site_id).Id(window_id)).status();
  });
}

}  // namespace turnpike
