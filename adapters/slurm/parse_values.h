#pragma once
// Slurm's ways to write numbers, durations, moments and resources.  nullopt: not of the form; never a guess.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/slurm/settings.h"
#include "base/resources.h"
#include "base/time.h"

namespace turnpike::slurm {

std::optional<int64_t> ParseWhole(std::string_view text);  // digits only, fits in 63 bits

// "MM:SS", "HH:MM:SS", "D-HH:MM:SS" as Slurm prints them.
std::optional<std::chrono::seconds> ParseDuration(std::string_view text);

// As above; no limit for "UNLIMITED", "infinite", "NONE", "NOT_SET", "Partition_Limit", "INVALID".  Outer nullopt: not
// of the form.
struct TimeLimit {
  std::optional<std::chrono::seconds> limit;
};
std::optional<TimeLimit> ParseTimeLimit(std::string_view text);

// Epoch seconds (SLURM_TIME_FORMAT=%s); an inner nullopt for "N/A", "None", "Unknown", "".
struct Moment {
  std::optional<Timestamp> at;
};
std::optional<Moment> ParseMoment(std::string_view text);

// "64M", "1.50G", "4096" (MiB): rounded up to whole MiB.  Not "4Gi", "1e3", "-1".
std::optional<int64_t> ParseMemoryMib(std::string_view text);

// "code:signal" of sacct, or the raw wait status of squeue.
struct ExitStatus {
  int code = 0;
  int signal = 0;
  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};
std::optional<ExitStatus> ParseExitCode(std::string_view text);
std::optional<ExitStatus> ParseWaitStatus(std::string_view text);

// "billing=4,cpu=4,gres/gpu=2,gres/gpu:a100=2,mem=1G,node=1"; entries that are not counted here are passed over.
struct Tres {
  int64_t nodes = 0;
  int64_t cpus = 0;
  int64_t memory_mib = 0;
  std::map<std::string, int64_t> gres;  // by name with its type, "gpu" or "gpu:a100"
};
std::optional<Tres> ParseTres(std::string_view text);

// "gpu:fake:4(S:0-1),npu:2", also with "gres:" in front and "(IDX:0-1)" behind: counts by name with its type.
std::optional<std::map<std::string, int64_t>> ParseGres(std::string_view text);

// All that the operator's list calls an accelerator.  Where a name comes both with and without types, the one without
// is the sum.
int64_t CountAccelerators(const std::map<std::string, int64_t>& gres,
                          const std::vector<SlurmAccelerator>& accelerators);

}  // namespace turnpike::slurm
