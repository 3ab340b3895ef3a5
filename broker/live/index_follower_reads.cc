// What the index reads beside the jobs: sites, pauses, prices, classes.

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/log.h"
#include "broker/core/capacity_codec.h"
#include "broker/core/stored_request.h"
#include "broker/live/index_follower.h"

namespace turnpike {
namespace {

constexpr size_t kSitesMax = 10'000;
constexpr std::chrono::minutes kRoundTripsReadAgain{1};  // longer than any transaction may take

// What the register says of the share beside what its agent reported.
void AddStandings(const SiteRecord& record, ShareStatus& share) {
  for (const MaintenanceWindow& window : record.maintenance) {
    if (window.share.empty() || window.share == share.info.name) {
      share.load.windows.push_back(window);
    }
  }
  for (const auto& [name, breaker] : record.breakers) {
    if (name == share.info.name) {
      share.breaker = breaker;
    }
  }
}

}  // namespace

Status IndexFollower::RefreshSites() {
  ASSIGN_OR_RETURN(std::vector<SiteRecord> records, parts_.sites.List("", kSitesMax));
  std::vector<SiteData> sites;
  size_t shares_count = 0;
  for (SiteRecord& record : records) {
    SiteData site{.record = std::move(record), .shares = {}};
    site.shares = SharesOf(site.record);
    shares_count += site.shares.size();
    for (ShareStatus& share : site.shares) {
      share.info.site_id = site.record.site_id;
      share.info.site_name = site.record.name;
      // The site's own clock may be off: what counts is when the figures came.  That it was heard of since does not
      // make them newer.
      share.load.observed_at = site.record.capacity_at.value_or(share.load.observed_at);
      AddStandings(site.record, share);
    }
    sites.push_back(std::move(site));
  }
  const bool left_out_before = std::exchange(shares_left_out_, shares_count > kSharesMax);
  if (shares_left_out_ && !left_out_before) {
    LogError("the sites offer more shares than a round can tell apart; the last ones by name get no jobs",
             {{"shares", std::to_string(shares_count)}, {"most", std::to_string(kSharesMax)}});
  }
  {
    MutexLock lock(mutex_);
    sites_ = std::move(sites);
    ForgetClasses();
  }
  RETURN_IF_ERROR(LearnPauses());
  RETURN_IF_ERROR(LearnNetwork());
  RETURN_IF_ERROR(LearnUsage());
  return LearnPrices().status();
}

// One site's damaged row must not stop the others' jobs.
std::vector<ShareStatus> IndexFollower::SharesOf(const SiteRecord& record) {
  if (record.capacity.empty()) {
    return {};
  }
  Result<std::vector<ShareStatus>> shares = DecodeCapacity(record.capacity);
  if (shares.ok()) {
    unreadable_.erase(record.site_id);
    return *std::move(shares);
  }
  if (unreadable_.insert(record.site_id).second) {
    LogError("a stored capacity cannot be read; the site gets no jobs until its agent reports again",
             {{"site", record.name}, {"error", std::string(MessageOf(shares.status()))}});
  }
  return {};
}

IndexSizes IndexFollower::Sizes() const {
  MutexLock lock(mutex_);
  return {.waiting = waiting_.size(), .classes = classes_.size(), .placed = placed_.size()};
}

std::vector<SiteStanding> IndexFollower::Sites() const {
  MutexLock lock(mutex_);
  std::vector<SiteStanding> sites;
  for (const SiteData& site : sites_) {
    sites.push_back(
        {.name = site.record.name, .connected = site.record.connected, .last_seen = site.record.last_seen_at});
  }
  return sites;
}

std::vector<SiteId> IndexFollower::SitesShutOut() const {
  MutexLock lock(mutex_);
  std::vector<SiteId> shut_out;
  for (const SiteData& site : sites_) {
    if (site.record.state == SiteState::kQuarantined) {
      shut_out.push_back(site.record.site_id);
    }
  }
  return shut_out;
}

Status IndexFollower::LearnPauses() {
  ASSIGN_OR_RETURN(std::vector<StoredPause> pauses, parts_.placement.LoadPauses());
  MutexLock lock(mutex_);
  pauses_ = std::move(pauses);
  return OkStatus();
}

// A row may be committed after one that was stored later: the last minute is read again.
Status IndexFollower::LearnNetwork() {
  const std::optional<Timestamp> since =
      round_trips_stored_ ? std::optional(*round_trips_stored_ - kRoundTripsReadAgain) : std::nullopt;
  ASSIGN_OR_RETURN(const std::vector<StoredRoundTrip> stored, parts_.sites.RoundTrips(since));
  for (const StoredRoundTrip& measured : stored) {
    round_trips_[{measured.pair.from, measured.pair.to}] = measured.pair;
    round_trips_stored_ = std::max(round_trips_stored_.value_or(measured.stored_at), measured.stored_at);
  }
  const Timestamp now = parts_.clock.Now();
  std::erase_if(round_trips_, [now](const auto& known) { return !IsFresh(known.second.measured_at, now); });
  std::vector<PairRoundTrip> pairs;
  for (const auto& [ends, pair] : round_trips_) {
    pairs.push_back(pair);
  }
  MutexLock lock(mutex_);
  std::vector<SiteOnNetwork> sites;
  for (const SiteData& site : sites_) {
    const SiteNetworkRecord& network = site.record.network;
    sites.push_back({.site_id = site.record.site_id,
                     .region = site.record.region,
                     .broker = network.broker,
                     .broker_measured_at = network.broker_at});
  }
  network_ = std::make_shared<const NetworkView>(BuildNetworkView(sites, pairs, now));
  return OkStatus();
}

// A charge is written to the day on which its transaction began, so the day before the last look may have grown.
Status IndexFollower::LearnUsage() {
  const int64_t half_life = parts_.policy.usage_half_life_days;
  const int64_t today = DayOf(parts_.clock.Now());
  int64_t since = today - half_life * kUsageHalvingsMax;
  {
    MutexLock lock(mutex_);
    since = charges_read_day_ ? *charges_read_day_ - 1 : since;
  }
  ASSIGN_OR_RETURN(const StoredUsage usage, parts_.placement.LoadUsage(since));
  MutexLock lock(mutex_);
  charges_read_day_ = today;
  for (const auto& [project_id, charge] : usage.charges) {
    charges_[project_id][charge.day] = charge.charged_micros;
  }
  faded_.clear();
  for (auto& [project_id, by_day] : charges_) {
    std::erase_if(by_day, [&](const auto& day) { return day.first < today - half_life * kUsageHalvingsMax; });
    std::vector<DayCharge> charges;
    for (const auto& [day, micros] : by_day) {
      charges.push_back({.day = day, .charged_micros = micros});
    }
    faded_[project_id] = {.project_id = project_id, .used_micros = DecayedMicros(charges, today, half_life)};
  }
  for (const auto& [project_id, weight] : usage.weights) {
    faded_[project_id].project_id = project_id;
    faded_[project_id].weight = weight;
  }
  return OkStatus();
}

Result<std::shared_ptr<const QuoteBasis>> IndexFollower::LearnPrices(std::optional<int64_t> also) {
  ASSIGN_OR_RETURN(const PriceListRecord newest, parts_.sites.LatestPriceList());
  std::set<int64_t> used = {newest.id, also.value_or(newest.id)};
  std::set<int64_t> wanted;
  {
    MutexLock lock(mutex_);
    AddListsInUse(used);
    for (const int64_t id : used) {
      if (!price_lists_.contains(id)) {
        wanted.insert(id);
      }
    }
  }
  ASSIGN_OR_RETURN(std::vector<PriceListRecord> lists, parts_.sites.PriceLists({wanted.begin(), wanted.end()}));
  lists.push_back(newest);
  std::vector<std::pair<SiteId, int64_t>> versions;
  {
    MutexLock lock(mutex_);
    for (const PriceListRecord& list : lists) {
      for (const auto& version : list.versions) {
        if (!books_.contains(version)) {
          versions.push_back(version);
        }
      }
    }
  }
  ASSIGN_OR_RETURN(const std::vector<PriceBook> books, parts_.sites.PriceBooks(versions));
  MutexLock lock(mutex_);
  for (const PriceListRecord& list : lists) {
    price_lists_[list.id] = {list.versions.begin(), list.versions.end()};
  }
  price_list_newest_ = std::max(price_list_newest_, newest.id);  // Two threads may learn at once.
  used.insert(price_list_newest_);
  AddListsInUse(used);  // Once more: classes may have come meanwhile.
  std::erase_if(price_lists_, [&](const auto& list) { return !used.contains(list.first); });
  for (const PriceBook& book : books) {
    books_[{book.site_id, book.version}] = book;
  }
  RebuildBasis();
  return basis_;
}

void IndexFollower::AddListsInUse(std::set<int64_t>& lists) const {
  for (const auto& [id, request] : classes_) {
    lists.insert(request.price_list);
  }
}

Status IndexFollower::LearnClasses(const std::vector<Uuid>& wanted) {
  std::set<Uuid> unknown;
  {
    MutexLock lock(mutex_);
    for (const Uuid& id : wanted) {
      if (!classes_.contains(id)) {
        unknown.insert(id);
      }
    }
  }
  if (unknown.empty()) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const auto loaded, parts_.placement.LoadClasses({unknown.begin(), unknown.end()}));
  MutexLock lock(mutex_);
  for (const auto& [id, bytes] : loaded) {
    ASSIGN_OR_RETURN(JobRequest request, DecodeJobRequest(bytes));
    classes_[id] = std::move(request);
  }
  return OkStatus();
}

void IndexFollower::ForgetClasses() {
  std::set<Uuid> placed;
  for (const auto& [job_id, entry] : placed_) {
    placed.insert(entry.class_id);
  }
  for (auto known = classes_.begin(); known != classes_.end();) {
    const bool in_use = placed.contains(known->first) || waiting_.FindClass(known->first);
    known = in_use ? std::next(known) : classes_.erase(known);
  }
}

}  // namespace turnpike
