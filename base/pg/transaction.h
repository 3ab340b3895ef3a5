#pragma once
// What the body of a transaction may do.  Made by TransactionRunner, for the time of one body.

#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "base/pg/connection.h"
#include "base/pg/params.h"
#include "base/pg/rows.h"
#include "base/status.h"
#include "base/time.h"

namespace turnpike {

class Transaction {
 public:
  Transaction(Connection& connection, Timestamp now) : connection_(connection), now_(now) {}

  Result<Rows> Execute(const char* sql, const Params& params = {});
  // Several statements in one round trip.
  Result<std::vector<Rows>> ExecuteAll(std::span<const Statement> statements);
  // For a statement that can wait: it travels with the next one, or before the commit, and its failure is found then.
  // A round trip less each time.  `rows`, where it is not nullptr, is filled then.
  void Defer(const char* sql, Params params, Rows* rows = nullptr) {
    deferred_.push_back({.sql = sql, .params = std::move(params), .rows = rows});
  }
  // What was deferred, now.
  Status Flush();
  // Reads a result of any length with bounded memory: through a cursor, `rows_max` rows at a time.  One such reading at
  // a time; `visit` may run other statements.
  struct Reading {
    const char* sql = nullptr;
    const Params* params = nullptr;
    int rows_max = 5'000;
  };
  Status ReadInBatches(const Reading& reading, const std::function<Status(const Rows&)>& visit);

  // SQL's now(): one moment for the whole transaction.
  Timestamp now() const { return now_; }
  // The first error of a statement; after it, the transaction can only roll back.
  const Status& first_error() const { return first_error_; }

 private:
  struct Deferred {
    const char* sql;
    Params params;
    Rows* rows;
  };

  Connection& connection_;
  Timestamp now_;
  Status first_error_;
  std::vector<Deferred> deferred_;
};

}  // namespace turnpike
