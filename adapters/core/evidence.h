#pragma once
// What one round shows of one attempt: scheduler, guard and the wrapper's own records, each saying whether it is
// evidence at all.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/core/attempt_record.h"
#include "adapters/core/local_job.h"
#include "adapters/core/scheduler.h"
#include "base/time.h"

namespace turnpike {

enum class GuardState {
  kUnknown,         // the directory could not be read: no evidence
  kFree,            // nobody took it (also: no directory)
  kTakenByWrapper,  // the program may have started
  kTakenByAgent,    // it can never start
};

// Written by the wrapper once it has the guard.
struct StartRecord {
  Timestamp start_time{};
  std::string host;
  std::string local_job_id;
  friend bool operator==(const StartRecord&, const StartRecord&) = default;
};

// Written by the wrapper after the program's end.
struct ExitRecord {
  std::optional<int> exit_code;  // where the program ended by itself
  int exit_signal = 0;
  Timestamp start_time{};
  Timestamp end_time{};
  std::string local_job_id;
  std::chrono::milliseconds cpu_user{0};
  std::chrono::milliseconds cpu_system{0};
  friend bool operator==(const ExitRecord&, const ExitRecord&) = default;
};

// The start guard and the wrapper's records, as the attempt's directory holds them.
struct DirectoryEvidence {
  GuardState guard = GuardState::kUnknown;
  std::optional<StartRecord> start;
  std::optional<ExitRecord> exit;
};

enum class Presence { kUnknown, kAbsent, kPresent };

struct Evidence {
  // kAbsent: every source was complete, fit to show it, and did not.
  Presence presence = Presence::kUnknown;
  bool has_accounting = false;  // the site has it, whether or not it answered this time
  // Copies that carry the attempt's tag, each once; what accounting says of an end wins.
  std::vector<LocalJobView> jobs{};
  DirectoryEvidence directory{};
};
// Picks out what concerns `record`.  A job with the tag counts only if its owner is the record's and its comment, where
// the source has one, is genuine.  Absence counts only from a source that is complete and in this round showed a job of
// the same local user.
Evidence GatherEvidence(const AttemptRecord& record, const PollResult& poll, const DirectoryEvidence& directory,
                        std::string_view site_key);

// Exit codes of the wrapper itself.  A row that shows them is no evidence of what the first run did.
inline constexpr int kExitDuplicateStart = 86;
inline constexpr int kExitNoDirectory = 87;

}  // namespace turnpike
