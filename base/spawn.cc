#include "base/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "base/errno_status.h"
#include "base/file_descriptor.h"

namespace turnpike {
namespace {

class FileActions {
 public:
  FileActions() { CHECK(posix_spawn_file_actions_init(&actions_) == 0); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

class Attributes {
 public:
  Attributes() { CHECK(posix_spawnattr_init(&attributes_) == 0); }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  posix_spawnattr_t* get() { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

bool HasNul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

// A NUL would cut the text short on its way into the child.
Status Validate(const SpawnCommand& command) {
  if (command.argv.empty() || command.argv.front().empty()) {
    return InvalidArgument("no program is named");
  }
  if (std::ranges::any_of(command.argv, HasNul)) {
    return InvalidArgument("an argument of {} holds a NUL character", command.argv.front());
  }
  for (const auto& [name, value] : command.environment) {
    if (name.empty() || HasNul(name) || HasNul(value) || name.find('=') != std::string::npos) {
      return InvalidArgument("\"{}\" cannot be set in the environment of {}", name, command.argv.front());
    }
  }
  return OkStatus();
}

Status CheckFolder(const std::string& directory) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) {
    return ErrnoStatus(errno, "cannot start a program in {}", directory);
  }
  return S_ISDIR(info.st_mode) ? OkStatus() : NotFound("cannot start a program in {}: not a folder", directory);
}

// 0 when it can be executed, else the error.
int ProgramError(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || ::access(path.c_str(), X_OK) != 0) {
    return errno;
  }
  return S_ISREG(info.st_mode) ? 0 : EACCES;
}

// Like execvp, in the child's own PATH.  Relative folders are left out: what runs must not depend on where it runs.
Result<std::string> FindProgram(const SpawnCommand& command) {
  const std::string& name = command.argv.front();
  if (name.find('/') != std::string::npos) {
    return name;
  }
  const auto path = command.environment.find("PATH");
  std::string_view folders = path == command.environment.end() ? std::string_view{} : path->second;
  int error = ENOENT;
  while (!folders.empty()) {
    const std::string_view folder = folders.substr(0, folders.find(':'));
    folders.remove_prefix(std::min(folders.size(), folder.size() + 1));
    if (!folder.starts_with('/')) {
      continue;
    }
    std::string candidate = fmt::format("{}/{}", folder, name);
    const int candidate_error = ProgramError(candidate);
    if (candidate_error == 0) {
      return candidate;
    }
    error = candidate_error == EACCES ? EACCES : error;
  }
  return ErrnoStatus(error, "cannot find the program {} in PATH", name);
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentTexts(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> texts;
  for (const auto& [name, value] : environment) {
    texts.push_back(fmt::format("{}={}", name, value));
  }
  return texts;
}

// Above the standard three, so that putting one stream into its place does not close another.
Result<FileDescriptor> CopyAboveStandard(int descriptor) {
  FileDescriptor copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!copy.is_open()) {
    return ErrnoStatus(errno, "cannot copy descriptor {} for a child process", descriptor);
  }
  return copy;
}

void SetSignalsAndGroup(Attributes& attributes, bool new_session) {
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  const int group = new_session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP;
  CHECK(posix_spawnattr_setflags(attributes.get(),
                                 static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group)) == 0);
  CHECK(posix_spawnattr_setsigmask(attributes.get(), &none) == 0);
  CHECK(posix_spawnattr_setsigdefault(attributes.get(), &all) == 0);
  CHECK(posix_spawnattr_setpgroup(attributes.get(), 0) == 0);
}

}  // namespace

Result<int> Spawn(const SpawnCommand& command) {
  RETURN_IF_ERROR(Validate(command));
  RETURN_IF_ERROR(CheckFolder(command.directory));
  ASSIGN_OR_RETURN(const std::string program, FindProgram(command));
  ASSIGN_OR_RETURN(const FileDescriptor input, CopyAboveStandard(command.streams.input));
  ASSIGN_OR_RETURN(const FileDescriptor output, CopyAboveStandard(command.streams.output));
  ASSIGN_OR_RETURN(const FileDescriptor error, CopyAboveStandard(command.streams.error));

  FileActions actions;
  CHECK(posix_spawn_file_actions_adddup2(actions.get(), input.number(), STDIN_FILENO) == 0);
  CHECK(posix_spawn_file_actions_adddup2(actions.get(), output.number(), STDOUT_FILENO) == 0);
  CHECK(posix_spawn_file_actions_adddup2(actions.get(), error.number(), STDERR_FILENO) == 0);
  // Libraries may hold descriptors that were not opened close-on-exec.
  CHECK(posix_spawn_file_actions_addclosefrom_np(actions.get(), STDERR_FILENO + 1) == 0);
  CHECK(posix_spawn_file_actions_addchdir_np(actions.get(), command.directory.c_str()) == 0);
  Attributes attributes;
  SetSignalsAndGroup(attributes, command.new_session);

  std::vector<std::string> arguments = command.argv;
  std::vector<std::string> environment = EnvironmentTexts(command.environment);
  int pid = 0;
  const int spawn_error = posix_spawn(&pid, program.c_str(), actions.get(), attributes.get(),
                                      Pointers(arguments).data(), Pointers(environment).data());
  if (spawn_error == EAGAIN) {
    return ResourceExhausted("cannot start {}: no more processes are allowed", program);
  }
  if (spawn_error != 0) {
    return ErrnoStatus(spawn_error, "cannot start {}", program);
  }
  return pid;
}

}  // namespace turnpike
