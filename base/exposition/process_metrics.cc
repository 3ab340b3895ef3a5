#include "base/exposition/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace turnpike {
namespace {

constexpr double kMicrosPerSecond = 1e6;

double CpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
  const auto micros = static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  return seconds + micros / kMicrosPerSecond;
}

// The second number of statm, in pages.
double MemoryBytes() {
  std::ifstream file("/proc/self/statm");
  int64_t whole = 0;
  int64_t resident = 0;
  file >> whole >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double OpenFiles() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  return error ? 0 : static_cast<double>(std::distance(begin(files), end(files)));
}

}  // namespace

double SecondsOf(Timestamp at) {
  return static_cast<double>(MicrosOf(at)) / kMicrosPerSecond;
}

void MeasureProcess(const ProgramName& name, const Clock& clock, Metrics& metrics) {
  metrics.GaugeOf(Metric::kBuildInfo, {name.program, name.version}).Set(1);
  metrics.GaugeOf(Metric::kProcessStartTime).Set(SecondsOf(clock.Now()));
  metrics.ReadWhenAsked(Metric::kProcessCpu, {}, CpuSeconds);
  metrics.ReadWhenAsked(Metric::kProcessMemory, {}, MemoryBytes);
  metrics.ReadWhenAsked(Metric::kProcessOpenFiles, {}, OpenFiles);
}

}  // namespace turnpike
