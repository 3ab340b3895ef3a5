#include "adapters/slurm/state_map.h"

#include <string>

namespace turnpike::slurm {
namespace {

using enum LocalState;
constexpr EndCause kNoCause = EndCause::kNone;
constexpr FaultClass kNoFault = FaultClass::kNone;

// clang-format off
constexpr StateMeaning kTable[] = {
    {"PENDING",       kPending,    kNoCause,                   kNoFault},
    {"REQUEUED",      kPending,    kNoCause,                   kNoFault},  // That run is over, the job waits again.
    {"REQUEUE_HOLD",  kPending,    kNoCause,                   kNoFault},
    {"REQUEUE_FED",   kPending,    kNoCause,                   kNoFault},
    {"SPECIAL_EXIT",  kPending,    kNoCause,                   kNoFault},  // Requeued and held, with a flag on it.
    {"RESV_DEL_HOLD", kPending,    kNoCause,                   kNoFault},
    {"CONFIGURING",   kRunning,    kNoCause,                   kNoFault},
    {"RUNNING",       kRunning,    kNoCause,                   kNoFault},
    {"SUSPENDED",     kRunning,    kNoCause,                   kNoFault},
    {"STOPPED",       kRunning,    kNoCause,                   kNoFault},
    {"RESIZING",      kRunning,    kNoCause,                   kNoFault},
    {"SIGNALING",     kRunning,    kNoCause,                   kNoFault},
    {"COMPLETING",    kCompleting, kNoCause,                   kNoFault},
    {"STAGE_OUT",     kCompleting, kNoCause,                   kNoFault},
    {"COMPLETED",     kEnded,      EndCause::kProgramEnded,    kNoFault},
    {"FAILED",        kEnded,      EndCause::kProgramEnded,    FaultClass::kUser},
    {"TIMEOUT",       kEnded,      EndCause::kTimeLimit,       FaultClass::kUser},
    {"OUT_OF_MEMORY", kEnded,      EndCause::kOutOfMemory,     FaultClass::kUser},
    {"CANCELLED",     kEnded,      EndCause::kCancelledBySite, FaultClass::kSite},
    {"DEADLINE",      kEnded,      EndCause::kCancelledBySite, FaultClass::kPolicy},
    {"PREEMPTED",     kEnded,      EndCause::kPreempted,       FaultClass::kSite},
    {"NODE_FAIL",     kEnded,      EndCause::kSiteInterrupted, FaultClass::kSite},
    {"BOOT_FAIL",     kEnded,      EndCause::kSiteInterrupted, FaultClass::kSite},
    {"LAUNCH_FAILED", kEnded,      EndCause::kSiteInterrupted, FaultClass::kSite},
    {"REVOKED",       kEnded,      EndCause::kSiteInterrupted, FaultClass::kSite},  // A sibling runs elsewhere.
};
// clang-format on

// slurmstepd's way to say that it could not set the job up (no directory, output that cannot be opened): "signal" 53.
constexpr int kSetupFailedSignal = 53;

void JudgeFailed(const EndEvidence& evidence, StateVerdict& verdict) {
  if (!evidence.had_nodes) {  // BadConstraints: refused after it had got an id
    verdict.cause = EndCause::kRefused;
  } else if (evidence.exit.signal == kSetupFailedSignal || evidence.raw_reason == "SystemFailure" ||
             evidence.raw_reason == "NodeDown") {
    verdict.cause = EndCause::kSiteInterrupted;
    verdict.fault = FaultClass::kSite;
  }
}

void JudgeCancelled(const EndEvidence& evidence, StateVerdict& verdict) {
  constexpr std::string_view kBy = "CANCELLED by ";
  const std::optional<int64_t> uid = evidence.raw_state.starts_with(kBy)
                                         ? ParseWhole(evidence.raw_state.substr(kBy.size()))
                                         : std::optional<int64_t>();
  if (uid && *uid == evidence.own_uid) {
    verdict.cause = EndCause::kCancelledByUser;
    verdict.fault = FaultClass::kNone;
  } else if (!uid && evidence.raw_reason == "DependencyNeverSatisfied") {
    verdict.fault = FaultClass::kUser;
  }
}

}  // namespace

const std::span<const StateMeaning> kStateMeanings(kTable);

const StateMeaning* FindState(std::string_view raw_state) {
  const std::string_view word = raw_state.substr(0, raw_state.find(' '));
  for (const StateMeaning& meaning : kTable) {
    if (meaning.word == word) return &meaning;
  }
  return nullptr;
}

StateVerdict JudgeState(const EndEvidence& evidence) {
  StateVerdict verdict;
  const StateMeaning* meaning = FindState(evidence.raw_state);
  if (meaning == nullptr) return verdict;
  verdict.state = meaning->state;
  verdict.cause = meaning->cause;
  verdict.fault = meaning->fault;
  if (meaning->word == "FAILED") JudgeFailed(evidence, verdict);
  if (meaning->word == "CANCELLED") JudgeCancelled(evidence, verdict);
  if (verdict.cause == EndCause::kProgramEnded) {
    verdict.exit_signal = evidence.exit.signal;
    if (evidence.exit.signal == 0) verdict.exit_code = evidence.exit.code;
  }
  return verdict;
}

}  // namespace turnpike::slurm
