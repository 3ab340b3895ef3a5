#include "base/failpoint.h"

#include <fcntl.h>
#include <signal.h>

#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <string>

#include "base/check.h"
#include "base/file_descriptor.h"

namespace turnpike {
namespace {

enum class Action { kKill, kStop, kError, kBreak };

struct ArmedFailpoint {
  std::string name;
  Action action;
  uint64_t acting_passage;
  std::atomic<uint64_t> passages = 0;
};

// A mistake in the variable would turn a test into one that proves nothing: it ends the process.
Action ParseAction(std::string_view text) {
  if (text == "kill") return Action::kKill;
  if (text == "stop") return Action::kStop;
  if (text == "break") return Action::kBreak;
  CHECK(text == "error");
  return Action::kError;
}

uint64_t ParsePassage(std::string_view text) {
  uint64_t passage = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), passage);
  CHECK(error == std::errc{} && end == text.data() + text.size() && passage > 0);
  return passage;
}

// A deque, because the counters cannot move.
std::deque<ArmedFailpoint> ParseArmed(std::string_view text) {
  std::deque<ArmedFailpoint> armed;
  while (!text.empty()) {
    const std::string_view entry = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), entry.size() + 1));
    const size_t equals = entry.find('=');
    CHECK(equals != std::string_view::npos);
    const size_t at = entry.find('@', equals);
    armed.emplace_back(std::string(entry.substr(0, equals)), ParseAction(entry.substr(equals + 1, at - equals - 1)),
                       at == std::string_view::npos ? 1 : ParsePassage(entry.substr(at + 1)));
  }
  return armed;
}

// Read once: the environment of a process does not change, and getenv is not safe beside setenv.
std::deque<ArmedFailpoint>& Armed() {
  static std::deque<ArmedFailpoint> armed = [] {
    const char* text = std::getenv("TURNPIKE_FAILPOINTS");
    return ParseArmed(text == nullptr ? "" : text);
  }();
  return armed;
}

void AppendToLog(std::string_view name) {
  const char* path = std::getenv("TURNPIKE_FAILPOINT_LOG");
  if (path == nullptr) {
    return;
  }
  const FileDescriptor log(::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  const std::string line = std::string(name) + "\n";
  CHECK(::write(log.number(), line.data(), line.size()) == static_cast<ssize_t>(line.size()));
}

// raise() signals this very thread, so that it does not run on past the failpoint.
void Act(const ArmedFailpoint& failpoint) {
  AppendToLog(failpoint.name);
  switch (failpoint.action) {
    case Action::kKill:
      ::raise(SIGKILL);
      break;
    case Action::kStop:
      ::raise(SIGSTOP);
      break;
    case Action::kError:
    case Action::kBreak:
      break;
  }
}

}  // namespace

void PassFailpoint(std::string_view name) {
  const Status status = PassFailpointStatus(name);
  // "error" is for the places that can return one.
  CHECK(status.ok());
}

Status PassFailpointStatus(std::string_view name) {
  Status status;
  for (ArmedFailpoint& failpoint : Armed()) {
    // Every entry of the name counts, also after one that fails.
    if (failpoint.name != name || failpoint.action == Action::kBreak ||
        ++failpoint.passages != failpoint.acting_passage) {
      continue;
    }
    Act(failpoint);
    if (failpoint.action == Action::kError) {
      status = Internal("failpoint {} was armed to fail", name);
    }
  }
  return status;
}

bool RuleIsBroken(std::string_view name) {
  for (ArmedFailpoint& failpoint : Armed()) {
    if (failpoint.name == name && failpoint.action == Action::kBreak) {
      if (failpoint.passages++ == 0) {
        Act(failpoint);  // Said once.
      }
      return true;
    }
  }
  return false;
}

}  // namespace turnpike
