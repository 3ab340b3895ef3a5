#pragma once
// The processes of a job: all of its session, and all that descend from its first process.

#include <cstdint>
#include <map>
#include <vector>

namespace turnpike {

// One look at /proc.
class ProcessTable {
 public:
  static ProcessTable Read();

  // The processes of a job, `root` first where it lives; zombies are left out.  None where `root` is no number of a
  // process: the kernel says 0 of the parents and sessions of its own, and from there every process descends.
  std::vector<int> ProcessesOf(int root) const;
  // The oldest child of `parent`; 0: none.
  int FirstChildOf(int parent) const;

 private:
  struct Entry {
    int parent = 0;
    int session = 0;
    bool is_zombie = false;
  };
  std::map<int, Entry> entries_;
};

// Resident memory of these processes together, MiB, rounded up; what has gone meanwhile counts nothing.
int64_t ResidentMib(const std::vector<int>& pids);

}  // namespace turnpike
