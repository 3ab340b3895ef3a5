#include "cli/job_program.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "base/file_sync.h"
#include "cli/terminal_text.h"

namespace turnpike {
namespace {

constexpr size_t kScriptBytesMax = 1U << 20U;
constexpr std::string_view kStandardInput = "standard input";

Result<std::string> ReadInput(std::istream& input) {
  std::string text(kScriptBytesMax + 1, '\0');
  input.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(input.gcount()));
  return text;
}

Result<JobProgram> ReadScript(const std::string& path, std::istream& input, std::vector<std::string> arguments) {
  ScriptProgram script{
      .content = {}, .file_name = std::string(kStandardInput), .arguments = std::move(arguments), .default_name = {}};
  if (path == "-") {
    ASSIGN_OR_RETURN(script.content, ReadInput(input));
  } else {
    Result<std::string> content = ReadFile(path, kScriptBytesMax);
    if (!content.ok() && content.status().code() == StatusCode::kOutOfRange) {
      return InvalidArgument("script {} is larger than 1 MiB; keep data in files and read them in the script", path);
    }
    ASSIGN_OR_RETURN(script.content, std::move(content));
    script.file_name = std::filesystem::path(path).filename().string();
    script.default_name = script.file_name;
  }
  RETURN_IF_ERROR(ValidateScript(script.content, script.file_name));
  return script;
}

}  // namespace

Result<JobProgram> ReadProgram(const ProgramWords& words, std::istream& input) {
  if (!std::all_of(words.words.begin(), words.words.end(), [](const std::string& word) { return IsUtf8(word); })) {
    return InvalidArgument("an argument of the program is not UTF-8; pass such bytes in a file");
  }
  if (words.after_dashes) {
    if (words.words.empty() || words.words[0].empty()) {
      return InvalidArgument("nothing stands after --; write turnpike submit [FLAGS] -- PROGRAM [ARGUMENTS]");
    }
    return CommandProgram{words.words};
  }
  if (words.words.empty()) {
    return ReadScript("-", input, {});
  }
  return ReadScript(words.words[0], input, {words.words.begin() + 1, words.words.end()});
}

Result<JobProgram> WrapProgram(std::string_view command) {
  ScriptProgram script{.content = fmt::format("#!/bin/sh\n# Made by turnpike submit --wrap.\n\n{}\n", command),
                       .file_name = "--wrap",
                       .arguments = {},
                       .default_name = "wrap"};
  RETURN_IF_ERROR(ValidateScript(script.content, script.file_name));
  return script;
}

Status ValidateScript(std::string_view content, std::string_view file_name) {
  if (content.empty()) {
    return InvalidArgument("{} is empty; give a script: turnpike submit FILE, or a command: turnpike submit -- PROGRAM",
                           file_name);
  }
  if (content.size() > kScriptBytesMax) {
    return InvalidArgument("{} is larger than 1 MiB; keep data in files and read them in the script", file_name);
  }
  if (!content.starts_with("#!")) {
    return InvalidArgument("{} does not say what runs it; make its first line #!/bin/bash (or another interpreter)",
                           file_name);
  }
  if (content.find('\0') != std::string_view::npos) {
    return InvalidArgument("{} holds a NUL byte, so it is no script; to run a program write turnpike submit -- PROGRAM",
                           file_name);
  }
  if (content.find("\r\n") != std::string_view::npos) {
    return InvalidArgument(
        "{} has DOS line ends, which no shell understands; take them off with: sed -i 's/\\r$//' FILE", file_name);
  }
  if (!IsUtf8(content)) {
    return InvalidArgument("{} is not UTF-8; convert it with: iconv -f LATIN1 -t UTF-8 FILE", file_name);
  }
  return OkStatus();
}

}  // namespace turnpike
