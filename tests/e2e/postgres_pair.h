#pragma once
// Two private PostgreSQL servers: a primary that confirms no commit without its standby, and the standby.  Either may
// be killed; the standby is promoted, and the old primary comes back as its standby.  Not shared by threads.

#include <memory>
#include <string>
#include <utility>

#include "tests/e2e/database.h"

namespace turnpike {

class PostgresPair {
 public:
  // Folders of private PostgreSQL servers; the first one runs.
  PostgresPair(std::string primary_folder, std::string standby_folder)
      : primary_(std::move(primary_folder)), standby_(std::move(standby_folder)) {}

  // Makes the standby; from then on every commit waits for it.
  Status Begin();
  // SIGKILL to the first process; returns once it is gone.
  Status KillPrimary() const { return Kill(primary_); }
  // Returns once the primary has missed it, too.
  Status KillStandby() const;
  // What was killed runs again, and the standby is waited for.
  Status RestartPrimary() const { return Restart(primary_); }
  Status RestartStandby() const { return Restart(standby_); }
  // The standby becomes the primary; it confirms nothing before it has a standby of its own.
  Status Promote();
  // What was the primary becomes the standby, as a fresh copy.
  Status RenewStandby();

  const std::string& primary_folder() const { return primary_; }
  // On the primary, as a superuser.
  Result<std::unique_ptr<Database>> OpenPrimary() const { return Open(primary_); }

 private:
  static Status Kill(const std::string& folder);
  Status Restart(const std::string& folder) const;
  static Result<std::unique_ptr<Database>> Open(const std::string& folder);
  Status WaitUntilInStep() const;

  std::string primary_;
  std::string standby_;
};

}  // namespace turnpike
