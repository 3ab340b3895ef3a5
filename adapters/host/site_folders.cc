#include "adapters/host/site_folders.h"

#include <sys/stat.h>

#include <array>
#include <vector>

#include "adapters/host/read_journal.h"
#include "base/digest.h"
#include "base/file_sync.h"
#include "base/log.h"

namespace turnpike {
namespace {

constexpr unsigned kPrivateFolder = 0700;
constexpr unsigned kPrivateFile = 0600;
constexpr size_t kKeyBytes = 32;
constexpr size_t kKeyHexBytes = kKeyBytes * 2;

Result<bool> HoldsAttempts(const std::string& spool) {
  const Result<std::vector<AttemptId>> attempts = ListAttempts(spool);
  if (attempts.status().code() == StatusCode::kNotFound) {
    return false;
  }
  RETURN_IF_ERROR(attempts.status());
  return !attempts->empty();
}

// Under a new key all comments and guards of earlier attempts would be strangers'.
Status CheckThatNoneWasLost(const SitePaths& paths) {
  struct stat facts {};
  const bool has_journal = ::stat((paths.journal_folder() + "/journal").c_str(), &facts) == 0;
  ASSIGN_OR_RETURN(const bool has_attempts, HoldsAttempts(paths.spool_directory));
  if (!has_journal && !has_attempts) {
    return OkStatus();
  }
  return FailedPrecondition(
      "{} is missing, and {} holds what was made under it; restore it from a copy. Where there is none: end this "
      "site's jobs in the scheduler, then move {} and what is in {} away to begin anew",
      paths.key(), has_attempts ? paths.spool_directory : paths.journal_folder(), paths.journal_folder(),
      paths.spool_directory);
}

// Comments and guard names are made with it: it must outlive the journal, and nobody else may know it.
Result<std::string> OpenSiteKey(const SitePaths& paths, RandomSource& random) {
  Result<std::string> key = ReadFile(paths.key(), kKeyHexBytes);
  if (key.ok() && key->size() != kKeyHexBytes) {
    return DataLoss("{} holds {} bytes instead of the {} of a site's key; restore it from a copy", paths.key(),
                    key->size(), kKeyHexBytes);
  }
  if (key.status().code() != StatusCode::kNotFound) {
    return key;
  }
  RETURN_IF_ERROR(CheckThatNoneWasLost(paths));
  std::array<uint8_t, kKeyBytes> bytes{};
  random.Fill(bytes);
  std::string made = ToHex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  RETURN_IF_ERROR(WriteFileAtomically(paths.key(), made, kPrivateFile));
  return made;
}

}  // namespace

Result<SiteFolders> OpenSiteFolders(const SitePaths& paths, RandomSource& random) {
  RETURN_IF_ERROR(MakeFolders(paths.data_directory, kPrivateFolder));
  ASSIGN_OR_RETURN(std::string key, OpenSiteKey(paths, random));
  ASSIGN_OR_RETURN(AttemptDirectories directories, AttemptDirectories::Open(paths.spool_directory, key));
  if (!directories.CheckSpool().ok()) {
    ASSIGN_OR_RETURN(const JournalState journal, ReadJournalState(paths.journal_folder()));
    if (journal.attempts.empty()) {
      RETURN_IF_ERROR(directories.Begin());
    } else {
      LogError("the journal's attempts are not in this spool, it is waited for",
               {{"attempts", std::to_string(journal.attempts.size())},
                {"why", std::string(MessageOf(directories.CheckSpool()))}});
    }
  }
  return SiteFolders{.key = std::move(key), .directories = std::move(directories)};
}

}  // namespace turnpike
