#include "base/process_stat.h"

#include <sstream>
#include <string>

#include "base/file_sync.h"

namespace turnpike {

Result<ProcessStat> ReadProcessStat(int pid) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(fmt::format("/proc/{}/stat", pid)));
  // Field 2 is the program's name in parentheses, and may itself hold spaces and parentheses.
  const size_t name_end = text.rfind(')');
  std::istringstream fields(name_end == std::string::npos ? std::string() : text.substr(name_end + 1));
  ProcessStat stat;
  fields >> stat.state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) {
    fields >> skipped;
  }
  fields >> stat.start_ticks;
  if (!fields) {
    return Internal("/proc/{}/stat is not what proc(5) says: {}", pid, text);
  }
  return stat;
}

}  // namespace turnpike
