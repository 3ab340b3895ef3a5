#pragma once
// `turnpike-agent check` at a Slurm cluster: looks at everything that the adapter relies on, and sends one job through.

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "adapters/core/scheduler.h"
#include "adapters/slurm/settings.h"
#include "adapters/slurm/slurm_client.h"
#include "base/time.h"

namespace turnpike {

// Waits that long, or until the process is to end; true in the latter case.  A StopSignal's WaitFor.
using WaitFunction = std::function<bool(std::chrono::milliseconds)>;

namespace slurm {

class SiteCheck {
 public:
  struct Parts {
    const SlurmSettings& settings;
    SlurmClient& client;
    Scheduler& scheduler;
    const Clock& clock;
    const WaitFunction& wait;
  };
  explicit SiteCheck(const Parts& parts) : parts_(parts) {}

  std::vector<CheckLine> Run(const LocalJob& probe);

 private:
  using Config = std::map<std::string, std::string>;

  void Pass(std::string what, std::string found);
  void Warn(std::string what, std::string found, std::string cure);
  void Fail(std::string what, std::string found, std::string cure);

  bool CheckCommands();
  void CheckConfig(const Config& config);
  void CheckAccounting(const Config& config);
  void CheckNodes();
  void CheckProbe(const LocalJob& probe);
  // The last views of the probe, queue first, once both sources know its end or the time is over.
  std::vector<SourceReading> WaitForProbe(const LocalJobIdentity& probe);
  void JudgeProbe(const LocalJob& probe, const SourceReading& reading);
  void CheckDirectory(const LocalJob& probe);

  Parts parts_;
  std::vector<CheckLine> lines_;
};

}  // namespace slurm
}  // namespace turnpike
