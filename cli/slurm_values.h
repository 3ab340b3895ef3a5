#pragma once
// The forms in which sbatch takes values: times, memory, counts, GPUs, signals.  Pure functions; every error is
// INVALID_ARGUMENT and says what was given and which form would be right.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace turnpike {

// M, M:S, H:M:S, D-H, D-H:M, D-H:M:S.  UNLIMITED, INFINITE, -1 and 0 are refused: every Turnpike job has a limit.
Result<std::chrono::seconds> ParseTimeLimit(std::string_view text);
// A number and K, M, G or T with or without a B; MiB without a unit; rounded up to whole MiB; at least 1.
Result<int64_t> ParseMemoryMib(std::string_view text);
// A whole number within the bounds; no sign unless `least` is negative.
struct CountBounds {
  int64_t least = 1;
  int64_t most = 2'147'483'647;
};
Result<int64_t> ParseCount(std::string_view text, CountBounds bounds = {});

// "[type:]number" of --gpus and its kin.  A type is kept in lower case; "gpu" stands for any.
struct GpuRequest {
  std::string model = "gpu";
  int64_t count = 1;
  friend bool operator==(const GpuRequest&, const GpuRequest&) = default;
};
Result<GpuRequest> ParseGpus(std::string_view text);

// --gres=gpu:a100:2,lustre: the GPUs among it, and the rest as it was written.
struct GresRequest {
  std::vector<GpuRequest> gpus;  // none or one
  std::string others;            // "lustre,shard:1"
};
Result<GresRequest> ParseGres(std::string_view text);

// "[{R|B}:]signal[@seconds]" of --signal; the name without SIG, 60 seconds unless said.
struct SignalRequest {
  std::string name;
  std::chrono::seconds before_end{60};
  bool batch_shell_only = false;
  bool for_reservation = false;
};
Result<SignalRequest> ParseSignal(std::string_view text);

// "A,B='x,y',C=1": pieces at the commas that stand outside quotation marks, which are taken off.
Result<std::vector<std::string>> SplitAtCommas(std::string_view text);

}  // namespace turnpike
