#pragma once
// A federation whose only real center is a private Slurm cluster.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/e2e/eventually.h"
#include "tests/e2e/federation.h"
#include "tests/e2e/slurm_lab.h"
#include "tests/e2e/sound_run.h"

namespace turnpike {

class SlurmSite : public testing::Test {
 protected:
  struct Setting {
    bool local_site = false;
    SlurmLab::Accounting accounting = SlurmLab::Accounting::kNo;
    std::string agent_failpoints = {};
    std::chrono::seconds usage_wait{5};  // of the agent for Slurm's accounting; the broker waits as long once more
  };
  void StartAll(const Setting& setting) {
    Result<std::unique_ptr<SlurmLab>> lab = SlurmLab::Start(setting.accounting);
    ASSERT_TRUE(lab.ok()) << MessageOf(lab.status());
    lab_ = *std::move(lab);
    federation_ = std::make_unique<Federation>(
        Federation::Settings{.local_site = setting.local_site, .usage_wait = 2 * setting.usage_wait});
    const Status started = federation_->StartBroker();
    ASSERT_TRUE(started.ok()) << MessageOf(started);
    const Result<SiteAgent*> site =
        federation_->AddSite({.name = "cluster",
                              .core_hour_price = "0.01",
                              .scheduler_yaml = SlurmScheduler(lab_->conf_path(), setting.usage_wait),
                              .environment = "login"},
                             setting.agent_failpoints);
    ASSERT_TRUE(site.ok()) << MessageOf(site.status());
    site_ = *site;
    Result<std::unique_ptr<Database>> database = federation_->OpenDatabase();
    ASSERT_TRUE(database.ok()) << MessageOf(database.status());
    database_ = *std::move(database);
  }

  void TearDown() override {
    if (HasFailure() && site_ != nullptr) {
      ADD_FAILURE() << "the agent's log ends with:\n" << site_->daemon().LogTail();
    }
  }

  void ExpectSound() {
    const Status sound = CheckSoundRun(*federation_);
    EXPECT_TRUE(sound.ok()) << MessageOf(sound);
    EXPECT_TRUE(Eventually([this] { return lab_->LiveJobNames().value_or(std::vector<std::string>{"?"}).empty(); }))
        << "I11 is violated: " << testing::PrintToString(lab_->LiveJobNames().value_or(std::vector<std::string>{}));
  }

  static void ExpectOk(const Status& status) { ASSERT_TRUE(status.ok()) << MessageOf(status); }

  std::unique_ptr<SlurmLab> lab_;
  std::unique_ptr<Federation> federation_;
  SiteAgent* site_ = nullptr;
  std::unique_ptr<Database> database_;
};

}  // namespace turnpike
