// A reader follows what a job writes while broker and agent are killed and started again.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <future>

#include "base/digest.h"
#include "base/file_sync.h"
#include "broker/core/log_limits.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/federation.h"
#include "tests/e2e/sound_run.h"

namespace turnpike {
namespace {

constexpr uintmax_t kMebibyte = 1U << 20U;
constexpr uintmax_t kTextMax = 400 * kMebibyte;
constexpr size_t kLineMax = 100;
constexpr int kRoundsBelowTheCap = 400;   // 42 MiB
constexpr int kRoundsFarAboveIt = 2'860;  // 300 MB

// Numbered lines; $1 is a copy of what it writes, $2 the gate before round 300, $3 how many rounds.
constexpr char kProgram[] =
    "round=0\n"
    "while [ $round -lt $3 ]; do\n"
    "  if [ $round -eq 300 ]; then until [ -e \"$2\" ]; do sleep 0.1; done; fi\n"
    "  seq -f 'line %.0f of what the job writes, which is long enough to add up to something' \\\n"
    "    $((round * 1400)) $((round * 1400 + 1399))\n"
    "  round=$((round + 1))\n"
    "  if [ $round -lt 400 ]; then sleep 0.02; fi\n"
    "done | tee \"$1\"\n";

class Logs : public testing::Test {
 protected:
  void SetUp() override {
    const Status started = federation_.StartBroker();
    ASSERT_TRUE(started.ok()) << MessageOf(started);
    const Result<SiteAgent*> site = federation_.AddSite({.name = "alpha", .scheduler_yaml = ProcessScheduler(4)});
    ASSERT_TRUE(site.ok()) << MessageOf(site.status());
    site_ = *site;
  }
  void TearDown() override {
    if (HasFailure() && site_ != nullptr) {
      ADD_FAILURE() << "the broker's log ends with:\n"
                    << federation_.broker().LogTail() << "\nthe agent's log ends with:\n"
                    << site_->daemon().LogTail();
    }
  }

  v1::JobSpec Job(int rounds) const {
    v1::JobSpec spec;
    spec.set_name("writer");
    spec.mutable_script()->set_content(std::string("#!/bin/sh\n") + kProgram);
    spec.mutable_script()->add_arguments(copy_);
    spec.mutable_script()->add_arguments(gate_);
    spec.mutable_script()->add_arguments(std::to_string(rounds));
    spec.mutable_time_limit()->set_seconds(600);
    return spec;
  }
  // `turnpike logs -f` into a file.
  std::future<Result<ChildResult>> Follow(const std::string& job_id) const {
    ProgramCall call{
        .argv = {"/bin/sh", "-c", "exec \"$0\" logs -f \"$1\" >\"$2\"", ProgramPath("turnpike"), job_id, followed_},
        .environment = federation_.CommandEnvironment(),
        .timeout = std::chrono::minutes(5)};
    return std::async(std::launch::async, [call = std::move(call)] { return RunProgram(call); });
  }
  static uintmax_t SizeOf(const std::string& path) {
    std::error_code error;
    const uintmax_t size = std::filesystem::file_size(path, error);
    return error ? 0 : size;
  }
  static std::string Text(const std::string& path) { return ReadFile(path, kTextMax).value_or(""); }

  void FollowThroughKills(int rounds);

  Federation federation_{Federation::Settings{.local_site = false}};
  SiteAgent* site_ = nullptr;
  const std::string copy_ = federation_.Path("written");
  const std::string gate_ = federation_.Path("gate");
  const std::string followed_ = federation_.Path("followed");
  std::string notes_;  // that the reader was given beside the output
};

// Reads along to the job's end, while broker and agent are killed and come back.
void Logs::FollowThroughKills(int rounds) {
  const Result<std::string> job_id = federation_.Submit(Job(rounds));
  ASSERT_TRUE(job_id.ok()) << MessageOf(job_id.status());
  std::future<Result<ChildResult>> reader = Follow(*job_id);
  ASSERT_TRUE(Eventually([&] { return SizeOf(followed_) > 4 * kMebibyte; })) << SizeOf(copy_);
  ASSERT_TRUE(federation_.broker().Kill().ok());
  const Status broker = federation_.StartBroker();
  ASSERT_TRUE(broker.ok()) << MessageOf(broker);
  const uintmax_t before = SizeOf(followed_);
  ASSERT_TRUE(Eventually([&] { return SizeOf(followed_) > before + 4 * kMebibyte; })) << SizeOf(copy_);
  ASSERT_TRUE(site_->daemon().Kill().ok());
  const Status agent = site_->Start();
  ASSERT_TRUE(agent.ok()) << MessageOf(agent);
  ASSERT_TRUE(OpenGate(gate_).ok());

  const Result<ChildResult> read = reader.get();
  ASSERT_TRUE(read.ok()) << MessageOf(read.status());
  EXPECT_EQ(read->exit_code, 0) << read->error_output;
  EXPECT_NE(read->error_output.find("running at alpha"), std::string::npos) << read->error_output;
  notes_ = read->error_output;
  const Result<v1::Job> ended = federation_.WaitForEnd(*job_id);
  ASSERT_TRUE(ended.ok()) << MessageOf(ended.status());
  EXPECT_EQ(ended->state(), v1::JOB_STATE_COMPLETED) << ended->ShortDebugString();
  const Status sound = CheckSoundRun(federation_);
  EXPECT_TRUE(sound.ok()) << MessageOf(sound);
}

TEST_F(Logs, ComeWholeAndOnceOverRestartsOfBrokerAndAgent) {
  ASSERT_NO_FATAL_FAILURE(FollowThroughKills(kRoundsBelowTheCap));
  EXPECT_EQ(notes_.find("not kept"), std::string::npos) << notes_;
  const std::string written = Text(copy_);
  const std::string followed = Text(followed_);
  EXPECT_GT(written.size(), 40 * kMebibyte);
  EXPECT_EQ(followed.size(), written.size());
  EXPECT_TRUE(Sha256(followed) == Sha256(written));
}

// Of 300 MB the first 64 MiB and the last 64 KiB are kept, and the reader is told how much lies between.
TEST_F(Logs, ComeWithOneHoleThatIsToldWhereThereIsMoreThanIsKept) {
  ASSERT_NO_FATAL_FAILURE(FollowThroughKills(kRoundsFarAboveIt));
  const std::string written = Text(copy_);
  const std::string followed = Text(followed_);
  EXPECT_GT(written.size(), 300'000'000U);
  const auto [hole, unused] = std::ranges::mismatch(followed, written);
  const auto begin = static_cast<uintmax_t>(hole - followed.begin());
  EXPECT_GE(begin, static_cast<uintmax_t>(kFollowedBytesMax));
  const std::string_view rest = std::string_view(followed).substr(begin);
  EXPECT_GE(rest.size() + kLineMax, 64U << 10U);  // What is behind the hole may begin as what is in it.
  EXPECT_TRUE(written.ends_with(rest)) << rest.substr(0, 200);
  EXPECT_NE(notes_.find(fmt::format("({} bytes are not kept", written.size() - followed.size())), std::string::npos)
      << notes_ << written.size() << " bytes written, " << followed.size() << " read";
}

}  // namespace
}  // namespace turnpike
