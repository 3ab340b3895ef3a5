#pragma once
// Sites, their prices and their certificates.  Thread-safe; every call is a transaction.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/ids.h"
#include "base/request_key.h"
#include "base/status.h"
#include "base/time.h"
#include "billing/core/price_book.h"
#include "broker/core/maintenance.h"
#include "broker/core/network.h"
#include "broker/core/share.h"
#include "broker/core/share_breaker.h"
#include "broker/ports/certificate_issuer.h"

namespace turnpike {

// What a site's agent measured last between itself and its broker.
struct SiteNetworkRecord {
  std::optional<RoundTrip> broker;
  std::optional<Timestamp> broker_at;
  int64_t upload_bytes_per_second = 0;
  std::optional<Timestamp> upload_at;
  std::string probe_address;  // empty: none
};

// A pair of sites, as measured last.
struct StoredRoundTrip {
  PairRoundTrip pair;
  Timestamp stored_at{};
};

// What the register says of a site.
struct SiteRecord {
  SiteId site_id;
  std::string name;
  std::string display_name;
  std::string region;
  std::string time_zone;
  SiteState state = SiteState::kRegistered;
  std::string state_reason;
  std::string scheduler;
  int64_t agent = 0;  // which of its agents enrolled last, 1, 2, 3 …; 0: none has
  bool connected = false;
  std::optional<Timestamp> last_seen_at;
  std::string capacity;  // shares as last reported, encoded (broker/core/capacity_codec.h); empty: never
  std::optional<Timestamp> capacity_at;  // when it came
  int64_t price_book_version = 0;        // in force; 0: none
  // Set by its operators, not over yet, the earliest first.
  std::vector<MaintenanceWindow> maintenance = {};
  // By share, where jobs failed lately by the site's fault.
  std::vector<std::pair<std::string, BreakerStanding>> breakers = {};
  SiteNetworkRecord network = {};
};

// What people read of a site; absent: stays as it is.
struct SiteChange {
  SiteId site_id;
  std::optional<std::string> display_name;
  std::optional<std::string> region;
  std::optional<std::string> time_zone;
};

struct NewSite {
  SiteRecord site;
  Sha256Digest token_hash{};
  Timestamp token_expires_at{};
};

// A first use of an enrollment token, or the same again.
struct Enrollment {
  Sha256Digest token_hash{};
  Sha256Digest public_key_hash{};
};

struct EnrolledSite {
  SiteId site_id;
  std::string name;
  int64_t agent = 0;                           // the number of this agent among the site's
  std::optional<std::string> certificate_pem;  // what the agent gets: new, or the same again for the same key
};

struct CertificateRecord {
  std::string serial;
  SiteId site_id;
  Timestamp not_after{};
};

// All sites' prices at one time: which version of each site's book was in force.  Each new book makes a new list.
struct PriceListRecord {
  int64_t id = 0;  // 1, 2, 3 …; 0: no site has prices yet
  std::vector<std::pair<SiteId, int64_t>> versions;
};

class SiteStore {
 public:
  // Makes the certificate that an enrollment hands out, and its text.  It may be called more than once; what it made
  // last counts.
  using IssueCertificate = std::function<Result<std::pair<CertificateRecord, std::string>>(const EnrolledSite&)>;

  virtual ~SiteStore() = default;

  // ALREADY_EXISTS when another site has the name.  A repeat returns the site made first, and its unused tokens make
  // way for the new one.
  virtual Result<SiteRecord> Register(const RequestKey& key, const NewSite& site) = 0;
  virtual Result<SiteRecord> Find(std::string_view name_or_id) = 0;
  // By name.
  virtual Result<std::vector<SiteRecord>> List(std::string_view after_name, size_t limit) = 0;
  // Those that were stored from then on; all without it.
  virtual Result<std::vector<StoredRoundTrip>> RoundTrips(std::optional<Timestamp> since) = 0;
  virtual Result<SiteRecord> Update(const SiteChange& change) = 0;
  // From one of `from` to `to`; FAILED_PRECONDITION from any other state.
  virtual Result<SiteRecord> ChangeState(SiteId site_id, const std::vector<SiteState>& from, SiteState to,
                                         const std::string& reason) = 0;

  // A repeat returns the window made first.
  virtual Result<MaintenanceWindow> AddMaintenance(const RequestKey& key, SiteId site_id,
                                                   const MaintenanceWindow& window) = 0;
  // One that is not there is gone already.
  virtual Status RemoveMaintenance(SiteId site_id, const Uuid& window_id) = 0;

  // A new token in place of the unused ones.  FAILED_PRECONDITION when the site is shut out.
  virtual Status ReplaceToken(SiteId site_id, const Sha256Digest& token_hash, Timestamp expires_at) = 0;

  // The next version, in force from now, and the price list that names it.
  virtual Result<PriceBook> SetPriceBook(const RequestKey& key, const PriceBook& book) = 0;
  // Version 0: the one in force.
  virtual Result<PriceBook> GetPriceBook(SiteId site_id, int64_t version) = 0;
  virtual Result<std::vector<PriceBook>> PriceBooksInForce() = 0;
  // By site and version; what does not exist is left out.
  virtual Result<std::vector<PriceBook>> PriceBooks(const std::vector<std::pair<SiteId, int64_t>>& versions) = 0;
  virtual Result<PriceListRecord> LatestPriceList() = 0;
  // By id; what does not exist is left out.
  virtual Result<std::vector<PriceListRecord>> PriceLists(const std::vector<int64_t>& ids) = 0;

  // Checks the token; the certificate is made by `issue` and stored in the same transaction.  From then on the site's
  // earlier agents are admitted no more.  For ten minutes the same
  // key gets the same certificate again.  PERMISSION_DENIED (ENROLLMENT_REFUSED) when the token is unknown, ended or
  // used, or the site is shut out; a used token that comes with another key shuts the site out.
  virtual Result<EnrolledSite> Enroll(const Enrollment& enrollment, const IssueCertificate& issue) = 0;
  virtual Status RecordCertificate(const CertificateRecord& certificate) = 0;
  // PERMISSION_DENIED when the site is shut out, or another agent of it enrolled later.
  virtual Result<SiteRecord> Admit(const AgentIdentity& agent) = 0;
};

}  // namespace turnpike
