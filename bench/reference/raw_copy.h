#pragma once
// What PostgreSQL can do at best: the very rows that the broker wrote for its submissions, written once more into a
// database with the same schema, by binary COPY, one transaction a group.  Not shared by threads.

#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"

struct pg_conn;

namespace turnpike {

// Which rows belong together: submitted at about the same time.
struct RowBounds {
  JobId job_first;
  JobId job_last;
  RequestId key_first;
  RequestId key_last;
};

// Of one transaction, as COPY … TO gave them, in the order of raw_copy.cc's tables.
struct CopiedRows {
  std::vector<std::string> tables;
  size_t bytes() const;
};

class RawCopy {
 public:
  // As a user whom row-level security lets copy.
  static Result<std::unique_ptr<RawCopy>> Open(const std::string& conninfo);
  ~RawCopy();

  Result<CopiedRows> Read(const RowBounds& bounds);
  // The project and its account, which a submission finds there.
  Status CopyAccountFrom(RawCopy& other);
  // One transaction: every table's rows, and what the account now holds.
  Status Write(const CopiedRows& rows);
  // A statement without parameters and rows.
  Status Execute(const std::string& sql);
  // What a query returns, as binary COPY gives it.
  Result<std::string> CopyOut(const std::string& query);
  // "job (project_id, …)": where to, and what CopyOut gave.
  Status CopyIn(const std::string& table, const std::string& bytes);

 private:
  explicit RawCopy(pg_conn* connection) : connection_(connection) {}

  Status Failed(const std::string& what) const;

  pg_conn* connection_;
};

}  // namespace turnpike
