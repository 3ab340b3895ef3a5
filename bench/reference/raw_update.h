#pragma once
// What PostgreSQL can do at best with news of jobs: the live rows of the broker's database once more in the
// reference's, and one UPDATE by id a thousand.  Not shared by threads.

#include <memory>
#include <vector>

#include "base/ids.h"
#include "base/pg/connection.h"
#include "bench/reference/raw_copy.h"

namespace turnpike {

class RawUpdate {
 public:
  // `from` and `into` as a user whom row-level security lets copy; `connection` is one of the latter's database.
  static Result<RawUpdate> Make(RawCopy& from, RawCopy& into, std::unique_ptr<Connection> connection);

  // Each job gets the next version and the site's new words; a transaction for every thousand.
  Status Update(const std::vector<JobId>& jobs, const std::string& words);

 private:
  explicit RawUpdate(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  std::unique_ptr<Connection> connection_;
};

}  // namespace turnpike
