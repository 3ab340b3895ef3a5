#pragma once
// A whole federation on this machine, made for one test: `turnpike-broker --dev` in a folder of its own, its private
// PostgreSQL, its local site if wanted, further sites, and clients.  Every process of it may be killed, frozen and
// started again.  What is left of it ends with the object.  Not shared by threads, but for Submit.

#include <future>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/mutex.h"
#include "base/random.h"
#include "base/system_clock.h"
#include "sdk/client.h"
#include "sdk/settings.h"
#include "tests/e2e/daemon.h"
#include "tests/e2e/database.h"
#include "tests/e2e/job_facts.h"
#include "tests/e2e/job_watch.h"
#include "tests/e2e/payload.h"
#include "tests/e2e/site_agent.h"

namespace turnpike {

class Federation {
 public:
  struct Settings {
    bool local_site = true;               // the broker's own, "local", with the agent that the broker starts
    std::chrono::seconds usage_wait{10};  // then a job is charged provisionally
  };
  explicit Federation(const Settings& settings);
  ~Federation();
  Federation(const Federation&) = delete;
  Federation& operator=(const Federation&) = delete;

  // --- Processes.
  // Returns once the broker serves and its local site takes jobs.  The failpoints hold for the broker and for an agent
  // that it starts.
  Status StartBroker(const std::string& failpoints = "");
  Daemon& broker() { return broker_; }
  // A further broker on the same database, before the first job.  Clients and sites that are made after it know its
  // addresses too.
  Result<Daemon*> AddReplica(const std::string& name);
  // The agent of the local site, by its file agent.pid.
  Result<ProcessIdentity> LocalAgent() const;
  // A further site, enrolled and taking jobs.
  Result<SiteAgent*> AddSite(SiteSettings settings, const std::string& failpoints = "");
  // Kills the private PostgreSQL's first process; the others end by themselves.  It is the broker that starts it again.
  Status KillPostgres();
  Failpoints Armed(const std::string& failpoints) const { return {failpoints, failpoint_log()}; }
  bool FailpointReached(const std::string& name) const;

  // --- Clients.
  Result<std::unique_ptr<Client>> MakeClient();
  std::string NewRequestId() { return ids_.NewTimeOrdered().ToString(); }
  // Until the broker accepts or refuses it: lost answers are asked for again under the same request id.
  Result<std::string> Submit(const v1::JobSpec& spec) EXCLUDES(mutex_);
  std::future<Result<std::string>> SubmitInBackground(const v1::JobSpec& spec);
  // For jobs that were submitted in another way.
  void NoteAccepted(const std::string& job_id) EXCLUDES(mutex_);
  // Ended, its charge settled.
  Result<v1::Job> WaitForEnd(const std::string& job_id, std::chrono::milliseconds time = std::chrono::minutes(2));
  Result<v1::Job> GetJob(const std::string& job_id);
  // `turnpike WORDS…` with the development token, to its end.
  Result<ChildResult> RunCommand(std::vector<std::string> words, const std::string& input = "") const;
  Environment CommandEnvironment() const;
  // The same as arguments alone.
  std::vector<std::string> CommandLine(const std::vector<std::string>& words) const;

  // --- Evidence.
  Result<std::unique_ptr<Database>> OpenDatabase(const std::string& role = "turnpike_placement") const;
  const Payload& payload() const { return *payload_; }
  std::set<std::string> accepted_jobs() const EXCLUDES(mutex_);
  // Journal folders by site.
  std::map<std::string, std::string> Journals() const;
  const std::string& folder() const { return folder_; }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::string user_address() const;

 private:
  // One that knows every broker that there is.
  Status RenewWatch();
  std::string failpoint_log() const { return Path("failpoints.log"); }
  std::string data_folder() const { return Path("data"); }
  std::vector<std::string> BrokerCommand() const;
  Result<std::string> SubmitOnce(const v1::SubmitJobRequest& request);

  const Settings settings_;
  SystemClock clock_;
  SystemRandom random_;
  IdSource ids_;
  std::string folder_;
  int user_port_ = 0;
  int agent_port_ = 0;
  Daemon broker_;
  std::vector<std::unique_ptr<Daemon>> replicas_;
  std::string agent_addresses_;             // of all brokers, with commas
  ConnectionSettings connection_settings_;  // the same at each start
  std::vector<std::unique_ptr<SiteAgent>> sites_;
  std::unique_ptr<Payload> payload_;
  std::unique_ptr<JobWatch> watch_;
  bool watch_was_cut_ = false;  // then it may have missed a short job
  mutable Mutex mutex_;
  std::set<std::string> accepted_jobs_ GUARDED_BY(mutex_);
};

}  // namespace turnpike
