#pragma once
// What PostgreSQL reported, as a Status: code by SQLSTATE, the SQLSTATE and the constraint in the metadata.
//   40001, 40P01              ABORTED: the whole transaction may be tried again
//   23505                     ALREADY_EXISTS
//   08xxx, 53xxx, 55P03,      UNAVAILABLE, reason DATABASE_UNAVAILABLE, to be tried again after a second
//   57P0x
//   57014                     DEADLINE_EXCEEDED: statement_timeout, or cancelled
//   anything else             INTERNAL

#include <string>
#include <string_view>

#include "base/status.h"

namespace turnpike {

// An error or a notice, as the server sent it.
struct ServerMessage {
  std::string severity = {};  // never translated: ERROR, FATAL, WARNING, …
  std::string sqlstate = {};
  std::string text = {};
  std::string constraint = {};
  std::string source_function = {};
};

Status StatusOf(const ServerMessage& error);
// Nothing came back at all: UNAVAILABLE, SQLSTATE 08006.
Status ConnectionLost(std::string_view what);

// The database cannot be used for now, by our own judgement: as above.
Status DatabaseAway(std::string_view what);

// "" where the status is not from PostgreSQL.
std::string SqlStateOf(const Status& status);
std::string ConstraintOf(const Status& status);
// 40001 and 40P01: nothing was done, and the transaction may simply run again.
bool MayRunAgain(const Status& status);

// Nobody knows whether the transaction was committed: look its request key up, and do not answer before that.
Status WithUnknownOutcome(const Status& status);
bool CommitOutcomeUnknown(const Status& status);
// A warning that came with a successful COMMIT and says that it is not on the standby: SQLSTATE 01000 "canceling wait
// for synchronous replication", and its sister 57P01.
bool MeansNotReplicated(const ServerMessage& notice);

}  // namespace turnpike
