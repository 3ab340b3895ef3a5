#include "tests/e2e/read_journal.h"

#include <filesystem>

#include "base/random.h"
#include "base/system_clock.h"

namespace turnpike {

Result<JournalState> ReadJournal(const std::string& folder) {
  const std::string copy = folder + ".seen";
  std::error_code error;
  std::filesystem::remove_all(copy, error);
  std::filesystem::copy(folder, copy, error);
  if (error) {
    return Internal("{} cannot be copied: {}", folder, error.message());
  }
  SystemClock clock;
  SystemRandom random;
  IdSource ids(clock, random);
  ASSIGN_OR_RETURN(const std::unique_ptr<Journal> journal, Journal::Open({.folder = copy}, ids));
  return journal->state();
}

}  // namespace turnpike
