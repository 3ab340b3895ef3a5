#include "adapters/host/attempt_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "adapters/core/local_tag.h"
#include "adapters/host/exit_record.h"
#include "adapters/host/guard.h"
#include "tests/adapters/host/begin_spool.h"
#include "tests/base/scratch_folder.h"

namespace turnpike {
namespace {

constexpr char kKey[] = "site key";

class AttemptDirectoryTest : public testing::Test {
 protected:
  AttemptDirectory Make() { return directories_.Make(attempt_id_).value(); }
  std::string Guard() const { return GuardName(attempt_id_, kKey); }
  DirectoryEvidence Look() const { return directories_.ReadEvidence(attempt_id_, kKey); }

  ScratchFolder scratch_;
  AttemptDirectories directories_ = BeginSpool(scratch_.File("spool"), kKey);
  AttemptId attempt_id_ = *AttemptId::Parse("00112233-4455-4677-8899-aabbccddeeff");
};

TEST_F(AttemptDirectoryTest, IsForItsOwnerAlone) {
  Make();
  struct stat facts {};
  ASSERT_EQ(::stat(directories_.PathOf(attempt_id_).c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0700U);
  EXPECT_EQ(directories_.List()->size(), 1U);
}

TEST_F(AttemptDirectoryTest, FollowsNoSymbolicLink) {
  const AttemptDirectory directory = Make();
  std::ofstream(scratch_.File("secret")) << "secret";
  std::filesystem::create_symlink(scratch_.File("secret"), directory.PathOf("stdout"));
  EXPECT_EQ(directory.ReadFile("stdout").status().code(), StatusCode::kFailedPrecondition);
  EXPECT_FALSE(directory.ReadTail("stdout", 10).ok());
  ASSERT_TRUE(directory.WriteFile("stdout", "own").ok());
  EXPECT_EQ(directory.ReadFile("stdout").value(), "own");
  std::filesystem::create_directory_symlink(scratch_.path(), directory.PathOf("work"));
  EXPECT_FALSE(directory.MakeFolder("work").ok());
}

TEST_F(AttemptDirectoryTest, ReadsNoDeviceAndNoPipe) {
  const AttemptDirectory directory = Make();
  ASSERT_EQ(::mkfifo(directory.PathOf("stdout").c_str(), 0600), 0);
  EXPECT_EQ(directory.ReadFile("stdout").status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(AttemptDirectoryTest, TailIsTheEndAndSaysHowMuchThereIs) {
  const AttemptDirectory directory = Make();
  ASSERT_TRUE(directory.WriteFile("stdout", "0123456789").ok());
  EXPECT_EQ(directory.ReadTail("stdout", 4)->bytes, "6789");
  EXPECT_EQ(directory.ReadTail("stdout", 4)->file_size, 10U);
  EXPECT_EQ(directory.ReadTail("stdout", 100)->bytes, "0123456789");
}

TEST_F(AttemptDirectoryTest, RemovesAllOfIt) {
  const AttemptDirectory directory = Make();
  ASSERT_TRUE(directory.MakeFolder("work").ok());
  std::ofstream(directory.PathOf("work/result")) << "x";
  EXPECT_TRUE(directories_.Remove(attempt_id_).ok());
  EXPECT_TRUE(directories_.Remove(attempt_id_).ok());
  EXPECT_EQ(directories_.Find(attempt_id_).status().code(), StatusCode::kNotFound);
}

// --- The guard.

TEST_F(AttemptDirectoryTest, AMissingFolderIsAFreeGuardButAMissingSpoolIsNoEvidence) {
  EXPECT_EQ(Look().guard, GuardState::kFree);
  std::filesystem::remove_all(directories_.spool());
  EXPECT_EQ(Look().guard, GuardState::kUnknown);
}

TEST_F(AttemptDirectoryTest, ASpoolWithoutTheSitesMarkIsNoEvidenceAndIsNotWrittenTo) {
  std::filesystem::remove_all(directories_.spool());
  std::filesystem::create_directory(directories_.spool());  // A mount point without its disk.
  EXPECT_EQ(Look().guard, GuardState::kUnknown);
  EXPECT_EQ(directories_.Make(attempt_id_).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(std::filesystem::is_empty(directories_.spool()));
  std::filesystem::create_directory(directories_.PathOf(attempt_id_));
  EXPECT_EQ(Look().guard, GuardState::kUnknown);
  BeginSpool(directories_.spool(), "another key");
  EXPECT_EQ(Look().guard, GuardState::kUnknown);
  EXPECT_EQ(directories_.Begin().code(), StatusCode::kFailedPrecondition);
}

TEST_F(AttemptDirectoryTest, TheGuardIsTakenOnceAndForEver) {
  const AttemptDirectory directory = Make();
  EXPECT_EQ(Look().guard, GuardState::kFree);
  EXPECT_EQ(TakeGuard(directory, Guard(), "1").value(), GuardState::kTakenByAgent);
  EXPECT_EQ(TakeGuard(directory, Guard(), "2").value(), GuardState::kTakenByAgent);
  EXPECT_EQ(Look().guard, GuardState::kTakenByAgent);
}

TEST_F(AttemptDirectoryTest, AWrappersGuardIsBelievedByItsContent) {
  const AttemptDirectory directory = Make();
  ASSERT_TRUE(directory.WriteFile(Guard(), "wrapper btag n1 17\n").ok());
  EXPECT_EQ(TakeGuard(directory, Guard(), "1").value(), GuardState::kTakenByWrapper);
  EXPECT_EQ(directory.ReadFile(Guard()).value(), "wrapper btag n1 17\n");
}

TEST_F(AttemptDirectoryTest, AGuardThatNobodyOfOursMadeIsNoEvidence) {
  const AttemptDirectory directory = Make();
  ASSERT_TRUE(directory.WriteFile(Guard(), "").ok());
  EXPECT_EQ(Look().guard, GuardState::kUnknown);
  EXPECT_EQ(TakeGuard(directory, Guard(), "1").status().code(), StatusCode::kUnavailable);
}

TEST_F(AttemptDirectoryTest, AGuardUnderAnotherKeyIsNoEvidence) {
  const AttemptDirectory directory = Make();
  ASSERT_TRUE(directory.WriteFile(GuardName(attempt_id_, "a lost key"), "wrapper btag n1 17\n").ok());
  EXPECT_EQ(Look().guard, GuardState::kUnknown);
  EXPECT_EQ(TakeGuard(directory, Guard(), "1").status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(directory.ReadFile(Guard()).status().code(), StatusCode::kNotFound);
}

TEST_F(AttemptDirectoryTest, TheGuardsNameIsNotInTheTag) {
  EXPECT_EQ(Guard().find(LocalTag(attempt_id_)), std::string::npos);
  EXPECT_NE(GuardName(attempt_id_, "another key"), Guard());
}

// --- The wrapper's records.

std::string Checked(const std::string& body) {
  return body + fmt::format("cksum {} {}\n", PosixCksum(body), body.size());
}

std::string ExitText(const std::string& status) {
  return Checked("turnpike-exit 1\ntag " + LocalTag(*AttemptId::Parse("00112233-4455-4677-8899-aabbccddeeff")) +
                 "\nhost n1\njob 17\nstatus " + status +
                 "\nstart 1700000000\nend 1700000060\ntimes 0m0.00s 0m0.00s 1m2.50s 0m0.25s\n");
}

TEST_F(AttemptDirectoryTest, RecordsAreReadOnceTheWrapperHasTheGuard) {
  const AttemptDirectory directory = Make();
  ASSERT_TRUE(directory.WriteFile(AttemptFiles::kExitRecord, ExitText("3")).ok());
  EXPECT_FALSE(Look().exit.has_value());
  ASSERT_TRUE(directory.WriteFile(Guard(), "wrapper x\n").ok());
  ASSERT_TRUE(Look().exit.has_value());
  EXPECT_EQ(Look().exit->exit_code, 3);
}

TEST(ExitRecord, CksumIsThatOfThePosixTool) {
  EXPECT_EQ(PosixCksum(""), 4294967295U);
  EXPECT_EQ(PosixCksum("123456789"), 930766865U);
}

TEST(ExitRecord, StatusesAreCodesOrSignals) {
  const std::string tag = LocalTag(*AttemptId::Parse("00112233-4455-4677-8899-aabbccddeeff"));
  struct Case {
    const char* status;
    std::optional<int> code;
    int signal;
  };
  for (const Case& one : {Case{"0", 0, 0}, Case{"127", 127, 0}, Case{"128", 128, 0}, Case{"143", std::nullopt, 15},
                          Case{"137", std::nullopt, 9}, Case{"255", 255, 0}}) {
    const Result<ExitRecord> record = ParseExitRecord(ExitText(one.status), tag);
    ASSERT_TRUE(record.ok()) << record.status();
    EXPECT_EQ(record->exit_code, one.code) << one.status;
    EXPECT_EQ(record->exit_signal, one.signal) << one.status;
    EXPECT_EQ(record->cpu_user, std::chrono::milliseconds(62'500));
    EXPECT_EQ(record->local_job_id, "17");
  }
}

TEST(ExitRecord, DamageOfAnyByteIsSeen) {
  const std::string tag = LocalTag(*AttemptId::Parse("00112233-4455-4677-8899-aabbccddeeff"));
  const std::string text = ExitText("0");
  for (size_t at = 0; at < text.size(); ++at) {
    std::string damaged = text;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    EXPECT_FALSE(ParseExitRecord(damaged, tag).ok()) << at;
    EXPECT_FALSE(ParseExitRecord(text.substr(0, at), tag).ok()) << at;
  }
}

TEST(ExitRecord, AnotherAttemptsRecordAndAbsurdValuesAreRefused) {
  const std::string tag = LocalTag(*AttemptId::Parse("00112233-4455-4677-8899-aabbccddeeff"));
  EXPECT_EQ(ParseExitRecord(ExitText("0"), "bother").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ParseStartRecord(ExitText("0"), tag).status().code(), StatusCode::kInvalidArgument);
  for (const char* status : {"256", "-1", "x", ""}) {
    EXPECT_EQ(ParseExitRecord(ExitText(status), tag).status().code(), StatusCode::kInvalidArgument) << status;
  }
}

}  // namespace
}  // namespace turnpike
