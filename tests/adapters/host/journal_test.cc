#include "adapters/host/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "adapters/host/journal_frame.h"
#include "base/file_sync.h"
#include "base/system_clock.h"
#include "tests/adapters/host/own_process.h"
#include "tests/base/scratch_folder.h"

namespace turnpike {
namespace {

using testing::HasSubstr;

class JournalTest : public testing::Test {
 protected:
  JournalOptions Options() const { return {.folder = scratch_.File("data")}; }
  std::string Path() const { return scratch_.File("data/journal"); }
  std::unique_ptr<Journal> Open() { return Open(Options()); }
  std::unique_ptr<Journal> Open(const JournalOptions& options) {
    Result<std::unique_ptr<Journal>> journal = Journal::Open(options, ids_);
    EXPECT_TRUE(journal.ok()) << journal.status();
    return journal.ok() ? *std::move(journal) : nullptr;
  }
  AttemptRecord Record(AttemptPhase phase) {
    AttemptRecord record;
    record.attempt_id = ids_.Random<AttemptId>();
    record.fence = 3;
    record.phase = phase;
    record.local_user = "ada";
    record.lease_end = MonotonicTime(std::chrono::seconds(5));
    record.identity = LocalJobIdentity{"c1", "17", TimestampFromSeconds(1'700'000'000), record.tag()};
    record.give_up = NotStartedFact{NotStartedKind::kBackPressure, "QOSMaxJobs"};
    record.end = EndedFact{.cause = EndCause::kTimeLimit, .exit_code = 3, .usage = UsageFact{.used = {1, 2, 3, 4}}};
    record.usage_provisional = true;
    return record;
  }
  static JobReport Report(const AttemptId& attempt_id, Fact fact) {
    return {.seq = 0, .attempt_id = attempt_id, .fence = 3, .time = TimestampFromSeconds(1), .fact = std::move(fact)};
  }

  SystemClock clock_;
  SystemRandom random_;
  IdSource ids_{clock_, random_};
  ScratchFolder scratch_;
};

TEST_F(JournalTest, GivesBackEverythingAfterReopening) {
  const AttemptRecord record = Record(AttemptPhase::kSubmitted);
  JournalId id;
  {
    const auto journal = Open();
    id = journal->state().id;
    JournalBatch batch;
    batch.PutOrder(record.attempt_id, "order bytes");
    batch.PutAttempt(record);
    batch.AddReport(Report(record.attempt_id, ClaimedFact{}));
    batch.AddReport(Report(record.attempt_id, SubmittedFact{"c1", "17", TimestampFromSeconds(9)}));
    batch.SetEpoch(12);
    batch.SetBoot("boot 1");
    ASSERT_TRUE(journal->Commit(batch).ok());
  }
  const auto journal = Open();
  const JournalState& state = journal->state();
  EXPECT_EQ(state.id, id);
  EXPECT_EQ(state.epoch_seen, 12);
  EXPECT_EQ(state.boot_id, "boot 1");
  EXPECT_EQ(state.report_seq, 2);
  ASSERT_EQ(state.reports.size(), 2U);
  EXPECT_EQ(state.reports[1].seq, 2);
  EXPECT_EQ(std::get<SubmittedFact>(state.reports[1].fact).local_job_id, "17");
  AttemptRecord wanted = record;
  wanted.order = "order bytes";
  EXPECT_EQ(state.attempts.at(record.attempt_id), wanted);
}

TEST_F(JournalTest, EveryFactSurvivesItsWayThroughTheFile) {
  const std::vector<Fact> facts = {
      ClaimedFact{},
      SubmittedFact{"c", "1", TimestampFromSeconds(4)},
      AmbiguousFact{"timed out"},
      StartedFact{TimestampFromSeconds(5)},
      EndedFact{.cause = EndCause::kOutOfMemory, .fault = FaultClass::kUser, .exit_signal = 9, .site_state = "OOM"},
      NotStartedFact{NotStartedKind::kNotEligible, "no account"},
      InterruptedFact{.detail = "node", .start_time = TimestampFromSeconds(1), .last_seen_time = {}, .usage = {}},
      UsageFact{.used = {1, 2, 3, 4}, .provisional = true},
      OrphanFact{"bxyz", "44"},
      SiteStateChangedFact{"PENDING", "Priority"}};
  ASSERT_EQ(facts.size(), std::variant_size_v<Fact>);
  const AttemptId attempt_id = ids_.Random<AttemptId>();
  {
    const auto journal = Open();
    JournalBatch batch;
    for (const Fact& fact : facts) {
      batch.AddReport(Report(attempt_id, fact));
    }
    ASSERT_TRUE(journal->Commit(batch).ok());
  }
  const auto journal = Open();
  ASSERT_EQ(journal->state().reports.size(), facts.size());
  for (size_t index = 0; index < facts.size(); ++index) {
    EXPECT_EQ(journal->state().reports[index].fact, facts[index]) << FactName(facts[index]);
  }
}

TEST_F(JournalTest, AcknowledgedReportsGoAndNumbersGoOn) {
  auto journal = Open();
  JournalBatch three;
  for (int report = 0; report < 3; ++report) {
    three.AddReport(Report(AttemptId(), ClaimedFact{}));
  }
  ASSERT_TRUE(journal->Commit(three).ok());
  JournalBatch ack;
  ack.Acknowledge(2);
  ASSERT_TRUE(journal->Commit(ack).ok());
  journal.reset();
  journal = Open();
  ASSERT_EQ(journal->state().reports.size(), 1U);
  EXPECT_EQ(journal->state().reports[0].seq, 3);
  JournalBatch more;
  more.AddReport(Report(AttemptId(), ClaimedFact{}));
  ASSERT_TRUE(journal->Commit(more).ok());
  EXPECT_EQ(journal->state().reports.back().seq, 4);
}

TEST_F(JournalTest, ASecondAgentIsRefused) {
  const auto journal = Open();
  const Result<std::unique_ptr<Journal>> second = Journal::Open(Options(), ids_);
  EXPECT_EQ(second.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(second.status())), HasSubstr("another agent"));
}

// --- Damage.

class JournalDamage : public JournalTest {
 protected:
  void SetUp() override {
    const auto journal = Open();
    for (int batch_number = 0; batch_number < 4; ++batch_number) {
      JournalBatch batch;
      batch.AddReport(Report(AttemptId(), AmbiguousFact{std::string(100, 'x')}));
      ASSERT_TRUE(journal->Commit(batch).ok());
      ends_.push_back(static_cast<size_t>(journal->file_bytes()));
    }
    bytes_ = ReadFile(Path()).value();
  }
  void Put(const std::string& bytes) const { std::ofstream(Path(), std::ios::binary | std::ios::trunc) << bytes; }

