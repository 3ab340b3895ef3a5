#include "adapters/run_agent.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "adapters/agent_meter.h"
#include "adapters/host/agent_loop.h"
#include "adapters/host/agent_round.h"
#include "adapters/host/cancel_requests.h"
#include "adapters/host/journal.h"
#include "adapters/link/order_from_proto.h"
#include "adapters/link/sync_client.h"
#include "adapters/local_jobs.h"
#include "base/exposition/metrics_server.h"
#include "base/exposition/process_metrics.h"
#include "base/file_sync.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/stop_signal.h"

namespace turnpike {
namespace {

std::vector<std::string> SplitAddresses(const std::string& text) {
  std::vector<std::string> addresses;
  std::string address;
  for (const char character : text + ",") {
    if (character != ',' && character != ' ') {
      address.push_back(character);
    } else if (!address.empty()) {
      addresses.push_back(std::move(address));
      address.clear();
    }
  }
  return addresses;
}

// The addresses as the file has them now; a file that cannot be read changes nothing.
class AddressReader {
 public:
  AddressReader(AgentSite& site, std::string path)
      : site_(site), path_(std::move(path)), last_(BrokerAddresses(site.config(), site.identity(), site.random())) {}

  std::vector<std::string> Read() {
    const Result<AgentConfig> config = LoadAgentConfig(path_);
    if (config.ok()) {
      last_ = BrokerAddresses(*config, site_.identity(), site_.random());
    } else {
      LogWarn("the configuration cannot be read again, the broker's address stays",
              {{"file", path_}, {"why", std::string(MessageOf(config.status()))}});
    }
    return last_;
  }

 private:
  AgentSite& site_;
  const std::string path_;
  std::vector<std::string> last_;
};

AgentRound::Parts RoundParts(AgentSite& site, Journal& journal, LocalJobBuilder& builder) {
  const AgentConfig& config = site.config();
  return {
      .scheduler = site.scheduler(),
      .journal = journal,
      .directories = site.directories(),
      .builder = builder,
      .clock = site.clock(),
      .decode_order = MakeOrderDecoder(site.scheduler_kind()),
      .site_key = site.site_key(),
      .boot_id = site.boot_id(),
      .policy = {.settle_time = config.settle_time, .record_wait = config.record_wait, .usage_wait = config.usage_wait},
      .limits = {}};
}

Result<SyncSettings> LinkSettings(AgentSite& site, const RunOptions& options) {
  SyncSettings settings;
  const auto reader = std::make_shared<AddressReader>(site, options.config_path);
  settings.read_addresses = [reader] { return reader->Read(); };
  settings.agent_version = options.version;
  const AgentConfig& config = site.config();
  if (!config.ca_file.empty()) {
    ASSIGN_OR_RETURN(settings.ca_pem, ReadFile(config.ca_file));
  }
  settings.outbox.traits = {.account_mode = config.account_mode, .guarded = true};
  // Less than the poll's interval, so that each poll is followed by a reading.
  settings.outbox.capacity_interval = config.poll_interval / 2;
  settings.network = {
      .probe_address = config.network.probe_address,
      .probes = {.policy = config.network.probe, .interval = config.network.probe_interval, .connect = {}},
      .report_interval = config.network.report_interval};
  return settings;
}

// Runs `work` on a thread; when it ends for whatever reason, the whole program is to end.
class Worker {
 public:
  explicit Worker(std::function<Status()> work)
      : thread_([this, work = std::move(work)] {
          status_ = work();
          ::kill(::getpid(), SIGTERM);  // Wakes WaitForTerminationSignal.
        }) {}
  Status Join() {
    thread_.join();
    return status_;
  }

 private:
  Status status_;
  std::thread thread_;
};

// None where the configuration names no address.
Result<std::unique_ptr<MetricsServer>> ShowMetrics(AgentSite& site, const std::string& version) {
  const std::string& address = site.config().metrics_address;
  if (address.empty()) {
    return std::unique_ptr<MetricsServer>();
  }
  MeasureProcess({.program = "turnpike-agent", .version = version}, site.clock(), site.metrics());
  site.metrics().ReadWhenAsked(Metric::kCertificateEnd, {}, [&site] {
    const Result<AgentIdentityFiles> identity = site.identity().Load();  // The link renews it.
    return identity.ok() ? SecondsOf(identity->certificate.not_after) : 0;
  });
  ASSIGN_OR_RETURN(std::unique_ptr<MetricsServer> server, MetricsServer::Start(address, site.metrics()));
  LogInfo("metrics are shown", {{"port", std::to_string(server->port())}});
  return server;
}

}  // namespace

std::vector<std::string> BrokerAddresses(const AgentConfig& config, const IdentityStore& identity,
                                         RandomSource& random) {
  std::vector<std::string> addresses = SplitAddresses(config.broker_address);
  if (!addresses.empty()) {
    const auto first = static_cast<std::ptrdiff_t>(RandomBelow(random, addresses.size()));
    std::rotate(addresses.begin(), addresses.begin() + first, addresses.end());
  }
  const Result<AgentIdentityFiles> files = identity.Load();
  if (files.ok() && !files->agent_address.empty() &&
      std::find(addresses.begin(), addresses.end(), files->agent_address) == addresses.end()) {
    addresses.push_back(files->agent_address);
  }
  return addresses;
}

Status RunAgent(AgentSite& site, const RunOptions& options) {
  RETURN_IF_ERROR(site.identity().Load().status());
  RETURN_IF_ERROR(site.OpenScheduler());
  IdSource ids(site.clock(), site.random());
  AgentMeter meter(site.metrics());
  ASSIGN_OR_RETURN(const std::unique_ptr<Journal> journal,
                   Journal::Open({.folder = site.journal_folder(), .on_sync = meter.OfJournal()}, ids));
  ASSIGN_OR_RETURN(SyncSettings link_settings, LinkSettings(site, options));
  link_settings.on_session = [&meter](bool welcomed) { meter.NoteSession(welcomed); };
  const std::unique_ptr<LocalJobBuilder> builder = site.MakeBuilder(site.site_key());
  AgentRound round(RoundParts(site, *journal, *builder));
  CancelRequests cancels(site.scheduler(), CancelFolder(site.config()));
  SyncClient* client = nullptr;  // The loop begins after it is there.
  AgentLoop loop(
      round, {.poll_interval = site.config().poll_interval, .after_each_look = meter.OfLooks(), .after_each_step = [&] {
                cancels.Serve(round.journal_state());
                client->AfterStep();
                meter.NoteState(round.journal_state());
              }});
  SyncClient link({.loop = loop,
                   .round = round,
                   .scheduler = site.scheduler(),
                   .identity = site.identity(),
                   .clock = site.clock(),
                   .random = site.random(),
                   .settings = std::move(link_settings)});
  client = &link;
  ASSIGN_OR_RETURN(const std::unique_ptr<MetricsServer> metrics, ShowMetrics(site, options.version));
  LogInfo("agent started", {{"journal", journal->state().id.ToString()},
                            {"attempts", std::to_string(journal->state().attempts.size())}});
  Worker loop_worker([&loop] { return loop.Run(); });
  Worker link_worker([&link] { return link.Run(); });
  WaitForTerminationSignal();
  link.Stop();
  loop.Stop();
  const Status link_status = link_worker.Join();
  const Status loop_status = loop_worker.Join();
  LogInfo("agent stopped, running jobs go on");
  return loop_status.ok() ? link_status : loop_status;
}

}  // namespace turnpike
