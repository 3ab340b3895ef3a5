#include "base/file_sync.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <limits>
#include <thread>
#include <vector>

#include "tests/base/fork_child.h"
#include "tests/base/scratch_folder.h"

namespace turnpike {
namespace {

unsigned ModeOf(const std::string& path) {
  struct stat info {};
  CHECK(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

size_t EntryCount(const std::string& folder) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

// As somebody whom permissions bind, which root is not.
int ForkAsNobody(const std::function<int()>& function) {
  return Fork([&] {
    constexpr uid_t kNobody = 65534;
    return ::geteuid() == 0 && ::setuid(kNobody) != 0 ? -1 : function();
  });
}

TEST(WriteFileAtomically, WritesEveryByte) {
  const ScratchFolder folder;
  std::string text(3'000'000, 'x');
  text[1] = '\0';
  text.back() = '\xff';
  ASSERT_TRUE(WriteFileAtomically(folder.File("a"), text).ok());
  EXPECT_EQ(*ReadFile(folder.File("a")), text);
  ASSERT_TRUE(WriteFileAtomically(folder.File("a"), "").ok());
  EXPECT_EQ(*ReadFile(folder.File("a")), "");
}

TEST(WriteFileAtomically, GivesTheModeWhateverTheUmaskAndTheOldFile) {
  const ScratchFolder folder;
  const mode_t umask_before = ::umask(077);
  EXPECT_TRUE(WriteFileAtomically(folder.File("a"), "1").ok());
  EXPECT_EQ(ModeOf(folder.File("a")), 0644U);
  EXPECT_TRUE(WriteFileAtomically(folder.File("a"), "2", 0600).ok());
  EXPECT_EQ(ModeOf(folder.File("a")), 0600U);
  ::umask(umask_before);
}

TEST(WriteFileAtomically, ReadersSeeTheOldOrTheNewText) {
  const ScratchFolder folder;
  const std::string path = folder.File("a");
  const std::string old_text(100'000, 'o');
  const std::string new_text(200'000, 'n');
  ASSERT_TRUE(WriteFileAtomically(path, old_text).ok());
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 30; ++i) {
      EXPECT_TRUE(WriteFileAtomically(path, i % 2 == 0 ? new_text : old_text).ok());
    }
    done = true;
  });
  while (!done) {
    const Result<std::string> text = ReadFile(path);
    EXPECT_TRUE(text.ok() && (*text == old_text || *text == new_text));
  }
  writer.join();
}

TEST(WriteFileAtomically, WritersAtTheSameTimeDoNotMix) {
  const ScratchFolder folder;
  std::vector<std::thread> writers;
  for (const char c : {'a', 'b', 'c'}) {
    writers.emplace_back([&folder, c] {
      for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(WriteFileAtomically(folder.File("a"), std::string(50'000, c)).ok());
      }
    });
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  const std::string text = *ReadFile(folder.File("a"));
  EXPECT_EQ(text, std::string(50'000, text.at(0)));
  EXPECT_EQ(EntryCount(folder.path()), 1U);
}

TEST(WriteFileAtomically, LeavesNothingBehindWhenItFails) {
  const ScratchFolder folder;
  ASSERT_TRUE(MakeFolders(folder.File("taken/by")).ok());
  EXPECT_FALSE(WriteFileAtomically(folder.File("taken"), "text").ok());
  EXPECT_EQ(EntryCount(folder.path()), 1U);
  EXPECT_EQ(WriteFileAtomically(folder.File("missing/file"), "text").code(), StatusCode::kNotFound);
}

TEST(WriteFileAtomically, TakesAPathWithoutAFolder) {
  const ScratchFolder folder;
  const int status = WaitForFork(Fork([&] {
    const bool written = ::chdir(folder.path().c_str()) == 0 && WriteFileAtomically("bare", "text").ok();
    return written ? 0 : 1;
  }));
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(*ReadFile(folder.File("bare")), "text");
}

TEST(ReadFile, TellsWhyItCannot) {
  const ScratchFolder folder;
  EXPECT_EQ(ReadFile(folder.File("missing")).status(),
            NotFound("cannot open {}: No such file or directory", folder.File("missing")));
  EXPECT_FALSE(ReadFile(folder.path()).ok());
}

TEST(ReadFile, IsDeniedWhereTheModeSaysSo) {
  const ScratchFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  ASSERT_TRUE(WriteFileAtomically(folder.File("secret"), "text", 0).ok());
  const int status =
      WaitForFork(ForkAsNobody([&] { return static_cast<int>(ReadFile(folder.File("secret")).status().code()); }));
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), static_cast<int>(StatusCode::kPermissionDenied));
}

TEST(ReadFile, TakesExactlyTheLimitAndRefusesMore) {
  const ScratchFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder.File("a"), "12345").ok());
  EXPECT_EQ(*ReadFile(folder.File("a"), 5), "12345");
  EXPECT_EQ(*ReadFile(folder.File("a"), std::numeric_limits<size_t>::max()), "12345");
  EXPECT_EQ(ReadFile(folder.File("a"), 4).status(), OutOfRange("{} is larger than 4 bytes", folder.File("a")));
  EXPECT_EQ(ReadFile(folder.File("a"), 0).status().code(), StatusCode::kOutOfRange);
}

TEST(ReadFile, ReadsFilesThatClaimNoSize) {
  EXPECT_FALSE(ReadFile("/proc/self/status")->empty());
}

TEST(ReadFileTail, GivesTheEndAndTheWholeSize) {
  const ScratchFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder.File("a"), "0123456789").ok());
  struct Case {
    size_t bytes_max;
    const char* bytes;
  };
  for (const Case& c : {Case{0, ""}, Case{3, "789"}, Case{10, "0123456789"}, Case{11, "0123456789"},
                        Case{std::numeric_limits<size_t>::max(), "0123456789"}}) {
    const Result<FileTail> tail = ReadFileTail(folder.File("a"), c.bytes_max);
    ASSERT_TRUE(tail.ok()) << tail.status();
    EXPECT_EQ(tail->bytes, c.bytes);
    EXPECT_EQ(tail->file_size, 10U);
  }
  EXPECT_EQ(ReadFileTail(folder.File("missing"), 1).status().code(), StatusCode::kNotFound);
}

TEST(SyncFolder, TakesFoldersOnly) {
  const ScratchFolder folder;
  EXPECT_TRUE(SyncFolder(folder.path()).ok());
  EXPECT_EQ(SyncFolder(folder.File("missing")).code(), StatusCode::kNotFound);
  ASSERT_TRUE(WriteFileAtomically(folder.File("file"), "").ok());
  EXPECT_FALSE(SyncFolder(folder.File("file")).ok());
}

TEST(MakeFolders, MakesParentsAndGivesTheLastTheMode) {
  const ScratchFolder folder;
  const mode_t umask_before = ::umask(077);
  EXPECT_TRUE(MakeFolders(folder.File("a//b/c/"), 0770).ok());
  ::umask(umask_before);
  EXPECT_EQ(ModeOf(folder.File("a/b/c")), 0770U);
  EXPECT_EQ(ModeOf(folder.File("a/b")), 0755U);
}

TEST(MakeFolders, LeavesWhatIsThereAsItIs) {
  const ScratchFolder folder;
  ASSERT_TRUE(MakeFolders(folder.File("a"), 0700).ok());
  ASSERT_TRUE(MakeFolders(folder.File("a"), 0755).ok());
  EXPECT_EQ(ModeOf(folder.File("a")), 0700U);
  EXPECT_TRUE(MakeFolders("/").ok());
  std::filesystem::create_directory_symlink(folder.File("a"), folder.File("link"));
  EXPECT_TRUE(MakeFolders(folder.File("link/b")).ok());
  EXPECT_TRUE(std::filesystem::is_directory(folder.File("a/b")));
}

TEST(MakeFolders, RefusesAFileInTheWayAndNoPathAtAll) {
  const ScratchFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder.File("file"), "").ok());
  EXPECT_FALSE(MakeFolders(folder.File("file")).ok());
  EXPECT_FALSE(MakeFolders(folder.File("file/below")).ok());
  EXPECT_EQ(MakeFolders("").code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace turnpike
