#include "broker/pg/pg_site_store.h"

#include <fmt/ranges.h>

#include "base/byte_codec.h"
#include "base/error_reason.h"
#include "base/pg/request_keys.h"
#include "broker/pg/network_rows.h"
#include "broker/pg/site_rows.h"

namespace turnpike {
namespace {

// $1 id, $2 name, $3 display name, $4 region, $5 time zone, $6 state.
constexpr char kInsertSite[] = R"sql(
    INSERT INTO site (site_id, name, display_name, region, time_zone, state)
    VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (name) DO NOTHING
)sql";

// $1 site.
constexpr char kDeleteUnusedTokens[] = R"sql(
    DELETE FROM enrollment_token
     WHERE site_id = $1
       AND used_at IS NULL
)sql";

// $1 digest, $2 site, $3 when it ends.
constexpr char kInsertToken[] = R"sql(
    INSERT INTO enrollment_token (token_hash, site_id, expires_at)
    VALUES ($1, $2, $3)
)sql";

// An id is no name of another site: it counts first.  $1 name, $2 id or NULL.
constexpr char kFindSite[] = R"sql(
    SELECT site_id
      FROM site
     WHERE name = $1
        OR site_id = $2
     ORDER BY site_id = $2 DESC NULLS LAST
     LIMIT 1
)sql";

// $1 after this name, $2 how many.
constexpr char kListSites[] = R"sql(
    SELECT site_id
      FROM site
     WHERE name > $1
     ORDER BY name
     LIMIT $2
)sql";

// $1 site, $2 display name, $3 region, $4 time zone.
constexpr char kUpdateSite[] = R"sql(
    UPDATE site
       SET display_name = coalesce($2, display_name),
           region = coalesce($3, region),
           time_zone = coalesce($4, time_zone)
     WHERE site_id = $1
)sql";

// $1 site, $2 allowed states, $3 new state, $4 reason.
constexpr char kChangeState[] = R"sql(
    UPDATE site
       SET state = $3,
           state_reason = $4
     WHERE site_id = $1
       AND state = ANY($2)
)sql";

Status NameTaken(const std::string& name) {
  return WithReason(AlreadyExists("another site is called {}; choose another name", name), ErrorReason::kAlreadyExists,
                    {{"site", name}});
}

Status InsertSite(Transaction& tx, const SiteRecord& site) {
  Params params;
  params.Id(site.site_id).Text(site.name).Text(site.display_name).Text(site.region).Text(site.time_zone);
  params.Text(SiteStateName(SiteState::kRegistered));
  ASSIGN_OR_RETURN(const Rows inserted, tx.Execute(kInsertSite, params));
  return inserted.affected() == 0 ? NameTaken(site.name) : OkStatus();
}

Status StoreToken(Transaction& tx, SiteId site_id, const Sha256Digest& token_hash, Timestamp expires_at) {
  RETURN_IF_ERROR(tx.Execute(kDeleteUnusedTokens, Params().Id(site_id)).status());
  return tx.Execute(kInsertToken, Params().Bytes(AsBytes(token_hash)).Id(site_id).Time(expires_at)).status();
}

}  // namespace

Result<SiteRecord> PgSiteStore::Register(const RequestKey& key, const NewSite& site) {
  SiteRecord registered;
  const TransactionSettings settings{.projects = {key.project_id}};
  const Status done = transactions_.Run(settings, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const ClaimedKey claim, ClaimRequestKey(tx, key));
    RETURN_IF_ERROR(claim.status);
    SiteId site_id = site.site.site_id;
    if (claim.repeated) {
      site_id = ByteReader(claim.reply).IdOf<SiteId>();
    } else {
      RETURN_IF_ERROR(InsertSite(tx, site.site));
      RETURN_IF_ERROR(StoreReply(tx, key, ByteWriter().AnyId(site_id).Take()));
    }
    RETURN_IF_ERROR(StoreToken(tx, site_id, site.token_hash, site.token_expires_at));
    ASSIGN_OR_RETURN(registered, ReadSite(tx, site_id));
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return registered;
}

