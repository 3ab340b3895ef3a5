#include "tests/e2e/call_history.h"

#include <fcntl.h>
#include <unistd.h>

#include <sstream>

#include "base/check.h"
#include "base/file_descriptor.h"
#include "base/file_sync.h"

namespace turnpike {

CallHistory::CallHistory(std::string path) : path_(std::move(path)) {
  CHECK(WriteFileAtomically(path_, "").ok());
}

void CallHistory::Note(const CallRecord& record) {
  const std::string line = fmt::format("{} {} {} {}\n", record.what, record.call, record.request, record.subject);
  const MutexLock lock(mutex_);
  const FileDescriptor file(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  CHECK(::write(file.number(), line.data(), line.size()) == static_cast<ssize_t>(line.size()));
}

void CallHistory::NoteOutcome(const CallRecord& asked, const Status& status, const std::string& subject) {
  const char* const what = status.ok() ? "ok" : HasUnknownOutcome(status) ? "unknown" : "fail";
  Note({.what = what,
        .call = asked.call,
        .request = asked.request,
        .subject = status.ok() ? subject : fmt::format("{}", static_cast<int>(status.code()))});
}

Result<std::vector<CallRecord>> ReadCallHistory(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  std::vector<CallRecord> records;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    CallRecord record;
    if (!(words >> record.what >> record.call >> record.request >> record.subject)) {
      return DataLoss("{}: '{}' is no record of a call", path, line);
    }
    records.push_back(std::move(record));
  }
  return records;
}

bool HasUnknownOutcome(const Status& status) {
  return status.code() == StatusCode::kUnavailable || status.code() == StatusCode::kDeadlineExceeded;
}

}  // namespace turnpike
