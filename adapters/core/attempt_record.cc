#include "adapters/core/attempt_record.h"

#include <string_view>

#include "adapters/core/local_tag.h"

namespace turnpike {
namespace {

using Phase = AttemptPhase;
using Event = AttemptEvent;

struct AttemptTransition {
  Phase from;
  Event event;
  Phase to;
};

constexpr AttemptTransition kAttemptTransitions[] = {
    {Phase::kOffered, Event::kClaim, Phase::kClaimed},
    {Phase::kOffered, Event::kRefuse, Phase::kNotStarted},
    {Phase::kClaimed, Event::kClaim, Phase::kClaimed},  // asked again
    {Phase::kClaimed, Event::kGo, Phase::kGo},
    {Phase::kClaimed, Event::kRefuse, Phase::kNotStarted},
    {Phase::kClaimed, Event::kFence, Phase::kFenced},
    {Phase::kClaimed, Event::kAccepted, Phase::kSubmitted},  // the journal is older than the truth
    {Phase::kClaimed, Event::kStart, Phase::kStarted},       // the same
    {Phase::kGo, Event::kGo, Phase::kGo},
    {Phase::kGo, Event::kClaim, Phase::kClaimed},  // the lease ran out
    {Phase::kGo, Event::kIntend, Phase::kIntent},
    {Phase::kGo, Event::kRefuse, Phase::kNotStarted},
    {Phase::kGo, Event::kFence, Phase::kFenced},
    {Phase::kGo, Event::kAccepted, Phase::kSubmitted},  // the journal is older than the truth
    {Phase::kGo, Event::kStart, Phase::kStarted},       // the same
    {Phase::kIntent, Event::kAccepted, Phase::kSubmitted},
    {Phase::kIntent, Event::kAnswerUnknown, Phase::kAmbiguous},
    {Phase::kIntent, Event::kRefuse, Phase::kNotStarted},
    {Phase::kIntent, Event::kStart, Phase::kStarted},
    {Phase::kIntent, Event::kFence, Phase::kFenced},
    {Phase::kAmbiguous, Event::kAnswerUnknown, Phase::kAmbiguous},
    {Phase::kAmbiguous, Event::kIntend, Phase::kIntent},  // the same attempt again: all copies share one guard
    {Phase::kAmbiguous, Event::kAccepted, Phase::kSubmitted},
    {Phase::kAmbiguous, Event::kStart, Phase::kStarted},
    {Phase::kAmbiguous, Event::kFence, Phase::kFenced},
    {Phase::kSubmitted, Event::kAccepted, Phase::kSubmitted},  // another copy of it is the one that counts
    {Phase::kSubmitted, Event::kStart, Phase::kStarted},
    {Phase::kSubmitted, Event::kFence, Phase::kFenced},
    {Phase::kStarted, Event::kAccepted, Phase::kStarted},  // its local id became known late
    {Phase::kStarted, Event::kEnd, Phase::kEnded},
    {Phase::kStarted, Event::kLose, Phase::kInterrupted},
};

constexpr std::string_view kPhaseNames[kAttemptPhaseCount] = {"OFFERED",     "CLAIMED",   "GO",         "INTENT",
                                                              "SUBMITTED",   "AMBIGUOUS", "STARTED",    "ENDED",
                                                              "NOT_STARTED", "FENCED",    "INTERRUPTED"};
constexpr std::string_view kEventNames[kAttemptEventCount] = {"CLAIM",          "GO",    "REFUSE", "INTEND", "ACCEPTED",
                                                              "ANSWER_UNKNOWN", "START", "END",    "FENCE",  "LOSE"};

constexpr std::string_view kFactNames[std::variant_size_v<Fact>] = {
    "CLAIMED",     "SUBMITTED",   "AMBIGUOUS", "STARTED", "ENDED",
    "NOT_STARTED", "INTERRUPTED", "USAGE",     "ORPHAN",  "SITE_STATE_CHANGED"};

}  // namespace

std::optional<AttemptPhase> NextAttemptPhase(AttemptPhase from, AttemptEvent event) {
  for (const AttemptTransition& transition : kAttemptTransitions) {
    if (transition.from == from && transition.event == event) {
      return transition.to;
    }
  }
  return std::nullopt;
}

bool IsFinal(AttemptPhase phase) {
  return phase == Phase::kEnded || phase == Phase::kNotStarted || phase == Phase::kFenced ||
         phase == Phase::kInterrupted;
}

std::string_view AttemptPhaseName(AttemptPhase phase) {
  return kPhaseNames[static_cast<size_t>(phase)];
}
std::string_view AttemptEventName(AttemptEvent event) {
  return kEventNames[static_cast<size_t>(event)];
}
std::string_view FactName(const Fact& fact) {
  return kFactNames[fact.index()];
}

std::string AttemptRecord::tag() const {
  return LocalTag(attempt_id);
}

}  // namespace turnpike
