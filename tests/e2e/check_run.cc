// turnpike-check-run FOLDER: judges what a run left in its evidence folder (tests/e2e/evidence_folder.h), and prints
// the invariants of docs/faults.md that it violates.  Exit code 0: none; 1: some; 2: the evidence cannot be read.
#include <fmt/format.h>

#include "tests/e2e/evidence_folder.h"
#include "tests/e2e/invariants.h"

namespace turnpike {
namespace {

int CheckRun(const std::string& folder) {
  const Result<LoadedEvidence> loaded = LoadEvidence(folder);
  if (!loaded.ok()) {
    fmt::print(stderr, "turnpike-check-run: {}\n", MessageOf(loaded.status()));
    return 2;
  }
  const std::vector<Status> faults = FindViolations(*loaded->run);
  for (const Status& fault : faults) {
    fmt::print("{}\n", MessageOf(fault));
  }
  if (faults.empty()) {
    fmt::print("sound\n");
  }
  return faults.empty() ? 0 : 1;
}

}  // namespace
}  // namespace turnpike

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "turnpike-check-run wants the folder of a run's evidence\n");
    return 2;
  }
  return turnpike::CheckRun(argv[1]);
}
