#pragma once
// What Slurm's words for a job's state mean to us: one table, and the rules for the words that need more than a table.

#include <optional>
#include <span>
#include <string_view>

#include "adapters/core/local_job.h"
#include "adapters/slurm/parse_values.h"

namespace turnpike::slurm {

struct StateMeaning {
  std::string_view word;  // as %T and sacct print it
  LocalState state;
  EndCause cause;  // kNone unless ended
  FaultClass fault;
};

extern const std::span<const StateMeaning> kStateMeanings;

// The first word decides ("CANCELLED by 1000"); nullptr for a word that is not in the table.
const StateMeaning* FindState(std::string_view raw_state);

// Everything a row says that bears on how a job ended.
struct EndEvidence {
  std::string_view raw_state;
  std::string_view raw_reason = {};
  ExitStatus exit = {};   // says nothing without the state: TIMEOUT and NODE_FAIL come with 0:0
  bool had_nodes = true;  // false: it never got any
  int own_uid = -1;       // the agent's, which also cancels for the user
};

struct StateVerdict {
  LocalState state = LocalState::kUnknown;
  EndCause cause = EndCause::kNone;
  FaultClass fault = FaultClass::kNone;
  std::optional<int> exit_code;  // only where the program ended by itself
  int exit_signal = 0;
};

StateVerdict JudgeState(const EndEvidence& evidence);

}  // namespace turnpike::slurm
