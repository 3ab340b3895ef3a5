#include "adapters/process/process_tree.h"

#include <dirent.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

namespace turnpike {
namespace {

constexpr int64_t kMib = 1 << 20;

int PidOf(std::string_view name) {
  int pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  return error == std::errc() && end == name.data() + name.size() ? pid : 0;
}

std::string ReadLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

ProcessTable ProcessTable::Read() {
  ProcessTable table;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), &::closedir);
  while (const dirent* entry = folder == nullptr ? nullptr : ::readdir(folder.get())) {
    const int pid = PidOf(entry->d_name);
    if (pid <= 0) {
      continue;
    }
    // "pid (any name) state ppid pgrp session …": the name may hold anything, brackets too.
    const std::string line = ReadLine("/proc/" + std::to_string(pid) + "/stat");
    const size_t name_end = line.rfind(')');
    if (name_end == std::string::npos) {
      continue;
    }
    std::istringstream rest(line.substr(name_end + 1));
    char state = '?';
    int group = 0;
    Entry process;
    if (rest >> state >> process.parent >> group >> process.session) {
      process.is_zombie = state == 'Z' || state == 'X';
      table.entries_.emplace(pid, process);
    }
  }
  return table;
}

std::vector<int> ProcessTable::ProcessesOf(int root) const {
  if (root <= 0) {
    return {};
  }
  std::set<int> members = {root};
  for (bool has_grown = true; has_grown;) {
    has_grown = false;
    for (const auto& [pid, process] : entries_) {
      if (process.session == root || members.contains(process.parent)) {
        has_grown = members.insert(pid).second || has_grown;
      }
    }
  }
  std::vector<int> pids;
  for (const int pid : members) {
    const auto found = entries_.find(pid);
    if (found != entries_.end() && !found->second.is_zombie) {
      pids.insert(pid == root ? pids.begin() : pids.end(), pid);
    }
  }
  return pids;
}

int ProcessTable::FirstChildOf(int parent) const {
  for (const auto& [pid, process] : entries_) {
    if (process.parent == parent && !process.is_zombie) {
      return pid;
    }
  }
  return 0;
}

int64_t ResidentMib(const std::vector<int>& pids) {
  const int64_t page_bytes = ::sysconf(_SC_PAGESIZE);
  int64_t bytes = 0;
  for (const int pid : pids) {
    std::istringstream line(ReadLine("/proc/" + std::to_string(pid) + "/statm"));
    int64_t size_pages = 0;
    int64_t resident_pages = 0;
    if (line >> size_pages >> resident_pages) {
      bytes += resident_pages * page_bytes;
    }
  }
  return (bytes + kMib - 1) / kMib;
}

}  // namespace turnpike
