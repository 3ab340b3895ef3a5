#pragma once
// Decides how slow PostgreSQL's disk is (slow_sync.c, preloaded into it), and measures how slow it then is.

#include <chrono>
#include <map>
#include <string>

#include "base/status.h"

namespace turnpike {

class SyncDelay {
 public:
  // `library` is the built slow_sync; `folder` is one that the server's user can enter.
  static Result<SyncDelay> Make(const std::string& library, const std::string& folder);

  // For the server's process.
  std::map<std::string, std::string> Environment() const;
  // From the next sync on; 0: the disk's own speed.
  Status Set(std::chrono::microseconds delay);
  // Median of writing 8 KiB and waiting for the disk, as slow as the server has it now.
  Result<double> MedianMicros() const;

 private:
  SyncDelay(std::string library, std::string folder) : library_(std::move(library)), folder_(std::move(folder)) {}
  std::string path() const { return folder_ + "/sync_delay"; }

  std::string library_;
  std::string folder_;
};

}  // namespace turnpike
