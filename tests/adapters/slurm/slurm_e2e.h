#pragma once
// What the tests of the adapter at real clusters have in common.  Nothing sleeps: each wait asks Slurm again.

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/slurm/slurm_scheduler.h"
#include "base/system_clock.h"
#include "tests/adapters/slurm/make_job.h"
#include "tests/adapters/slurm/slurm_lab.h"

namespace turnpike::slurm {

constexpr std::chrono::seconds kPatience{180};

class SlurmE2e : public ::testing::Test {
 protected:
  void UseLab(SlurmLab* lab) {
    ASSERT_NE(lab, nullptr) << "there is no cluster; see the failure of the suite's start";
    lab_ = lab;
    char name[] = "/tmp/turnpike-slurm-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
    scheduler_ = NewScheduler();
  }
  void TearDown() override {
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }

  SlurmSettings Settings() const {
    SlurmSettings settings;
    settings.own_user = "root";
    settings.own_uid = 0;
    settings.conf_path = lab_->conf_path();
    settings.accelerators = {{"gpu:fake", "fake-80g"}};
    settings.allowed_flags = {"--constraint", "--licenses", "--nodelist"};
    return settings;
  }
  std::unique_ptr<SlurmScheduler> NewScheduler() {
    return std::make_unique<SlurmScheduler>(
        SlurmScheduler::Parts{Settings(), runner_, random_, clock_, [](std::chrono::milliseconds) { return false; }});
  }
  LocalJob Job(const std::string& script) {
    LocalJob job = MakeJob(ids_.Random<AttemptId>());
    job.wrapper = "#!/bin/sh\n" + script + "\n";
    job.directory = directory_;
    job.output_path = directory_ + "/" + job.tag + ".out";
    job.error_path = directory_ + "/" + job.tag + ".err";
    return job;
  }
  std::string OutputOf(const LocalJob& job) {
    std::ifstream file(job.output_path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  LocalJobIdentity Submit(const LocalJob& job) {
    const SubmitOutcome outcome = scheduler_->Submit(job);
    EXPECT_EQ(outcome.kind, SubmitOutcome::Kind::kAccepted) << outcome.detail;
    return outcome.identity;
  }

  PollResult Poll(const std::vector<std::string>& tags) { return scheduler_->Poll({tags, start_}); }
  static std::optional<LocalJobView> Find(const SourceReading& reading, const std::string& tag) {
    for (const LocalJobView& view : reading.jobs) {
      if (view.tag == tag) return view;
    }
    return std::nullopt;
  }
  // Polls until `enough` is true of what that source shows of the job.
  LocalJobView WaitFor(const std::string& tag, size_t source, const std::function<bool(const LocalJobView&)>& enough) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    std::optional<LocalJobView> last;
    while (std::chrono::steady_clock::now() < deadline) {
      const PollResult result = Poll({tag});
      if (source >= result.sources.size()) continue;
      const std::optional<LocalJobView> view = Find(result.sources[source], tag);
      if (view && enough(*view)) return *view;
      if (view) last = view;
    }
    ADD_FAILURE() << "source " << source << " never showed it; the last state of " << tag << ": "
                  << (last ? last->raw_state + " " + last->raw_reason : "not seen");
    return last.value_or(LocalJobView());
  }
  LocalJobView WaitForState(const std::string& tag, size_t source, LocalState state) {
    return WaitFor(tag, source, [state](const LocalJobView& view) { return view.state == state; });
  }

  SlurmLab* lab_ = nullptr;
  std::string directory_;
  ChildCommandRunner runner_;
  SystemRandom random_;
  SystemClock clock_;
  IdSource ids_{clock_, random_};
  const Timestamp start_ = clock_.Now();
  std::unique_ptr<SlurmScheduler> scheduler_;
};

class SlurmWithAccounting : public SlurmE2e {
 protected:
  static void SetUpTestSuite() {
    shared_lab_ = SlurmLab::Start(
        "acct", {"--nodes", "2", "--cpus", "8", "--gpus", "4", "--conf", "AccountingStorageEnforce=limits,qos"});
  }
  static void TearDownTestSuite() { shared_lab_.reset(); }
  void SetUp() override { UseLab(shared_lab_.get()); }

  static inline std::unique_ptr<SlurmLab> shared_lab_;
};

class SlurmWithoutAccounting : public SlurmE2e {
 protected:
  static void SetUpTestSuite() { shared_lab_ = SlurmLab::Start("bare", {"--no-accounting", "--cpus", "8"}); }
  static void TearDownTestSuite() { shared_lab_.reset(); }
  void SetUp() override { UseLab(shared_lab_.get()); }

  static inline std::unique_ptr<SlurmLab> shared_lab_;
};

}  // namespace turnpike::slurm
