#include "bench/harness/side_timer.h"

#include "bench/harness/cpu_meter.h"

namespace turnpike {

SideTimer::SideTimer(const LoadedFederation& federation, int server_pid)
    : federation_(federation),
      server_pid_(server_pid),
      server_(CpuOfProcess(server_pid)),
      postgres_(CpuOfFamily(federation.postgres_pid())),
      start_(std::chrono::steady_clock::now()) {}

TimedSide SideTimer::Stop() const {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
  return {.seconds = took.count(),
          .server_cpu = CpuOfProcess(server_pid_) - server_,
          .postgres_cpu = CpuOfFamily(federation_.postgres_pid()) - postgres_};
}

}  // namespace turnpike