  std::vector<size_t> ends_;
  std::string bytes_;
};

TEST_F(JournalDamage, ATornEndIsCutAtEveryLength) {
  for (size_t size = ends_[2]; size < ends_[3]; size += 7) {
    Put(bytes_.substr(0, size));
    const auto journal = Open();
    ASSERT_NE(journal, nullptr) << size;
    EXPECT_EQ(journal->state().report_seq, 3) << size;
    EXPECT_EQ(journal->file_bytes(), static_cast<int64_t>(ends_[2]));
  }
}

TEST_F(JournalDamage, GarbageAfterTheEndIsCutAndWritingGoesOn) {
  Put(bytes_ + std::string(300, '\x5A') + "TPJ1 not a frame");
  {
    const auto journal = Open();
    JournalBatch batch;
    batch.AddReport(Report(AttemptId(), ClaimedFact{}));
    ASSERT_TRUE(journal->Commit(batch).ok());
  }
  EXPECT_EQ(Open()->state().report_seq, 5);
}

TEST_F(JournalDamage, EveryFlippedBitBeforeTheLastFrameIsRefused) {
  for (size_t at = 0; at < ends_[2]; at += 11) {
    std::string bytes = bytes_;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    Put(bytes);
    const Result<std::unique_ptr<Journal>> journal = Journal::Open(Options(), ids_);
    EXPECT_EQ(journal.status().code(), StatusCode::kDataLoss) << "byte " << at;
  }
}

TEST_F(JournalDamage, AFrameTakenOutOfTheMiddleIsRefused) {
  Put(bytes_.substr(0, ends_[0]) + bytes_.substr(ends_[1]));
  EXPECT_EQ(Journal::Open(Options(), ids_).status().code(), StatusCode::kDataLoss);
}

// --- Failing disks.

TEST_F(JournalTest, AFailedSyncEndsEverything) {
#if !defined(TURNPIKE_FAILPOINTS)
  GTEST_FAIL() << "built without failpoints; use the preset dev";
#endif
  const ChildResult result =
      RunInOwnProcess({.role = "MeetsAFailingDisk", .folder = scratch_.path(), .failpoints = "journal.sync=error"});
  EXPECT_TRUE(HasPassed(result)) << result.output;
}

void MeetAFailingDisk(const std::string& folder) {
  SystemClock clock;
  SystemRandom random;
  IdSource ids(clock, random);
  const std::unique_ptr<Journal> journal = Journal::Open({.folder = folder + "/data"}, ids).value();
  JournalBatch batch;
  batch.SetEpoch(1);
  EXPECT_EQ(journal->Commit(batch).code(), StatusCode::kDataLoss);
  EXPECT_EQ(journal->Commit(batch).code(), StatusCode::kDataLoss) << "it must not go on after that";
  EXPECT_EQ(journal->state().epoch_seen, 0);
}
[[maybe_unused]] const bool kFailingDisk = DeclareProcessRole("MeetsAFailingDisk", MeetAFailingDisk);

TEST_F(JournalTest, ARewriteWhoseFolderCannotBeSyncedEndsEverythingAndLosesNothing) {
  const ChildResult result =
      RunInOwnProcess({.role = "CannotSyncItsFolder", .folder = scratch_.path(), .failpoints = "file.named=error@2"});
  EXPECT_TRUE(HasPassed(result)) << result.output;
  EXPECT_EQ(Open()->state().epoch_seen, 1);
}

void FailToSyncTheFolder(const std::string& folder) {
  SystemClock clock;
  SystemRandom random;
  IdSource ids(clock, random);
  // The first file is the empty journal, the second its rewritten form.
  const std::unique_ptr<Journal> journal = Journal::Open({.folder = folder + "/data", .compact_bytes = 1}, ids).value();
  JournalBatch first;
  first.SetEpoch(1);
  EXPECT_EQ(journal->Commit(first).code(), StatusCode::kDataLoss);
  JournalBatch second;
  second.SetEpoch(2);
  EXPECT_EQ(journal->Commit(second).code(), StatusCode::kDataLoss) << "it would go into a file that has no name";
}
[[maybe_unused]] const bool kUnsyncedFolder = DeclareProcessRole("CannotSyncItsFolder", FailToSyncTheFolder);

// In a namespace of its own an ordinary user may mount a small disk, too.
TEST_F(JournalTest, AFullDiskStopsClaimsFirstAndReportsMuchLater) {
  const ChildResult result = RunInOwnProcess({.role = "MeetsAFullDisk",
                                              .folder = scratch_.path(),
                                              .run_by = {"unshare", "--user", "--map-root-user", "--mount"}});
  EXPECT_TRUE(HasPassed(result)) << result.output << result.error_output;
}

void MeetAFullDisk(const std::string& disk) {
  ASSERT_EQ(::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=4m"), 0) << ::strerrordesc_np(errno);
  SystemClock clock;
  SystemRandom random;
  IdSource ids(clock, random);
  const std::unique_ptr<Journal> journal =
      Journal::Open({.folder = disk + "/data", .reserve_bytes = 1 << 20}, ids).value();
  std::string ballast(64 << 10, 'b');
  std::ofstream file(disk + "/ballast", std::ios::binary);
  while (file.write(ballast.data(), static_cast<std::streamsize>(ballast.size())).flush()) {
  }
  JournalBatch batch;
  batch.AddReport({.seq = 0,
                   .attempt_id = AttemptId(),
                   .fence = 1,
                   .time = TimestampFromSeconds(1),
                   .fact = AmbiguousFact{std::string(32 << 10, 'x')}});
  int reports = 0;
  int reports_without_room = 0;
  Status status;
  while ((status = journal->Commit(batch)).ok() && reports < 1000) {
    ++reports;
    reports_without_room += journal->has_room() ? 0 : 1;
  }
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status;
  EXPECT_GT(reports_without_room, 8) << "states are still reported when claims are refused";
  EXPECT_FALSE(journal->has_room());
  file.close();
  std::filesystem::remove(disk + "/ballast");
  EXPECT_TRUE(journal->Commit(batch).ok()) << "and it goes on once there is room";
  EXPECT_TRUE(journal->has_room());
}
[[maybe_unused]] const bool kFullDisk = DeclareProcessRole("MeetsAFullDisk", MeetAFullDisk);

// --- Rewriting.

TEST_F(JournalTest, RewritingKeepsStateNumbersAndIdentity) {
  JournalOptions options = Options();
  options.compact_bytes = 20'000;
  const AttemptRecord live = Record(AttemptPhase::kStarted);
  AttemptRecord done = Record(AttemptPhase::kEnded);
  JournalState before;
  {
    const auto journal = Open(options);
    JournalBatch first;
    first.PutOrder(live.attempt_id, "order");
    first.PutAttempt(live);
    first.PutAttempt(done);
    ASSERT_TRUE(journal->Commit(first).ok());
    JournalBatch forget;
    forget.Forget(done.attempt_id, Report(done.attempt_id, EndedFact{}));
    ASSERT_TRUE(journal->Commit(forget).ok());
    int64_t largest = 0;
    bool was_rewritten = false;
    for (int64_t seq = 1; seq <= 400; ++seq) {
      JournalBatch batch;
      batch.AddReport(Report(live.attempt_id, AmbiguousFact{std::string(200, 'y')}));
      batch.Acknowledge(seq - 1);
      ASSERT_TRUE(journal->Commit(batch).ok());
      was_rewritten = was_rewritten || journal->file_bytes() < largest;
      largest = std::max(largest, journal->file_bytes());
    }
    EXPECT_TRUE(was_rewritten);
    EXPECT_LT(largest, 60'000);
    before = journal->state();
  }
  const auto journal = Open(options);
  EXPECT_EQ(journal->state().id, before.id);
  EXPECT_EQ(journal->state().report_seq, 400);
  EXPECT_EQ(journal->state().reports, before.reports);
  EXPECT_EQ(journal->state().attempts, before.attempts);
  EXPECT_TRUE(journal->state().endings.contains(done.attempt_id));
  EXPECT_FALSE(journal->state().attempts.contains(done.attempt_id));
}

TEST_F(JournalTest, OnlySoManyEndingsAreKept) {
  JournalOptions options = Options();
  options.endings_max = 3;
  const auto journal = Open(options);
  std::vector<AttemptId> attempts;
  for (int64_t seq = 1; seq <= 5; ++seq) {
    attempts.push_back(ids_.Random<AttemptId>());
    JobReport ending = Report(attempts.back(), EndedFact{});
    ending.seq = seq;
    JournalBatch batch;
    batch.Forget(attempts.back(), ending);
    ASSERT_TRUE(journal->Commit(batch).ok());
  }
  EXPECT_EQ(journal->state().endings.size(), 3U);
  EXPECT_FALSE(journal->state().endings.contains(attempts[0]));
  EXPECT_TRUE(journal->state().endings.contains(attempts[4]));
}

}  // namespace
}  // namespace turnpike
