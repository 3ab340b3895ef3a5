#pragma once
// A federation of its own for a bench: a private PostgreSQL whose disk can be slowed, the broker as a process of its
// own, a project with money, a site that could run every job and never connects unless the bench plays its agent.
// Beside the broker's database lies another with the same schema, for references.  Not shared by threads.

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>
#include <vector>

#include "base/child_process.h"
#include "base/ids.h"
#include "base/pg/connection.h"
#include "base/random.h"
#include "base/system_clock.h"
#include "bench/harness/sync_delay.h"
#include "broker/embedded/private_postgres.h"
#include "broker/identity/certificate_authority.h"

namespace turnpike {

// The one agent of each site that is admitted.
constexpr int64_t kPlayedAgentNumber = 1;

class LoadedFederation {
 public:
  struct Settings {
    std::string folder;                                // that PostgreSQL's user can enter
    std::string broker;                                // the program
    std::string slow_sync;                             // the library
    std::map<std::string, std::string> postgres = {};  // its settings, beside our own
    int sites = 1;                                     // alike
  };
  static Result<std::unique_ptr<LoadedFederation>> Start(const Settings& settings);
  ~LoadedFederation();

  // --- What fails.
  // SIGKILL to the broker and to every process of PostgreSQL, then both start again.
  Status KillAndRevive();
  Status KillBroker();
  // Returns when it serves.
  Status StartBroker();
  // The same in two steps.
  Status LaunchBroker();
  Status WaitUntilServing();

  // --- The way in.
  std::shared_ptr<grpc::Channel> channel() const { return channel_; }
  std::shared_ptr<grpc::ChannelCredentials> credentials() const { return credentials_; }
  // Adds the project's token.
  void Authorize(grpc::ClientContext& context) const;
  const std::string& address() const { return user_address_; }
  const std::string& agent_address() const { return agent_address_; }
  CertificateAuthority& authority() { return *authority_; }
  const std::vector<SiteId>& site_ids() const { return site_ids_; }
  ProjectId project_id() const { return project_id_; }

  // --- The database.
  Result<std::unique_ptr<Connection>> OpenDatabase() const { return Open(kDatabase); }
  Result<std::unique_ptr<Connection>> OpenReference() const { return Open(kReference); }
  std::string database() const { return postgres_->SuperuserConnectionString(kDatabase); }
  std::string reference() const { return postgres_->SuperuserConnectionString(kReference); }
  SyncDelay& sync_delay() { return sync_delay_; }

  int broker_pid() const { return broker_.pid; }
  int postgres_pid() const { return postgres_->process().pid; }
  IdSource& ids() { return ids_; }
  const std::string& folder() const { return settings_.folder; }

 private:
  static constexpr char kDatabase[] = "turnpike";
  static constexpr char kReference[] = "reference";

  LoadedFederation(Settings settings, SyncDelay sync_delay)
      : settings_(std::move(settings)), sync_delay_(std::move(sync_delay)) {}

  Status StartPostgres();
  Status MakeReference();
  Result<std::string> MakeToken(const std::vector<std::string>& for_whom);
  Status MakeProject();
  Status MakeSites();
  Status RegisterSite(const std::string& name);
  // The broker has read the site and would take a job.
  Status WaitForSite();
  Result<std::unique_ptr<Connection>> Open(const std::string& database) const;

  Settings settings_;
  SyncDelay sync_delay_;
  SystemClock clock_;
  SystemRandom random_;
  IdSource ids_{clock_, random_};
  std::optional<PrivatePostgres> postgres_;
  std::unique_ptr<CertificateAuthority> authority_;
  std::string user_address_;
  std::string agent_address_;
  ProcessIdentity broker_;
  std::string token_;
  ProjectId project_id_;
  std::vector<SiteId> site_ids_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace turnpike
