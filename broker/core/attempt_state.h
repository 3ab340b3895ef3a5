#pragma once
// An attempt as the broker knows it, and the one table of what a report may change.  The agent's INTENT is not seen
// here.
//
// Reports may come late, twice, or with steps missing between them: what is older than the state changes nothing (the
// table then leads back to the same state), and a final state stays.  A report that contradicts what was proved (a
// start after FENCED, say) is not in the table: it goes to refused_report and a person is told.

#include <optional>
#include <span>
#include <string_view>

namespace turnpike {

enum class AttemptState {
  kOffered,      // in the site's desired state
  kClaimed,      // the agent claimed it and has GO
  kAmbiguous,    // handed to the scheduler, the answer is not known
  kSubmitted,    // the scheduler has it
  kStarted,      // the guard is taken by its wrapper
  kUncertain,    // no guard and no evidence: waits for a person
  kEnded,        // final: ran to its end, whatever that was
  kNotStarted,   // final: refused or given back, never ran
  kFenced,       // final: proved never to start, the agent holds the guard
  kInterrupted,  // final: ran, then lost by the site
  kWithdrawn,    // final: the broker took the offer back before a claim
};
enum class AttemptEvent {
  kClaimed,
  kAmbiguous,
  kSubmitted,
  kStarted,
  kUncertain,
  kEnded,
  kNotStarted,
  kFenced,
  kInterrupted,
  kWithdrawn,
};

constexpr AttemptState kAttemptStates[] = {
    AttemptState::kOffered, AttemptState::kClaimed,     AttemptState::kAmbiguous, AttemptState::kSubmitted,
    AttemptState::kStarted, AttemptState::kUncertain,   AttemptState::kEnded,     AttemptState::kNotStarted,
    AttemptState::kFenced,  AttemptState::kInterrupted, AttemptState::kWithdrawn};
constexpr AttemptEvent kAttemptEvents[] = {
    AttemptEvent::kClaimed,     AttemptEvent::kAmbiguous, AttemptEvent::kSubmitted,  AttemptEvent::kStarted,
    AttemptEvent::kUncertain,   AttemptEvent::kEnded,     AttemptEvent::kNotStarted, AttemptEvent::kFenced,
    AttemptEvent::kInterrupted, AttemptEvent::kWithdrawn};

struct AttemptTransition {
  AttemptState from;
  AttemptEvent event;
  AttemptState to;
};
std::span<const AttemptTransition> AttemptTransitions();

// The same state: nothing new.  nullopt: contradicts what is known.
std::optional<AttemptState> NextAttemptState(AttemptState from, AttemptEvent event);
bool IsFinal(AttemptState state);
// It may still begin at the site, or is thought to be there and not running: it fills the share's buffer.
bool IsUnstarted(AttemptState state);

std::string_view AttemptStateName(AttemptState state);  // "OFFERED"
std::optional<AttemptState> ParseAttemptState(std::string_view name);
std::string_view AttemptEventName(AttemptEvent event);  // "CLAIMED"
std::optional<AttemptEvent> ParseAttemptEvent(std::string_view name);

}  // namespace turnpike
