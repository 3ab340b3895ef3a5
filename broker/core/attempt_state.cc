#include "broker/core/attempt_state.h"

#include "broker/core/enum_names.h"

namespace turnpike {
namespace {

// clang-format off
constexpr AttemptTransition kAttemptTransitions[] = {
    {AttemptState::kOffered,     AttemptEvent::kClaimed,     AttemptState::kClaimed    },
    {AttemptState::kOffered,     AttemptEvent::kAmbiguous,   AttemptState::kAmbiguous  },  // Steps skipped: an adopted attempt.
    {AttemptState::kOffered,     AttemptEvent::kSubmitted,   AttemptState::kSubmitted  },
    {AttemptState::kOffered,     AttemptEvent::kStarted,     AttemptState::kStarted    },
    {AttemptState::kOffered,     AttemptEvent::kUncertain,   AttemptState::kUncertain  },
    {AttemptState::kOffered,     AttemptEvent::kEnded,       AttemptState::kEnded      },
    {AttemptState::kOffered,     AttemptEvent::kNotStarted,  AttemptState::kNotStarted },
    {AttemptState::kOffered,     AttemptEvent::kFenced,      AttemptState::kFenced     },
    {AttemptState::kOffered,     AttemptEvent::kInterrupted, AttemptState::kInterrupted},
    {AttemptState::kOffered,     AttemptEvent::kWithdrawn,   AttemptState::kWithdrawn  },
    {AttemptState::kClaimed,     AttemptEvent::kClaimed,     AttemptState::kClaimed    },  // Claimed again, after its spawn lease ended.
    {AttemptState::kClaimed,     AttemptEvent::kAmbiguous,   AttemptState::kAmbiguous  },
    {AttemptState::kClaimed,     AttemptEvent::kSubmitted,   AttemptState::kSubmitted  },
    {AttemptState::kClaimed,     AttemptEvent::kStarted,     AttemptState::kStarted    },
    {AttemptState::kClaimed,     AttemptEvent::kUncertain,   AttemptState::kUncertain  },
    {AttemptState::kClaimed,     AttemptEvent::kEnded,       AttemptState::kEnded      },
    {AttemptState::kClaimed,     AttemptEvent::kNotStarted,  AttemptState::kNotStarted },
    {AttemptState::kClaimed,     AttemptEvent::kFenced,      AttemptState::kFenced     },
    {AttemptState::kClaimed,     AttemptEvent::kInterrupted, AttemptState::kInterrupted},
    {AttemptState::kAmbiguous,   AttemptEvent::kClaimed,     AttemptState::kAmbiguous  },  // Late.
    {AttemptState::kAmbiguous,   AttemptEvent::kAmbiguous,   AttemptState::kAmbiguous  },
    {AttemptState::kAmbiguous,   AttemptEvent::kSubmitted,   AttemptState::kSubmitted  },
    {AttemptState::kAmbiguous,   AttemptEvent::kStarted,     AttemptState::kStarted    },
    {AttemptState::kAmbiguous,   AttemptEvent::kUncertain,   AttemptState::kUncertain  },
    {AttemptState::kAmbiguous,   AttemptEvent::kEnded,       AttemptState::kEnded      },
    {AttemptState::kAmbiguous,   AttemptEvent::kNotStarted,  AttemptState::kNotStarted },
    {AttemptState::kAmbiguous,   AttemptEvent::kFenced,      AttemptState::kFenced     },
    {AttemptState::kAmbiguous,   AttemptEvent::kInterrupted, AttemptState::kInterrupted},
    {AttemptState::kSubmitted,   AttemptEvent::kClaimed,     AttemptState::kSubmitted  },  // Late.
    {AttemptState::kSubmitted,   AttemptEvent::kAmbiguous,   AttemptState::kSubmitted  },
    {AttemptState::kSubmitted,   AttemptEvent::kSubmitted,   AttemptState::kSubmitted  },
    {AttemptState::kSubmitted,   AttemptEvent::kStarted,     AttemptState::kStarted    },
    {AttemptState::kSubmitted,   AttemptEvent::kUncertain,   AttemptState::kUncertain  },
    {AttemptState::kSubmitted,   AttemptEvent::kEnded,       AttemptState::kEnded      },
    {AttemptState::kSubmitted,   AttemptEvent::kNotStarted,  AttemptState::kNotStarted },
    {AttemptState::kSubmitted,   AttemptEvent::kFenced,      AttemptState::kFenced     },
    {AttemptState::kSubmitted,   AttemptEvent::kInterrupted, AttemptState::kInterrupted},
    {AttemptState::kStarted,     AttemptEvent::kClaimed,     AttemptState::kStarted    },  // Late.
    {AttemptState::kStarted,     AttemptEvent::kAmbiguous,   AttemptState::kStarted    },
    {AttemptState::kStarted,     AttemptEvent::kSubmitted,   AttemptState::kStarted    },
    {AttemptState::kStarted,     AttemptEvent::kStarted,     AttemptState::kStarted    },
    {AttemptState::kStarted,     AttemptEvent::kUncertain,   AttemptState::kUncertain  },  // No guard, and the scheduler forgot it.
    {AttemptState::kStarted,     AttemptEvent::kEnded,       AttemptState::kEnded      },
    {AttemptState::kStarted,     AttemptEvent::kInterrupted, AttemptState::kInterrupted},
    {AttemptState::kUncertain,   AttemptEvent::kClaimed,     AttemptState::kUncertain  },
    {AttemptState::kUncertain,   AttemptEvent::kAmbiguous,   AttemptState::kUncertain  },
    {AttemptState::kUncertain,   AttemptEvent::kSubmitted,   AttemptState::kSubmitted  },  // Evidence after all.
    {AttemptState::kUncertain,   AttemptEvent::kStarted,     AttemptState::kStarted    },
    {AttemptState::kUncertain,   AttemptEvent::kUncertain,   AttemptState::kUncertain  },
    {AttemptState::kUncertain,   AttemptEvent::kEnded,       AttemptState::kEnded      },
    {AttemptState::kUncertain,   AttemptEvent::kNotStarted,  AttemptState::kNotStarted },
    {AttemptState::kUncertain,   AttemptEvent::kFenced,      AttemptState::kFenced     },
    {AttemptState::kUncertain,   AttemptEvent::kInterrupted, AttemptState::kInterrupted},
    {AttemptState::kEnded,       AttemptEvent::kClaimed,     AttemptState::kEnded      },  // What is final stays.
    {AttemptState::kEnded,       AttemptEvent::kAmbiguous,   AttemptState::kEnded      },
    {AttemptState::kEnded,       AttemptEvent::kSubmitted,   AttemptState::kEnded      },
    {AttemptState::kEnded,       AttemptEvent::kStarted,     AttemptState::kEnded      },
    {AttemptState::kEnded,       AttemptEvent::kUncertain,   AttemptState::kEnded      },
    {AttemptState::kEnded,       AttemptEvent::kEnded,       AttemptState::kEnded      },
    {AttemptState::kEnded,       AttemptEvent::kInterrupted, AttemptState::kEnded      },
    {AttemptState::kNotStarted,  AttemptEvent::kClaimed,     AttemptState::kNotStarted },  // Late; a start now would contradict it.
    {AttemptState::kNotStarted,  AttemptEvent::kAmbiguous,   AttemptState::kNotStarted },
    {AttemptState::kNotStarted,  AttemptEvent::kSubmitted,   AttemptState::kNotStarted },
    {AttemptState::kNotStarted,  AttemptEvent::kUncertain,   AttemptState::kNotStarted },
    {AttemptState::kNotStarted,  AttemptEvent::kNotStarted,  AttemptState::kNotStarted },
    {AttemptState::kNotStarted,  AttemptEvent::kFenced,      AttemptState::kNotStarted },
    {AttemptState::kFenced,      AttemptEvent::kClaimed,     AttemptState::kFenced     },  // Late; a start now would contradict it.
    {AttemptState::kFenced,      AttemptEvent::kAmbiguous,   AttemptState::kFenced     },
    {AttemptState::kFenced,      AttemptEvent::kSubmitted,   AttemptState::kFenced     },
    {AttemptState::kFenced,      AttemptEvent::kUncertain,   AttemptState::kFenced     },
    {AttemptState::kFenced,      AttemptEvent::kNotStarted,  AttemptState::kFenced     },
    {AttemptState::kFenced,      AttemptEvent::kFenced,      AttemptState::kFenced     },
    {AttemptState::kInterrupted, AttemptEvent::kClaimed,     AttemptState::kInterrupted},  // What is final stays.
    {AttemptState::kInterrupted, AttemptEvent::kAmbiguous,   AttemptState::kInterrupted},
    {AttemptState::kInterrupted, AttemptEvent::kSubmitted,   AttemptState::kInterrupted},
    {AttemptState::kInterrupted, AttemptEvent::kStarted,     AttemptState::kInterrupted},
    {AttemptState::kInterrupted, AttemptEvent::kUncertain,   AttemptState::kInterrupted},
    {AttemptState::kInterrupted, AttemptEvent::kEnded,       AttemptState::kInterrupted},
    {AttemptState::kInterrupted, AttemptEvent::kInterrupted, AttemptState::kInterrupted},
    {AttemptState::kWithdrawn,   AttemptEvent::kNotStarted,  AttemptState::kWithdrawn  },  // The agent gave up an offer that was gone.
    {AttemptState::kWithdrawn,   AttemptEvent::kFenced,      AttemptState::kWithdrawn  },
    {AttemptState::kWithdrawn,   AttemptEvent::kWithdrawn,   AttemptState::kWithdrawn  },
};

constexpr EnumName<AttemptState> kStateNames[] = {
    {AttemptState::kOffered, "OFFERED"},
    {AttemptState::kClaimed, "CLAIMED"},
    {AttemptState::kAmbiguous, "AMBIGUOUS"},
    {AttemptState::kSubmitted, "SUBMITTED"},
    {AttemptState::kStarted, "STARTED"},
    {AttemptState::kUncertain, "UNCERTAIN"},
    {AttemptState::kEnded, "ENDED"},
    {AttemptState::kNotStarted, "NOT_STARTED"},
    {AttemptState::kFenced, "FENCED"},
    {AttemptState::kInterrupted, "INTERRUPTED"},
    {AttemptState::kWithdrawn, "WITHDRAWN"},
};

constexpr EnumName<AttemptEvent> kEventNames[] = {
    {AttemptEvent::kClaimed, "CLAIMED"},
    {AttemptEvent::kAmbiguous, "AMBIGUOUS"},
    {AttemptEvent::kSubmitted, "SUBMITTED"},
    {AttemptEvent::kStarted, "STARTED"},
    {AttemptEvent::kUncertain, "UNCERTAIN"},
    {AttemptEvent::kEnded, "ENDED"},
    {AttemptEvent::kNotStarted, "NOT_STARTED"},
    {AttemptEvent::kFenced, "FENCED"},
    {AttemptEvent::kInterrupted, "INTERRUPTED"},
    {AttemptEvent::kWithdrawn, "WITHDRAWN"},
};
// clang-format on

}  // namespace

std::span<const AttemptTransition> AttemptTransitions() {
  return kAttemptTransitions;
}

std::optional<AttemptState> NextAttemptState(AttemptState from, AttemptEvent event) {
  for (const AttemptTransition& transition : kAttemptTransitions) {
    if (transition.from == from && transition.event == event) {
      return transition.to;
    }
  }
  return std::nullopt;
}

bool IsFinal(AttemptState state) {
  switch (state) {
    case AttemptState::kEnded:
    case AttemptState::kNotStarted:
    case AttemptState::kFenced:
    case AttemptState::kInterrupted:
    case AttemptState::kWithdrawn:
      return true;
    case AttemptState::kOffered:
    case AttemptState::kClaimed:
    case AttemptState::kAmbiguous:
    case AttemptState::kSubmitted:
    case AttemptState::kStarted:
    case AttemptState::kUncertain:
      return false;
  }
  __builtin_unreachable();
}

bool IsUnstarted(AttemptState state) {
  return !IsFinal(state) && state != AttemptState::kStarted;
}

std::string_view AttemptStateName(AttemptState state) {
  return NameIn(kStateNames, state);
}
std::optional<AttemptState> ParseAttemptState(std::string_view name) {
  return ValueIn(kStateNames, name);
}
std::string_view AttemptEventName(AttemptEvent event) {
  return NameIn(kEventNames, event);
}
std::optional<AttemptEvent> ParseAttemptEvent(std::string_view name) {
  return ValueIn(kEventNames, name);
}

}  // namespace turnpike
