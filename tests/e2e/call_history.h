#pragma once
// What clients asked and what they were told, in the order in which it happened: a file with a line for each, which a
// run leaves as evidence.
//
//   invoke submit REQUEST JOB-NAME          asked; a retry asks again under the same request
//   ok submit REQUEST JOB-ID                "-" for the request where a test asked in another way
//   fail submit REQUEST CODE                a refusal: nothing was done
//   unknown submit REQUEST CODE             nobody knows
//   ok cancel REQUEST JOB-ID                and so on with cancel and read, which name the job when they ask
//   late cancel REQUEST JOB-ID              the job was over before: nothing was done

#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"

namespace turnpike {

struct CallRecord {
  std::string what;     // invoke, ok, fail, unknown, late
  std::string call;     // submit, cancel, read
  std::string request;  // what belongs together
  std::string subject;  // a job's name, a job's id, or a status code
};

// Writes it.  Thread-safe.
class CallHistory {
 public:
  explicit CallHistory(std::string path);

  void Note(const CallRecord& record) EXCLUDES(mutex_);
  // How a call came out: `subject` where it is OK, else the code.
  void NoteOutcome(const CallRecord& asked, const Status& status, const std::string& subject) EXCLUDES(mutex_);
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  Mutex mutex_;
};

// A line that is no record is an error.
Result<std::vector<CallRecord>> ReadCallHistory(const std::string& path);

// What asked for the outcome and did not get it.
bool HasUnknownOutcome(const Status& status);

}  // namespace turnpike
