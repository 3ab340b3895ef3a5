#pragma once
// The attempt's own folder: spool/<base32 of the attempt id>, mode 0700, on a file system that the compute nodes see.
// Holds the start guard, the user's script, the wrapper's settings and records, the output, and the work folder.
// No symbolic link is ever followed in it.  Not shared by threads.

#include <string>
#include <string_view>
#include <vector>

#include "adapters/core/evidence.h"
#include "base/file_descriptor.h"
#include "base/file_sync.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"

namespace turnpike {

// Names of the files in it.
struct AttemptFiles {
  static constexpr const char* kSettings = "settings";        // sourced by the wrapper
  static constexpr const char* kEnvironment = "environment";  // sourced by the launcher
  static constexpr const char* kStartRecord = "start";
  static constexpr const char* kExitRecord = "exit";
  static constexpr const char* kOutput = "stdout";
  static constexpr const char* kError = "stderr";
  static constexpr const char* kWork = "work";
};

class AttemptDirectory {
 public:
  AttemptDirectory(std::string path, FileDescriptor folder) : path_(std::move(path)), folder_(std::move(folder)) {}

  const std::string& path() const { return path_; }
  int folder() const { return folder_.number(); }
  std::string PathOf(std::string_view name) const { return path_ + "/" + std::string(name); }

  // Replaces a file as a whole, synced.
  Status WriteFile(const std::string& name, std::string_view text, unsigned mode = 0600) const;
  // NOT_FOUND; FAILED_PRECONDITION for anything but a regular file; OUT_OF_RANGE when larger.
  Result<std::string> ReadFile(const std::string& name, size_t bytes_max = 1 << 20) const;
  // Some bytes of a file that may still grow; fewer, or none, where it ends.
  Result<std::string> ReadPart(const std::string& name, uint64_t offset, size_t bytes_max) const;
  // The last bytes of such a file.
  Result<FileTail> ReadTail(const std::string& name, size_t bytes_max) const;
  Status MakeFolder(const std::string& name) const;
  Result<std::vector<std::string>> Names() const;
  // Its entries are on disk.
  Status Sync() const;

 private:
  // A regular file, not through a link.
  Result<FileDescriptor> OpenToRead(const std::string& name) const;

  std::string path_;
  FileDescriptor folder_;
};

class AttemptDirectories {
 public:
  // The spool may be away: a file system that is not mounted.
  static Result<AttemptDirectories> Open(const std::string& spool, std::string_view site_key);
  // Makes the spool and its mark where they are missing: only for a site without attempts.  FAILED_PRECONDITION: it has
  // the mark of another site.
  Status Begin() const;
  // Whether the site's spool is there: a file made under the site's key marks it, which neither the empty folder under
  // a mount point nor another site's spool has.  FAILED_PRECONDITION says what to do.
  Status CheckSpool() const;

  const std::string& spool() const { return spool_; }
  std::string PathOf(const AttemptId& attempt_id) const;
  // Fine where it exists.
  Result<AttemptDirectory> Make(const AttemptId& attempt_id) const;
  Result<AttemptDirectory> Find(const AttemptId& attempt_id) const;  // NOT_FOUND
  Status Remove(const AttemptId& attempt_id) const;                  // with all it holds; OK when gone
  Result<std::vector<AttemptId>> List() const;
  // When an entry of its folder last changed.
  Result<Timestamp> ChangeTimeOf(const AttemptId& attempt_id) const;

  // Guard and records.  A folder that is not there is a free guard; one that cannot be read is no evidence, nor is
  // anything in a spool that is not the site's.
  DirectoryEvidence ReadEvidence(const AttemptId& attempt_id, std::string_view site_key) const;

 private:
  AttemptDirectories(std::string spool, std::string mark) : spool_(std::move(spool)), mark_(std::move(mark)) {}
  std::string MarkPath() const { return spool_ + "/.turnpike-spool"; }

  std::string spool_;
  std::string mark_;  // what the file says
};

// The attempts that have a folder in it; NOT_FOUND.
Result<std::vector<AttemptId>> ListAttempts(const std::string& spool);

}  // namespace turnpike
