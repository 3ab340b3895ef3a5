#include "broker/audit_main.h"

#include <iostream>

#include "base/system_clock.h"
#include "billing/pg/audit_books.h"

namespace turnpike {
namespace {

constexpr std::chrono::hours kStatementTime{2};  // it reads every transfer that ever was

}  // namespace

Result<bool> RunAudit(const std::string& database) {
  SystemClock machine;
  DatabaseClock clock(machine);
  ConnectionPoolSettings pool;
  pool.connection.conninfo = database;
  pool.connection.application_name = "turnpike-broker audit";
  pool.connection.statement_timeout = kStatementTime;
  pool.connection.idle_in_transaction_timeout = kStatementTime;
  TransactionRunner transactions(pool, clock);
  ASSIGN_OR_RETURN(const std::vector<AuditCheck> checks, AuditBooks(transactions));
  std::cout << FormatAudit(checks);
  return IsSound(checks);
}

}  // namespace turnpike
