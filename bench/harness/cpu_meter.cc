#include "bench/harness/cpu_meter.h"

#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <sstream>
#include <string>

#include "base/file_sync.h"

namespace turnpike {
namespace {

struct CpuTicks {
  int parent = 0;
  double own = 0;
  double ended_children = 0;
};

// Fields 4 and 14 to 17 of /proc/PID/stat; the name, field 2, may hold anything.
CpuTicks TicksOf(int pid) {
  CpuTicks ticks;
  const Result<std::string> stat = ReadFile(fmt::format("/proc/{}/stat", pid));
  const size_t name_end = stat.ok() ? stat->rfind(") ") : std::string::npos;
  if (name_end == std::string::npos) {
    return ticks;
  }
  std::istringstream fields(stat->substr(name_end + 2));
  std::string skipped;
  fields >> skipped >> ticks.parent;
  for (int field = 5; field < 14; ++field) {
    fields >> skipped;
  }
  double user = 0, system = 0, children_user = 0, children_system = 0;
  fields >> user >> system >> children_user >> children_system;
  ticks.own = user + system;
  ticks.ended_children = children_user + children_system;
  return ticks;
}

double Seconds(double ticks) {
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

double CpuOfProcess(int pid) {
  return Seconds(TicksOf(pid).own);
}

double CpuOfFamily(int pid) {
  const CpuTicks parent = TicksOf(pid);
  double ticks = parent.own + parent.ended_children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    int child = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), child);
    if (error != std::errc() || end != name.data() + name.size()) {
      continue;
    }
    const CpuTicks found = TicksOf(child);
    ticks += found.parent == pid ? found.own : 0;
  }
  return Seconds(ticks);
}

}  // namespace turnpike
