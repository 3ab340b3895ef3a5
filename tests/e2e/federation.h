#pragma once
// A whole federation on this machine, made for one test: `turnpike-broker --dev` in a folder of its own, its private
// PostgreSQL, its local site if wanted, further sites, and clients.  Every process of it may be killed, frozen and
// started again.  What is left of it ends with the object.  Not shared by threads, but for Submit and clients.

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "base/system_clock.h"
#include "sdk/client.h"
#include "sdk/settings.h"
#include "tests/e2e/call_history.h"
#include "tests/e2e/daemon.h"
#include "tests/e2e/database.h"
#include "tests/e2e/job_facts.h"
#include "tests/e2e/job_watch.h"
#include "tests/e2e/payload.h"
#include "tests/e2e/postgres_pair.h"
#include "tests/e2e/site_agent.h"

namespace turnpike {

class Federation {
 public:
  struct Settings {
    bool local_site = true;                      // the broker's own, "local", with the agent that the broker starts
    std::chrono::seconds usage_wait{10};         // then a job is charged provisionally
    bool spread_clients = false;                 // each asks another broker first
    std::chrono::seconds offer_time{0};          // how long an offer stands without a claim; 0: as the broker has it
    bool metrics = false;                        // the broker shows them at metrics_port()
    std::vector<std::string> broker_flags = {};  // more of them
    bool standby = false;                        // replicas know two PostgreSQL servers: see MakePostgresPair
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
  const std::vector<std::unique_ptr<Daemon>>& replicas() const { return replicas_; }
  // The first broker dies and stays away; its private PostgreSQL lives on, and is kept by the test alone.  Before the
  // first site.
  Status LeaveToReplicas();
  // A further site, enrolled and taking jobs.
  Result<SiteAgent*> AddSite(SiteSettings settings, const std::string& failpoints = "");
  // Kills the private PostgreSQL's first process; the others end by themselves.  It is the broker that starts it again.
  Status KillPostgres();
  // The private PostgreSQL and a standby that is still to be made; with Settings::standby, after LeaveToReplicas.
  PostgresPair MakePostgresPair() const { return {data_folder() + "/postgres", Path("standby")}; }
  Failpoints Armed(const std::string& failpoints) const { return {failpoints, failpoint_log()}; }
  bool FailpointReached(const std::string& name) const;

  // --- Clients.
  Result<std::unique_ptr<Client>> MakeClient() { return MakeClient(connection_settings_.token); }
  // For whoever holds this token.
  Result<std::unique_ptr<Client>> MakeClient(const std::string& token);
  std::string NewRequestId() { return ids_.NewTimeOrdered().ToString(); }
  // Until the broker accepts or refuses it: lost answers are asked for again under the same request id.
  Result<std::string> Submit(const v1::JobSpec& spec, std::chrono::milliseconds time = std::chrono::minutes(2));
  std::future<Result<std::string>> SubmitInBackground(const v1::JobSpec& spec);
  // For jobs that were submitted in another way.
  void NoteAccepted(const std::string& job_id);
  // Ended, its charge settled.
  Result<v1::Job> WaitForEnd(const std::string& job_id, std::chrono::milliseconds time = std::chrono::minutes(2));
  // What the client that follows every job saw: its error, or the first thing that must not be.
  Status WatchStanding() const;
  Result<v1::Job> GetJob(const std::string& job_id);
  // `turnpike WORDS…` with the development token, to its end.
  Result<ChildResult> RunCommand(std::vector<std::string> words, const std::string& input = "") const;
  Environment CommandEnvironment() const;
  // The same as arguments alone.
  std::vector<std::string> CommandLine(const std::vector<std::string>& words) const;

  // --- Evidence.
  Result<std::unique_ptr<Database>> OpenDatabase(const std::string& role = "turnpike_placement") const;
  const Payload& payload() const { return *payload_; }
  CallHistory& calls() { return *calls_; }
  const CallHistory& calls() const { return *calls_; }
  // How libpq finds the database.
  std::string DatabaseAddress(const std::string& role = "turnpike_placement") const;
  // Journal folders by site.
  std::map<std::string, std::string> Journals() const;
  const std::string& folder() const { return folder_; }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::string user_address() const;
  int metrics_port() const { return metrics_port_; }

 private:
  // One that knows every broker that there is.
  Status RenewWatch();
  // Of both servers, where there is a standby.
  std::string DatabaseHosts() const;
  std::string failpoint_log() const { return Path("failpoints.log"); }
  std::string data_folder() const { return Path("data"); }
  std::vector<std::string> BrokerCommand() const;
  std::vector<std::string> Times() const;
  Result<std::string> SubmitOnce(const v1::SubmitJobRequest& request);

  const Settings settings_;
  SystemClock clock_;
  SystemRandom random_;
  IdSource ids_;
  std::string folder_;
  int user_port_ = 0;
  int agent_port_ = 0;
  int metrics_port_ = 0;
  Daemon broker_;
  std::vector<std::unique_ptr<Daemon>> replicas_;
  std::string agent_addresses_;             // of all brokers, with commas
  ConnectionSettings connection_settings_;  // the same at each start
  std::vector<std::unique_ptr<SiteAgent>> sites_;
  std::unique_ptr<Payload> payload_;
  std::unique_ptr<JobWatch> watch_;
  bool watch_was_cut_ = false;  // then it may have missed a short job
  std::unique_ptr<CallHistory> calls_;
  std::atomic<size_t> clients_made_{0};
};

}  // namespace turnpike
