#include "base/byte_codec.h"
#include "base/check.h"
#include "base/error_reason.h"
#include "base/pg/request_keys.h"
#include "broker/pg/pg_site_store.h"
#include "broker/pg/site_rows.h"

namespace turnpike {
namespace {

// One new price list at a time, until the transaction ends; the number is any that nothing else locks.
constexpr char kLockPriceLists[] = "SELECT pg_advisory_xact_lock(7236837542908842)";

// $1 site, $2 unit.
constexpr char kInsertBook[] = R"sql(
    INSERT INTO price_book (site_id, version, unit)
    SELECT $1, coalesce(max(version), 0) + 1, $2
      FROM price_book
     WHERE site_id = $1
 RETURNING version, effective_at
)sql";

// $1 site, $2 version, $3 shares, $4 resources, $5 prices.
constexpr char kInsertRates[] = R"sql(
    INSERT INTO price_rate (site_id, version, share, resource, micros)
    SELECT $1, $2, share, resource, micros
      FROM unnest($3::text[], $4::text[], $5::bigint[]) AS new(share, resource, micros)
)sql";

// The latest list again, with this site's version in the place of its old one.  $1 site, $2 version.
constexpr char kInsertList[] = R"sql(
    WITH latest AS (SELECT coalesce(max(price_list_id), 0) AS id FROM price_list)
    INSERT INTO price_list (price_list_id, site_id, version)
    SELECT latest.id + 1, old.site_id, old.version
      FROM latest
      JOIN price_list AS old
        ON old.price_list_id = latest.id
     WHERE old.site_id <> $1
     UNION ALL
    SELECT latest.id + 1, $1, $2
      FROM latest
)sql";

// $1 sites, $2 versions.
constexpr char kReadBooks[] = R"sql(
    SELECT b.site_id, b.version, b.unit, b.effective_at, r.share, r.resource, r.micros
      FROM price_book AS b
      LEFT JOIN price_rate AS r
        ON r.site_id = b.site_id
       AND r.version = b.version
     WHERE (b.site_id, b.version) IN (SELECT wanted.site_id, wanted.version
                                        FROM unnest($1::uuid[], $2::bigint[]) AS wanted(site_id, version))
     ORDER BY b.site_id, b.version, r.share, r.resource
)sql";

// $1 sites, or NULL for all.
constexpr char kVersionsInForce[] = R"sql(
    SELECT site_id, max(version)
      FROM price_book
     WHERE $1::uuid[] IS NULL
        OR site_id = ANY($1)
     GROUP BY site_id
     ORDER BY site_id
)sql";

// $1 lists.
constexpr char kReadLists[] = R"sql(
    SELECT price_list_id, site_id, version
      FROM price_list
     WHERE price_list_id = ANY($1)
     ORDER BY price_list_id, site_id
)sql";
constexpr char kReadLatestList[] = R"sql(
    SELECT price_list_id, site_id, version
      FROM price_list
     WHERE price_list_id = (SELECT max(price_list_id) FROM price_list)
     ORDER BY site_id
)sql";

using BookVersions = std::vector<std::pair<SiteId, int64_t>>;

// Rows of one book stand together; one without rates is a row of NULLs.
std::vector<PriceBook> BooksOf(const Rows& rows) {
  std::vector<PriceBook> books;
  for (int row = 0; row < rows.size(); ++row) {
    const SiteId site_id = rows.Id<SiteId>(row, 0);
    const int64_t version = rows.Int(row, 1);
    if (books.empty() || books.back().site_id != site_id || books.back().version != version) {
      books.push_back({.site_id = site_id,
                       .version = version,
                       .effective_time = rows.Time(row, 3),
                       .unit = std::string(rows.Text(row, 2)),
                       .rates = {}});
    }
    if (!rows.IsNull(row, 4)) {
      const std::optional<PricedResource> resource = ParsePricedResource(rows.Text(row, 5));
      CHECK(resource.has_value());
      books.back().rates.push_back(
          {.share = std::string(rows.Text(row, 4)), .resource = *resource, .micros_per_hour = rows.Int(row, 6)});
    }
  }
  return books;
}

Result<std::vector<PriceBook>> ReadBooks(Transaction& tx, const BookVersions& wanted) {
  std::vector<SiteId> sites;
  std::vector<int64_t> versions;
  for (const auto& [site_id, version] : wanted) {
    sites.push_back(site_id);
    versions.push_back(version);
  }
  ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kReadBooks, Params().IdArray(sites).IntArray(versions)));
  return BooksOf(rows);
}

Result<BookVersions> VersionsInForce(Transaction& tx, std::optional<SiteId> only) {
  Params params;
  only ? params.IdArray(std::vector<SiteId>{*only}) : params.Null(PgType::kUuidArray);
  ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kVersionsInForce, params));
  BookVersions versions;
  for (int row = 0; row < rows.size(); ++row) {
    versions.emplace_back(rows.Id<SiteId>(row, 0), rows.Int(row, 1));
  }
  return versions;
}

