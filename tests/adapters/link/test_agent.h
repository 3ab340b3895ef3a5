#pragma once
// A whole agent, but for its main: journal, round, loop and link, on threads of their own, in a folder that outlives
// it.

#include <pwd.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>

#include "adapters/host/agent_loop.h"
#include "adapters/host/agent_round.h"
#include "adapters/host/journal.h"
#include "adapters/link/order_from_proto.h"
#include "adapters/link/sync_client.h"
#include "base/check.h"
#include "base/system_clock.h"
#include "tests/adapters/link/fake_scheduler.h"

namespace turnpike {

inline std::string TestUser() {
  const passwd* entry = ::getpwuid(::geteuid());
  CHECK(entry != nullptr);
  return entry->pw_name;
}

struct TestAgentOptions {
  std::string folder;
  std::string address;
  std::chrono::milliseconds poll_interval{20};
  std::string probe_address = {};
  std::chrono::milliseconds log_wait_max = kLogsAlwaysWaitedFor;
  static constexpr std::chrono::milliseconds kLogsAlwaysWaitedFor{600'000};
};

class TestAgent {
 public:
  TestAgent(const TestAgentOptions& options, FakeScheduler& scheduler)
      : identity_(options.folder), ids_(clock_, random_) {
    auto journal = Journal::Open({.folder = options.folder + "/journal"}, ids_);
    CHECK(journal.ok());
    journal_ = std::move(journal).value();
    auto directories = AttemptDirectories::Open(options.folder + "/spool", kSiteKey);
    CHECK(directories.ok() && directories->Begin().ok());
    directories_ = std::make_unique<AttemptDirectories>(std::move(directories).value());
    LocalJobBuilder::Options builder;
    ShareRow share;
    share.name = "main";
    share.environment = EnvironmentMode::kClean;
    builder.map.shares.push_back(share);
    builder.map.accounts.emplace_back();
    builder.site_key = kSiteKey;
    builder.own_user = TestUser();
    builder_ = std::make_unique<LocalJobBuilder>(std::move(builder), *directories_);
    round_ = std::make_unique<AgentRound>(AgentRound::Parts{.scheduler = scheduler,
                                                            .journal = *journal_,
                                                            .directories = *directories_,
                                                            .builder = *builder_,
                                                            .clock = clock_,
                                                            .decode_order = MakeOrderDecoder("process"),
                                                            .site_key = kSiteKey,
                                                            .boot_id = "boot",
                                                            .policy = {.settle_time = std::chrono::seconds(60),
                                                                       .record_wait = std::chrono::seconds(0),
                                                                       .usage_wait = std::chrono::seconds(0)},
                                                            .limits = {}});
    loop_ = std::make_unique<AgentLoop>(*round_, AgentLoop::Options{.poll_interval = options.poll_interval,
                                                                    .after_each_step = [this] { link_->AfterStep(); }});
    SyncSettings settings;
    settings.read_addresses = [address = options.address] { return std::vector<std::string>{address}; };
    settings.agent_version = "0.1.0-test";
    settings.delay = {.first = std::chrono::milliseconds(1), .max = std::chrono::milliseconds(20)};
    settings.outbox.capacity_interval = std::chrono::milliseconds(1);
    settings.outbox.log_wait_max = options.log_wait_max;
    settings.logs.retry_delay = std::chrono::milliseconds(1);
    settings.network.probe_address = options.probe_address;
    settings.network.probes = {.policy = ProbePolicy::kAny,
                               .interval = std::chrono::milliseconds(1),
                               .connect = [](const NumericAddress&) { return std::chrono::microseconds(7); }};
    settings.network.ping_interval = std::chrono::milliseconds(1);
    settings.network.report_interval = std::chrono::milliseconds(1);
    settings.follower.interval = std::chrono::milliseconds(1);
    link_ = std::make_unique<SyncClient>(SyncClient::Parts{.loop = *loop_,
                                                           .round = *round_,
                                                           .scheduler = scheduler,
                                                           .identity = identity_,
                                                           .clock = clock_,
                                                           .random = random_,
                                                           .settings = std::move(settings)});
  }
  ~TestAgent() { Stop().IgnoreError(); }

  const IdentityStore& identity() const { return identity_; }
  AgentLoop& loop() { return *loop_; }
  void Start() {
    loop_thread_ = std::thread([this] { CHECK(loop_->Run().ok()); });
    link_thread_ = std::thread([this] { link_status_ = link_->Run(); });
  }
  // What the link ended with.
  Status Stop() {
    link_->Stop();
    const Status status = JoinLink();
    if (loop_thread_.joinable()) {
      loop_->Stop();
      loop_thread_.join();
    }
    return status;
  }
  // Waits until the link ends by itself; the loop goes on.
  Status JoinLink() {
    if (link_thread_.joinable()) {
      link_thread_.join();
    }
    return link_status_;
  }
  // As the loop's thread has it.
  JournalState JournalNow() {
    JournalState state;
    CHECK(loop_
              ->Call([&state](AgentRound& round) {
                state = round.journal_state();
                return OkStatus();
              })
              .ok());
    return state;
  }

 private:
  static constexpr const char* kSiteKey = "a site key of the tests";

  SystemClock clock_;
  SystemRandom random_;
  IdentityStore identity_;
  IdSource ids_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<AttemptDirectories> directories_;
  std::unique_ptr<LocalJobBuilder> builder_;
  std::unique_ptr<AgentRound> round_;
  std::unique_ptr<AgentLoop> loop_;
  std::unique_ptr<SyncClient> link_;
  Status link_status_;
  std::thread loop_thread_;
  std::thread link_thread_;
};

}  // namespace turnpike
