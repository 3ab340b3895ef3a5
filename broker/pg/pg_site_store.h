#pragma once
// SiteStore on PostgreSQL, as role turnpike_api.  What is done to sites stands in pg_site_store.cc, to their prices in
// pg_site_store_prices.cc, how agents come in in pg_site_store_enrollment.cc.

#include "base/pg/transaction_runner.h"
#include "broker/ports/site_store.h"

namespace turnpike {

class PgSiteStore final : public SiteStore {
 public:
  explicit PgSiteStore(TransactionRunner& transactions) : transactions_(transactions) {}

  Result<SiteRecord> Register(const RequestKey& key, const NewSite& site) override;
  Status ReplaceToken(SiteId site_id, const Sha256Digest& token_hash, Timestamp expires_at) override;
  Result<SiteRecord> Find(std::string_view name_or_id) override;
  Result<std::vector<SiteRecord>> List(std::string_view after_name, size_t limit) override;
  Result<std::vector<StoredRoundTrip>> RoundTrips(std::optional<Timestamp> since) override;
  Result<SiteRecord> Update(const SiteChange& change) override;
  Result<SiteRecord> ChangeState(SiteId site_id, const std::vector<SiteState>& from, SiteState to,
                                 const std::string& reason) override;

  Result<MaintenanceWindow> AddMaintenance(const RequestKey& key, SiteId site_id,
                                           const MaintenanceWindow& window) override;
  Status RemoveMaintenance(SiteId site_id, const Uuid& window_id) override;

  Result<PriceBook> SetPriceBook(const RequestKey& key, const PriceBook& book) override;
  Result<PriceBook> GetPriceBook(SiteId site_id, int64_t version) override;
  Result<std::vector<PriceBook>> PriceBooksInForce() override;
  Result<std::vector<PriceBook>> PriceBooks(const std::vector<std::pair<SiteId, int64_t>>& versions) override;
  Result<PriceListRecord> LatestPriceList() override;
  Result<std::vector<PriceListRecord>> PriceLists(const std::vector<int64_t>& ids) override;

  Result<EnrolledSite> Enroll(const Enrollment& enrollment, const IssueCertificate& issue) override;
  Status RecordCertificate(const CertificateRecord& certificate) override;
  Result<SiteRecord> Admit(const AgentIdentity& agent) override;

 private:
  TransactionRunner& transactions_;
};

}  // namespace turnpike
