#include "tests/e2e/process_sample.h"

#include <fmt/format.h>

#include <filesystem>
#include <sstream>

#include "base/file_sync.h"

namespace turnpike {

std::optional<ProcessSample> SampleProcess(const std::string& name, const ProcessIdentity& process) {
  const std::string folder = fmt::format("/proc/{}", process.pid);
  std::istringstream status(ReadFile(folder + "/status").value_or(""));
  ProcessSample sample{.name = name};
  for (std::string line; std::getline(status, line);) {
    std::istringstream words(line);
    std::string key;
    words >> key;
    if (key == "VmRSS:") {
      words >> sample.memory_kib;
    } else if (key == "Threads:") {
      words >> sample.threads;
    }
  }
  std::error_code error;
  const std::filesystem::directory_iterator descriptors(folder + "/fd", error);
  if (error || !IsAlive(process)) {
    return std::nullopt;
  }
  sample.descriptors = std::distance(begin(descriptors), end(descriptors));
  return sample;
}

}  // namespace turnpike
