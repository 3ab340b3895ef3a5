#pragma once
// One Synchronize stream of one site.  Messages are worked off one at a time on the worker pool, in their order;
// reading waits while too much is unworked, so a broker that is behind slows its agents and not its memory.

#include <turnpike/v1/site_link_service.grpc.pb.h>

#include <deque>
#include <functional>
#include <set>

#include "broker/live/log_hub.h"
#include "broker/live/site_sessions.h"
#include "broker/ports/certificate_issuer.h"
#include "broker/ports/link_store.h"
#include "broker/ports/site_store.h"
#include "broker/rpc/link_counts.h"
#include "broker/rpc/owned_stream.h"

namespace turnpike {

struct LinkSetting {
  LinkStore& store;
  SiteStore& sites;
  CertificateIssuer& issuer;
  SiteSessions& sessions;
  LogHub& logs;
  WorkerPool& pool;
  const Clock& clock;
  LinkCounts& counts;
  std::string replica;
  std::function<void()> committed;     // something was committed: look at the event log
  std::function<void()> site_changed;  // a site came or went
  std::chrono::seconds spawn_lease{60};
  std::chrono::seconds heartbeat_interval{15};
};

class LinkSession final : public OwnedStream<grpc::ServerBidiReactor<v1::SynchronizeRequest, v1::SynchronizeResponse>,
                                             v1::SynchronizeResponse>,
                          public SiteSession {
 public:
  LinkSession(const LinkSetting& setting, grpc::CallbackServerContext& context);

  void Wake(const std::vector<AttemptId>& attempts) override EXCLUDES(mutex_);
  void Replace() override EXCLUDES(mutex_);
  void ShutOut() override EXCLUDES(mutex_);

 private:
  void OnReadDone(bool ok) override EXCLUDES(mutex_);
  void NoteWritten(const v1::SynchronizeResponse& message) override REQUIRES(mutex_);
  void Close() override;

  // Everything that waits, as far as the agent reads it.
  Status Work() override EXCLUDES(mutex_);
  bool HasWork() const override REQUIRES(mutex_);
  Status Admit();
  Status Handle(const v1::SynchronizeRequest& message);
  Status HandleHello(const v1::Hello& hello);
  Status HandleReports(const v1::Reports& reports);
  Result<AppliedReports> Apply(const ReportBatch& batch);
  Status HandleCapacity(const v1::Capacity& capacity);
  Status HandleNetwork(const v1::NetworkReport& report);
  void NoteOffer(const DesiredAttempt& desired) const;
  Status SendDesired(const std::vector<DesiredAttempt>& desired);

  std::vector<AttemptId> TakeWoken() REQUIRES(mutex_);
  void Send(v1::SynchronizeResponse message) EXCLUDES(mutex_);
  void Queue(v1::SynchronizeResponse message) REQUIRES(mutex_);
  void ReadNext() REQUIRES(mutex_);
  void StoreEnd();

  const LinkSetting& setting_;
  const Result<std::string> peer_uri_;

  // The worker's alone.
  bool admitted_ = false;
  SiteRecord site_;
  JournalId journal_id_;
  int64_t epoch_ = 0;  // 0: no Hello yet
  bool capacity_stored_ = false;
  std::vector<ProbeTarget> probe_targets_;  // as the agent was told

  v1::SynchronizeRequest reading_ GUARDED_BY(mutex_);
  bool read_pending_ GUARDED_BY(mutex_) = false;
  bool welcomed_ GUARDED_BY(mutex_) = false;
  std::deque<v1::SynchronizeRequest> inbox_ GUARDED_BY(mutex_);
  std::set<AttemptId> woken_ GUARDED_BY(mutex_);
  size_t unwritten_bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace turnpike
