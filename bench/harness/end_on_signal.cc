#include "bench/harness/end_on_signal.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/child_process.h"
#include "base/file_sync.h"
#include "base/stop_signal.h"

namespace turnpike {
namespace {

constexpr std::chrono::seconds kGrace{10};
constexpr std::chrono::milliseconds kPause{20};

// Those that are not zombies.
std::vector<ProcessIdentity> Children() {
  std::vector<ProcessIdentity> children;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    const Result<std::string> list = ReadFile(task.path().string() + "/children");
    std::istringstream pids(list.ok() ? *list : "");
    for (int pid = 0; pids >> pid;) {
      if (const std::optional<ProcessIdentity> child = IdentityOf(pid)) {
        children.push_back(*child);
      }
    }
  }
  return children;
}

}  // namespace

struct EndOnSignal::Ending {
  std::atomic<bool> begun = false;
  std::function<void()> last_act;
};

EndOnSignal::EndOnSignal(std::function<void()> last_act) : ending_(std::make_shared<Ending>()) {
  ending_->last_act = std::move(last_act);
  AdoptOrphans();
  std::thread([ending = ending_] {
    constexpr int kKilledBySignal = 128;
    const int signal = WaitForTerminationSignal();
    ending->begun = true;
    EndDescendants();
    ending->last_act();
    ::_exit(kKilledBySignal + signal);
  }).detach();
}

EndOnSignal::~EndOnSignal() {
  for (StopSignal never; ending_->begun;) {
    never.WaitFor(kGrace);
  }
}

void AdoptOrphans() {
  CHECK(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
}

// SIGINT as well: it ends PostgreSQL without waiting for its clients.  Alone it would not do, for what a shell starts
// in the background ignores it.
void EndDescendants() {
  const auto until = std::chrono::steady_clock::now() + kGrace;
  for (StopSignal pause;; pause.WaitFor(kPause)) {
    const std::vector<ProcessIdentity> children = Children();
    if (children.empty()) {
      return;
    }
    const bool ask = std::chrono::steady_clock::now() < until;
    for (const ProcessIdentity& child : children) {
      SignalProcess(child, ask ? SIGINT : SIGKILL).IgnoreError();  // Gone already: the next look tells.
      SignalProcess(child, ask ? SIGTERM : SIGKILL).IgnoreError();
    }
  }
}

}  // namespace turnpike