Status PgSiteStore::ReplaceToken(SiteId site_id, const Sha256Digest& token_hash, Timestamp expires_at) {
  return transactions_.Run({}, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const SiteRecord site, ReadSite(tx, site_id));
    if (site.state == SiteState::kQuarantined) {
      return WithReason(FailedPrecondition("site {} is shut out: {}; release it first", site.name, site.state_reason),
                        ErrorReason::kIllegalTransition,
                        {{"site", site.name}, {"state", std::string(SiteStateName(site.state))}});
    }
    return StoreToken(tx, site_id, token_hash, expires_at);
  });
}

Result<std::vector<StoredRoundTrip>> PgSiteStore::RoundTrips(std::optional<Timestamp> since) {
  std::vector<StoredRoundTrip> stored;
  RETURN_IF_ERROR(transactions_.Run({.read_only = true}, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(stored, ReadRoundTrips(tx, since));
    return OkStatus();
  }));
  return stored;
}

Result<SiteRecord> PgSiteStore::Find(std::string_view name_or_id) {
  SiteRecord site;
  const Status done = transactions_.Run({.read_only = true}, [&](Transaction& tx) -> Status {
    const Params params = std::move(Params().Text(name_or_id).OptionalId(SiteId::Parse(name_or_id)));
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kFindSite, params));
    if (rows.empty()) {
      return NoSuchSite(name_or_id);
    }
    ASSIGN_OR_RETURN(site, ReadSite(tx, rows.Id<SiteId>(0, 0)));
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return site;
}

Result<std::vector<SiteRecord>> PgSiteStore::List(std::string_view after_name, size_t limit) {
  std::vector<SiteRecord> sites;
  const Status done = transactions_.Run({.read_only = true}, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows,
                     tx.Execute(kListSites, Params().Text(after_name).Int(static_cast<int64_t>(limit))));
    std::vector<SiteId> ids;
    for (int row = 0; row < rows.size(); ++row) {
      ids.push_back(rows.Id<SiteId>(row, 0));
    }
    ASSIGN_OR_RETURN(sites, ReadSites(tx, ids));
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return sites;
}

Result<SiteRecord> PgSiteStore::Update(const SiteChange& change) {
  SiteRecord site;
  const Status done = transactions_.Run({}, [&](Transaction& tx) -> Status {
    Params params;
    params.Id(change.site_id).OptionalText(change.display_name).OptionalText(change.region);
    params.OptionalText(change.time_zone);
    RETURN_IF_ERROR(tx.Execute(kUpdateSite, params).status());
    ASSIGN_OR_RETURN(site, ReadSite(tx, change.site_id));
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return site;
}

Result<SiteRecord> PgSiteStore::ChangeState(SiteId site_id, const std::vector<SiteState>& from, SiteState to,
                                            const std::string& reason) {
  std::vector<std::string_view> allowed;
  for (const SiteState state : from) {
    allowed.push_back(SiteStateName(state));
  }
  SiteRecord site;
  const Status done = transactions_.Run({}, [&](Transaction& tx) -> Status {
    const Params params = std::move(Params().Id(site_id).TextArray(allowed).Text(SiteStateName(to)).Text(reason));
    ASSIGN_OR_RETURN(const Rows changed, tx.Execute(kChangeState, params));
    ASSIGN_OR_RETURN(site, ReadSite(tx, site_id));
    if (changed.affected() == 0) {
      const std::string_view state = SiteStateName(site.state);
      return WithReason(FailedPrecondition("site {} is {}; only from {} does it become {}", site.name, state,
                                           fmt::join(allowed, " or "), SiteStateName(to)),
                        ErrorReason::kIllegalTransition, {{"site", site.name}, {"state", std::string(state)}});
    }
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return site;
}

}  // namespace turnpike
