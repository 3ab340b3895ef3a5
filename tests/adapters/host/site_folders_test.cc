#include "adapters/host/site_folders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "adapters/host/journal.h"
#include "base/file_sync.h"
#include "base/system_clock.h"
#include "tests/base/scratch_folder.h"

namespace turnpike {
namespace {

using testing::HasSubstr;

class SiteFoldersTest : public testing::Test {
 protected:
  Result<SiteFolders> Open() { return OpenSiteFolders(paths_, random_); }
  void Remove(const std::string& path) { ASSERT_GT(std::filesystem::remove_all(path), 0U); }
  // An agent has run; with an attempt in its journal, or without one.
  void RunAgent(bool with_attempt) {
    const std::unique_ptr<Journal> journal = Journal::Open({.folder = paths_.journal_folder()}, ids_).value();
    JournalBatch batch;
    batch.SetEpoch(1);
    if (with_attempt) {
      AttemptRecord record;
      record.attempt_id = ids_.Random<AttemptId>();
      record.phase = AttemptPhase::kSubmitted;
      batch.PutAttempt(record);
    }
    ASSERT_TRUE(journal->Commit(batch).ok());
  }

  ScratchFolder scratch_;
  SystemClock clock_;
  SystemRandom random_;
  IdSource ids_{clock_, random_};
  SitePaths paths_{.data_directory = scratch_.File("data"), .spool_directory = scratch_.File("spool")};
};

TEST_F(SiteFoldersTest, ANewSiteGetsAKeyAndASpoolAndKeepsThem) {
  const Result<SiteFolders> first = Open();
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->key.size(), 64U);
  EXPECT_TRUE(first->directories.CheckSpool().ok());
  EXPECT_EQ(Open()->key, first->key);
}

TEST_F(SiteFoldersTest, ALostKeyIsNotReplacedWhereTheSpoolHoldsAttempts) {
  ASSERT_TRUE(Open()->directories.Make(ids_.Random<AttemptId>()).ok());
  Remove(paths_.data_directory);
  const Status status = Open().status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("restore it from a copy"));
  EXPECT_FALSE(std::filesystem::exists(paths_.key()));
}

TEST_F(SiteFoldersTest, ALostKeyIsNotReplacedWhereAJournalIs) {
  ASSERT_TRUE(Open().ok());
  RunAgent(/*with_attempt=*/false);
  Remove(paths_.key());
  EXPECT_EQ(Open().status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(SiteFoldersTest, ASpoolThatIsNotMountedIsWaitedFor) {
  ASSERT_TRUE(Open().ok());
  RunAgent(/*with_attempt=*/true);
  const std::string disk = scratch_.File("disk");
  std::filesystem::rename(paths_.spool_directory, disk);
  std::filesystem::create_directory(paths_.spool_directory);  // the mount point
  const Result<SiteFolders> folders = Open();
  ASSERT_TRUE(folders.ok()) << folders.status();
  EXPECT_EQ(folders->directories.CheckSpool().code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(std::filesystem::is_empty(paths_.spool_directory));
  std::filesystem::remove(paths_.spool_directory);
  std::filesystem::rename(disk, paths_.spool_directory);
  EXPECT_TRUE(folders->directories.CheckSpool().ok());
}

TEST_F(SiteFoldersTest, ASiteWithoutAttemptsMayBeginAnotherSpool) {
  ASSERT_TRUE(Open().ok());
  RunAgent(/*with_attempt=*/false);
  paths_.spool_directory = scratch_.File("other");
  EXPECT_TRUE(Open()->directories.CheckSpool().ok());
}

TEST_F(SiteFoldersTest, TwoSitesDoNotShareASpool) {
  ASSERT_TRUE(Open().ok());
  paths_.data_directory = scratch_.File("data of another");
  EXPECT_EQ(Open().status().code(), StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace turnpike
