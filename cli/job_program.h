#pragma once
// What is to be run, as the user gave it: a script (a file or standard input), a line for --wrap, or a command after
// "--".

#include <istream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"

namespace turnpike {

struct ScriptProgram {
  std::string content;
  std::string file_name;  // "job.sh"; "standard input"; "--wrap"
  std::vector<std::string> arguments;
  std::string default_name;  // what the job is called unless said
};
struct CommandProgram {
  std::vector<std::string> arguments;
};
using JobProgram = std::variant<ScriptProgram, CommandProgram>;

// What stands after the flags on the command line.
struct ProgramWords {
  std::vector<std::string> words = {};  // script and its arguments, or a command
  bool after_dashes = false;            // "--" stood before them: a command
};

// INVALID_ARGUMENT, with what to do: nothing to run; a script without "#!", too large, with NUL or DOS line ends, not
// UTF-8; NOT_FOUND and PERMISSION_DENIED for the file.
Result<JobProgram> ReadProgram(const ProgramWords& words, std::istream& input);
Result<JobProgram> WrapProgram(std::string_view command);

// What sbatch demands of a script, and what the broker does.
Status ValidateScript(std::string_view content, std::string_view file_name);

}  // namespace turnpike
