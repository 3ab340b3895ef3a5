// The contract of the port, at real clusters with and without accounting.

#include <filesystem>

#include "adapters/slurm/slurm_scheduler.h"
#include "tests/adapters/slurm/slurm_lab.h"
#include "tests/contracts/scheduler_contract.h"

namespace turnpike {
namespace {

constexpr int kCpus = 4;

// Starting one that keeps accounting takes seconds, so all tests have it in common; each leaves it without live jobs.
class ClusterWithAccounting final : public testing::Environment {
 public:
  void TearDown() override { lab_.reset(); }
  static std::shared_ptr<slurm::SlurmLab> Get() {
    if (lab_ == nullptr) {
      lab_ = slurm::SlurmLab::Start("kept", {"--cpus", std::to_string(kCpus)});
    }
    return lab_;
  }

 private:
  static inline std::shared_ptr<slurm::SlurmLab> lab_;
};
[[maybe_unused]] const auto* const kEnvironment = testing::AddGlobalTestEnvironment(new ClusterWithAccounting);

template <bool HasAccounting>
class SlurmSite {
 public:
  SlurmSite()
      : lab_(HasAccounting ? ClusterWithAccounting::Get()
                           : slurm::SlurmLab::Start("bare", {"--no-accounting", "--cpus", std::to_string(kCpus)})) {
    char name[] = "/tmp/turnpike-slurm-XXXXXX";
    EXPECT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    Recreate();
  }
  ~SlurmSite() {
    if (lab_ != nullptr) {
      lab_->Command({"scancel", "--user=" + local_user()});
    }
    std::filesystem::remove_all(folder_);
  }
  SlurmSite(const SlurmSite&) = delete;
  SlurmSite& operator=(const SlurmSite&) = delete;

  Scheduler& scheduler() { return *scheduler_; }
  void Recreate() {
    SlurmSettings settings;
    settings.own_user = local_user();
    settings.own_uid = 0;
    settings.conf_path = lab_ == nullptr ? "/nowhere" : lab_->conf_path();
    settings.allowed_flags = {"--constraint"};
    scheduler_ = std::make_unique<SlurmScheduler>(
        SlurmScheduler::Parts{settings, runner_, random_, clock_, [](std::chrono::milliseconds) { return false; }});
  }
  std::string local_user() const { return "root"; }
  std::string folder() const { return folder_; }
  static LocalJob AskForAll(LocalJob job) {
    job.tasks = kCpus;
    return job;
  }
  static LocalJob Impossible(LocalJob job) {
    job.flags = {{"--constraint", "nosuch"}};
    return job;
  }
  static constexpr bool kKeepsShortTimeLimits = false;
  static constexpr char kTimeLimitTest[] = "SlurmWithAccounting.SaysThatATimeLimitEndedTheJob";

 private:
  std::shared_ptr<slurm::SlurmLab> lab_;
  std::string folder_;
  ChildCommandRunner runner_;
  SystemRandom random_;
  SystemClock clock_;
  std::unique_ptr<SlurmScheduler> scheduler_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(SlurmWithAccounting, SchedulerContract, SlurmSite<true>);
INSTANTIATE_TYPED_TEST_SUITE_P(SlurmWithoutAccounting, SchedulerContract, SlurmSite<false>);

}  // namespace
}  // namespace turnpike
