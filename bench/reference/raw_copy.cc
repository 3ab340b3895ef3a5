#include "bench/reference/raw_copy.h"

#include <libpq-fe.h>

#include <algorithm>
#include <numeric>

namespace turnpike {
namespace {

struct CopiedTable {
  const char* columns;  // "job (project_id, …)": what COPY … FROM takes
  const char* query;    // the rows between two ids: {0} and {1} jobs, {2} and {3} keys
};

// Every row that a submission writes, but for the class of jobs, which is there already.  What the schema fills in by
// itself (the event's transaction and sequence) it fills in here as well.
constexpr CopiedTable kTables[] = {
    {"request_key (project_id, method, key, request_hash, reply)",
     "SELECT project_id, method, key, request_hash, reply FROM request_key WHERE key BETWEEN '{2}' AND '{3}'"},
    {"funds_hold (job_id, project_id, account_id, unit, reserved_micros)",
     "SELECT job_id, project_id, account_id, unit, reserved_micros FROM funds_hold WHERE job_id BETWEEN '{0}' AND "
     "'{1}' ORDER BY job_id"},
    {"payload (project_id, sha256, bytes)",
     "SELECT p.project_id, p.sha256, p.bytes FROM payload AS p JOIN job AS j ON j.project_id = p.project_id AND "
     "j.payload_sha256 = p.sha256 WHERE j.job_id BETWEEN '{0}' AND '{1}'"},
    {"job (project_id, job_id, number, name, subject, spec, payload_sha256, priority, nodes, cores, accelerators, "
     "time_limit_seconds, attempts_max, rerun_safe, created_at)",
     "SELECT project_id, job_id, number, name, subject, spec, payload_sha256, priority, nodes, cores, accelerators, "
     "time_limit_seconds, attempts_max, rerun_safe, created_at FROM job WHERE job_id BETWEEN '{0}' AND '{1}' ORDER BY "
     "job_id"},
    {"job_state (job_id, project_id, class_id, state, version)",
     "SELECT job_id, project_id, class_id, state, version FROM job_state WHERE job_id BETWEEN '{0}' AND '{1}' ORDER BY "
     "job_id"},
    {"job_event (at, project_id, job_id, task_index, version, kind, state, attempt_id, site_id, body)",
     "SELECT at, project_id, job_id, task_index, version, kind, state, attempt_id, site_id, body FROM job_event WHERE "
     "job_id BETWEEN '{0}' AND '{1}' ORDER BY seq"},
};

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using OwnedResult = std::unique_ptr<PGresult, ClearResult>;

}  // namespace

size_t CopiedRows::bytes() const {
  return std::accumulate(tables.begin(), tables.end(), size_t{0},
                         [](size_t sum, const std::string& table) { return sum + table.size(); });
}

Result<std::unique_ptr<RawCopy>> RawCopy::Open(const std::string& conninfo) {
  std::unique_ptr<RawCopy> copy(new RawCopy(PQconnectdb(conninfo.c_str())));
  if (PQstatus(copy->connection_) != CONNECTION_OK) {
    return Unavailable("{}: {}", conninfo, PQerrorMessage(copy->connection_));
  }
  return copy;
}

RawCopy::~RawCopy() {
  PQfinish(connection_);
}

Result<CopiedRows> RawCopy::Read(const RowBounds& bounds) {
  CopiedRows rows;
  for (const CopiedTable& table : kTables) {
    ASSIGN_OR_RETURN(std::string bytes, CopyOut(fmt::format(fmt::runtime(table.query), bounds.job_first.ToString(),
                                                            bounds.job_last.ToString(), bounds.key_first.ToString(),
                                                            bounds.key_last.ToString())));
    rows.tables.push_back(std::move(bytes));
  }
  return rows;
}

Status RawCopy::CopyAccountFrom(RawCopy& other) {
  for (const char* table : {"project", "account"}) {
    const char* const where = std::string_view(table) == "account" ? "WHERE kind = 'project'" : "";
    ASSIGN_OR_RETURN(const std::string bytes, other.CopyOut(fmt::format("SELECT * FROM {} {}", table, where)));
    RETURN_IF_ERROR(CopyIn(table, bytes));
  }
  return OkStatus();
}

Status RawCopy::Write(const CopiedRows& rows) {
  RETURN_IF_ERROR(Execute("BEGIN"));
  RETURN_IF_ERROR(Execute("UPDATE account SET held_micros = held_micros + 1"));
  for (size_t i = 0; i < std::size(kTables); ++i) {
    RETURN_IF_ERROR(CopyIn(kTables[i].columns, rows.tables[i]));
  }
  return Execute("COMMIT");
}

Status RawCopy::Execute(const std::string& sql) {
  const OwnedResult result(PQexec(connection_, sql.c_str()));
  return PQresultStatus(result.get()) == PGRES_COMMAND_OK ? OkStatus() : Failed(sql);
}

Result<std::string> RawCopy::CopyOut(const std::string& query) {
  const std::string copy = fmt::format("COPY ({}) TO STDOUT (FORMAT binary)", query);
  const OwnedResult begun(PQexec(connection_, copy.c_str()));
  if (PQresultStatus(begun.get()) != PGRES_COPY_OUT) {
    return Failed(copy);
  }
  std::string bytes;
  char* piece = nullptr;
  for (int length = 0; (length = PQgetCopyData(connection_, &piece, 0)) > 0; PQfreemem(piece)) {
    bytes.append(piece, static_cast<size_t>(length));
  }
  const OwnedResult ended(PQgetResult(connection_));
  if (PQresultStatus(ended.get()) != PGRES_COMMAND_OK || PQgetResult(connection_) != nullptr) {
    return Failed(copy);
  }
  return bytes;
}

Status RawCopy::CopyIn(const std::string& table, const std::string& bytes) {
  const std::string copy = fmt::format("COPY {} FROM STDIN (FORMAT binary)", table);
  const OwnedResult begun(PQexec(connection_, copy.c_str()));
  if (PQresultStatus(begun.get()) != PGRES_COPY_IN) {
    return Failed(copy);
  }
  constexpr size_t kPieceBytes = 64 * 1024;
  for (size_t at = 0; at < bytes.size(); at += kPieceBytes) {
    const size_t length = std::min(kPieceBytes, bytes.size() - at);
    if (PQputCopyData(connection_, bytes.data() + at, static_cast<int>(length)) != 1) {
      return Failed(copy);
    }
  }
  if (PQputCopyEnd(connection_, nullptr) != 1) {
    return Failed(copy);
  }
  const OwnedResult ended(PQgetResult(connection_));
  if (PQresultStatus(ended.get()) != PGRES_COMMAND_OK || PQgetResult(connection_) != nullptr) {
    return Failed(copy);
  }
  return OkStatus();
}

Status RawCopy::Failed(const std::string& what) const {
  return Internal("{} failed: {}", what, PQerrorMessage(connection_));
}

}  // namespace turnpike
