#pragma once
// An agent with everything around it: journal, folders, site map, and a broker played by the test.

#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "adapters/core/local_tag.h"
#include "adapters/host/agent_round.h"
#include "adapters/host/exit_record.h"
#include "adapters/host/guard.h"
#include "base/check.h"
#include "base/random.h"

namespace turnpike {

inline constexpr char kAgentSiteKey[] = "the site's key";

inline std::string OwnUser() {
  return ::getpwuid(::geteuid())->pw_name;
}

// An order is its script's text after the first line; "bad share" asks for what is not there.
inline Result<OrderView> DecodeTestOrder(std::string_view bytes) {
  if (bytes.empty()) {
    return InvalidArgument("the order is empty");
  }
  OrderView order;
  order.project_name = "physics";
  order.user = "ada@example.org";
  order.share = bytes == "bad share" ? "no-such-share" : "main";
  order.script = "#!/bin/sh\n" + std::string(bytes) + "\n";
  order.time_limit = std::chrono::minutes(10);
  order.cpus_per_task = 2;
  return order;
}

class AgentSite {
 public:
  AgentSite(std::string folder, Scheduler& scheduler, const Clock& clock)
      : folder_(std::move(folder)), scheduler_(scheduler), clock_(clock), ids_(clock, random_) {
    policy_.settle_time = std::chrono::seconds(60);
    Restart();
  }

  // The agent died and comes back, on the same boot of its host unless told otherwise.
  void Restart(const std::string& boot_id = "boot 1") {
    round_.reset();
    journal_.reset();
    Result<std::unique_ptr<Journal>> journal = Journal::Open({.folder = folder_ + "/data"}, ids_);
    CHECK(journal.ok());
    journal_ = *std::move(journal);
    directories_ =
        std::make_unique<AttemptDirectories>(AttemptDirectories::Open(folder_ + "/spool", kAgentSiteKey).value());
    CHECK(!journal_->state().attempts.empty() || directories_->Begin().ok());
    builder_ = std::make_unique<LocalJobBuilder>(BuilderOptions(), *directories_);
    round_ =
        std::make_unique<AgentRound>(AgentRound::Parts{scheduler_, *journal_, *directories_, *builder_, clock_,
                                                       &DecodeTestOrder, kAgentSiteKey, boot_id, policy_, limits_});
  }
  static LocalJobBuilder::Options BuilderOptions() {
    LocalJobBuilder::Options options;
    ShareRow share;
    share.name = "main";
    share.environment = EnvironmentMode::kClean;
    options.map.shares = {share};
    options.map.accounts = {AccountRow{}};
    options.site_key = kAgentSiteKey;
    options.own_user = OwnUser();
    return options;
  }

  AgentRound& round() { return *round_; }
  Journal& journal() { return *journal_; }
  const AttemptDirectories& directories() const { return *directories_; }
  ReconcilePolicy& policy() { return policy_; }
  AgentRoundLimits& limits() { return limits_; }

  // --- The broker.
  Status Connect(std::vector<DesiredView> desired = {}, bool recovery = false) {
    return round_->StartSession({++epoch_, acked_, recovery, std::move(desired)});
  }
  static DesiredView Offer(const AttemptId& id, const std::string& order = "true", int64_t fence = 1) {
    return {id, fence, DesiredPhase::kOffered, {}, order};
  }
  static DesiredView Go(const AttemptId& id, int64_t fence = 1, std::chrono::seconds lease = std::chrono::minutes(40)) {
    return {id, fence, DesiredPhase::kGo, lease, ""};
  }
  static DesiredView Want(DesiredPhase phase, const AttemptId& id, int64_t fence = 1) {
    return {id, fence, phase, {}, ""};
  }
  // Reports that the agent sends now; their names.
  std::vector<std::string> Receive() {
    std::vector<std::string> names;
    for (JobReport& report : round_->PendingReports(1000)) {
      names.emplace_back(FactName(report.fact));
      received_.push_back(std::move(report));
    }
    return names;
  }
  void AcknowledgeAll() {
    acked_ = received_.empty() ? acked_ : received_.back().seq;
    CHECK(round_->Acknowledge(acked_).ok());
  }
  const std::vector<JobReport>& received() const { return received_; }
  template <class WantedFact>
  const WantedFact* Last() const {
    for (auto report = received_.rbegin(); report != received_.rend(); ++report) {
      if (const auto* fact = std::get_if<WantedFact>(&report->fact)) {
        return fact;
      }
    }
    return nullptr;
  }
  // Offered, claimed, GO: as far as the scheduler.
  AttemptId Submit(const std::string& order = "true") {
    const AttemptId id = NewAttempt();
    CHECK(round_->Apply(Offer(id, order)).ok() && round_->Advance().ok());
    Receive();
    CHECK(round_->Apply(Go(id)).ok() && round_->Advance().ok());
    return id;
  }
  AttemptId NewAttempt() { return ids_.Random<AttemptId>(); }

  // --- The wrapper, on its node.
  void StartProgram(const AttemptId& id) {
    const AttemptDirectory directory = directories_->Find(id).value();
    CHECK(directory.WriteFile(GuardName(id, kAgentSiteKey), "wrapper " + LocalTag(id) + "\n").ok());
    CHECK(directory
              .WriteFile("start",
                         Checked("turnpike-start 1\ntag " + LocalTag(id) + "\nhost n1\njob -\nstart 1700000010\n"))
              .ok());
  }
  void EndProgram(const AttemptId& id, int status) {
    const std::string body = fmt::format(
        "turnpike-exit 1\ntag {}\nhost n1\njob -\nstatus {}\nstart 1700000010\nend 1700000040\n", LocalTag(id), status);
    CHECK(directories_->Find(id)->WriteFile("exit", Checked(body)).ok());
  }
  GuardState Guard(const AttemptId& id) const { return directories_->ReadEvidence(id, kAgentSiteKey).guard; }

 private:
  static std::string Checked(const std::string& body) {
    return body + fmt::format("cksum {} {}\n", PosixCksum(body), body.size());
  }

  const std::string folder_;
  Scheduler& scheduler_;
  const Clock& clock_;
  SystemRandom random_;
  IdSource ids_;
  ReconcilePolicy policy_;
  AgentRoundLimits limits_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<AttemptDirectories> directories_;
  std::unique_ptr<LocalJobBuilder> builder_;
  std::unique_ptr<AgentRound> round_;
  int64_t epoch_ = 0;
  int64_t acked_ = 0;
  std::vector<JobReport> received_;
};

}  // namespace turnpike