// Version 0: the one in force.
Result<PriceBook> ReadBook(Transaction& tx, SiteId site_id, int64_t version) {
  BookVersions wanted{{site_id, version}};
  if (version == 0) {
    ASSIGN_OR_RETURN(wanted, VersionsInForce(tx, site_id));
  }
  ASSIGN_OR_RETURN(std::vector<PriceBook> books, ReadBooks(tx, wanted));
  if (!books.empty()) {
    return std::move(books.front());
  }
  ASSIGN_OR_RETURN(const SiteRecord site, ReadSite(tx, site_id));
  const std::string which = version == 0 ? "price book" : fmt::format("version {} of its price book", version);
  return WithReason(NotFound("site {} has no {}", site.name, which), ErrorReason::kNotFound, {{"site", site.name}});
}

// The next version of the book, and the next list.
Result<int64_t> WriteBook(Transaction& tx, const PriceBook& book) {
  ASSIGN_OR_RETURN(const Rows made, tx.Execute(kInsertBook, Params().Id(book.site_id).Text(book.unit)));
  const int64_t version = made.Int(0, 0);
  std::vector<std::string_view> shares, resources;
  std::vector<int64_t> prices;
  for (const Rate& rate : book.rates) {
    shares.push_back(rate.share);
    resources.push_back(PricedResourceName(rate.resource));
    prices.push_back(rate.micros_per_hour);
  }
  Params rates;
  rates.Id(book.site_id).Int(version).TextArray(shares).TextArray(resources).IntArray(prices);
  const Params list = std::move(Params().Id(book.site_id).Int(version));
  const Statement statements[] = {{kInsertRates, &rates}, {kInsertList, &list}};
  RETURN_IF_ERROR(tx.ExecuteAll(statements).status());
  return version;
}

std::vector<PriceListRecord> ListsOf(const Rows& rows) {
  std::vector<PriceListRecord> lists;
  for (int row = 0; row < rows.size(); ++row) {
    const int64_t id = rows.Int(row, 0);
    if (lists.empty() || lists.back().id != id) {
      lists.push_back({.id = id, .versions = {}});
    }
    lists.back().versions.emplace_back(rows.Id<SiteId>(row, 1), rows.Int(row, 2));
  }
  return lists;
}

}  // namespace

Result<PriceBook> PgSiteStore::SetPriceBook(const RequestKey& key, const PriceBook& book) {
  PriceBook stored;
  const TransactionSettings settings{.projects = {key.project_id}};
  const Status done = transactions_.Run(settings, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const ClaimedKey claim, ClaimRequestKey(tx, key));
    RETURN_IF_ERROR(claim.status);
    if (claim.repeated) {
      ASSIGN_OR_RETURN(stored, ReadBook(tx, book.site_id, ByteReader(claim.reply).Int()));
      return OkStatus();
    }
    RETURN_IF_ERROR(tx.Execute(kLockPriceLists).status());
    RETURN_IF_ERROR(ReadSite(tx, book.site_id).status());
    ASSIGN_OR_RETURN(const int64_t version, WriteBook(tx, book));
    RETURN_IF_ERROR(StoreReply(tx, key, ByteWriter().Int(version).Take()));
    ASSIGN_OR_RETURN(stored, ReadBook(tx, book.site_id, version));
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return stored;
}

Result<PriceBook> PgSiteStore::GetPriceBook(SiteId site_id, int64_t version) {
  PriceBook book;
  const Status done = transactions_.Run({.read_only = true}, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(book, ReadBook(tx, site_id, version));
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return book;
}

Result<std::vector<PriceBook>> PgSiteStore::PriceBooksInForce() {
  std::vector<PriceBook> books;
  const Status done = transactions_.Run({.read_only = true}, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const BookVersions versions, VersionsInForce(tx, std::nullopt));
    ASSIGN_OR_RETURN(books, ReadBooks(tx, versions));
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return books;
}

Result<std::vector<PriceBook>> PgSiteStore::PriceBooks(const BookVersions& versions) {
  std::vector<PriceBook> books;
  const Status done = transactions_.Run({.read_only = true}, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(books, ReadBooks(tx, versions));
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return books;
}

Result<PriceListRecord> PgSiteStore::LatestPriceList() {
  std::vector<PriceListRecord> lists;
  const Status done = transactions_.Run({.read_only = true}, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kReadLatestList));
    lists = ListsOf(rows);
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return lists.empty() ? PriceListRecord{} : std::move(lists.front());
}

Result<std::vector<PriceListRecord>> PgSiteStore::PriceLists(const std::vector<int64_t>& ids) {
  std::vector<PriceListRecord> lists;
  const Status done = transactions_.Run({.read_only = true}, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kReadLists, Params().IntArray(ids)));
    lists = ListsOf(rows);
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return lists;
}

}  // namespace turnpike
