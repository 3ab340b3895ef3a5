#include "base/pg/transaction_runner.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace turnpike {
namespace {

constexpr char kBeginReadCommitted[] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
constexpr char kBeginRepeatableRead[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE";
constexpr char kBeginSerializable[] = "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE";
constexpr char kBeginReadCommittedReadOnly[] = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY";
constexpr char kBeginRepeatableReadReadOnly[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr char kBeginSerializableReadOnly[] = "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY";
constexpr char kCommit[] = "COMMIT";
constexpr char kRollback[] = "ROLLBACK";

// Whose rows are seen until the transaction ends, its time, and whether its commit will wait for a standby.
// $1 projects, $2 site; '' for none.
constexpr char kSetScope[] = R"sql(
    SELECT set_config('turnpike.projects', CASE WHEN $1::uuid[] = '{}' THEN '' ELSE $1::uuid[]::text END, true),
           set_config('turnpike.site', coalesce($2::uuid::text, ''), true),
           now(),
           current_setting('synchronous_standby_names') <> ''
             AND current_setting('synchronous_commit') IN ('on', 'remote_apply')
)sql";

const char* BeginStatement(const TransactionSettings& settings) {
  switch (settings.isolation) {
    case Isolation::kReadCommitted:
      return settings.read_only ? kBeginReadCommittedReadOnly : kBeginReadCommitted;
    case Isolation::kRepeatableRead:
      return settings.read_only ? kBeginRepeatableReadReadOnly : kBeginRepeatableRead;
    case Isolation::kSerializable:
      return settings.read_only ? kBeginSerializableReadOnly : kBeginSerializable;
  }
  CHECK(!"an isolation level without a statement");
}

}  // namespace

Status TransactionRunner::Run(const TransactionSettings& settings, const std::function<Status(Transaction&)>& body) {
  Status status = RunOnce(settings, body);
  for (int retry = 0; retry < settings.retries_max && MayRunAgain(status); ++retry) {
    counts_.retries.Add();
    status = RunOnce(settings, body);
  }
  Counter& outcome = status.ok() ? counts_.ok : CommitOutcomeUnknown(status) ? counts_.unknown : counts_.refused;
  outcome.Add();
  return status;
}

Status TransactionRunner::RunOnce(const TransactionSettings& settings,
                                  const std::function<Status(Transaction&)>& body) {
  if (!settings.read_only) {
    RETURN_IF_ERROR(MayWrite());
  }
  ASSIGN_OR_RETURN(Begun begun, Begin(settings));
  Connection& connection = *begun.lease;
  Transaction transaction(connection, begun.now);
  Status status = settings.read_only ? OkStatus() : MayWriteOn(begun);
  if (status.ok()) {
    status = body(transaction);
  }
  if (status.ok()) {
    status = transaction.Flush();
  }
  // A body may answer a deadlock with an error of its own: it still was a deadlock.
  if (MayRunAgain(transaction.first_error()) || status.ok()) {
    status = transaction.first_error();
  }
  if (status.ok()) {
    return Commit(begun, settings.commit_timeout);
  }
  if (!connection.broken()) {
    // Where this fails the connection is discarded, and the server rolls back.
    connection.Execute(kRollback).status().IgnoreError();
  }
  return BehindStall(status);
}

Status TransactionRunner::MayWrite() {
  if (servers() == nullptr) {
    return OkStatus();
  }
  if (servers()->TakeLook()) {
    Connection::MeetAll(pool_.settings().connection);
  }
  return servers()->MayWrite();
}

Status TransactionRunner::MayWriteOn(const Begun& begun) const {
  if (begun.replicated || !pool_.settings().standby_required) {
    return OkStatus();
  }
  return DatabaseAway(
      "this server does not wait for a standby before it confirms a commit; set synchronous_standby_names, and "
      "synchronous_commit to on, or start the broker with --standby optional");
}

Status TransactionRunner::BehindStall(const Status& status) const {
  const bool cancelled = status.code() == StatusCode::kDeadlineExceeded && !SqlStateOf(status).empty();
  if (!cancelled || servers() == nullptr) {
    return status;
  }
  const Status stall = servers()->MayWrite();
  return stall.ok() ? status : stall;
}

// A connection that was idle may have died since; nothing has happened yet, so the next one is tried.  A new one has
// the last word.
Result<TransactionRunner::Begun> TransactionRunner::Begin(const TransactionSettings& settings) {
  while (true) {
    ASSIGN_OR_RETURN(ConnectionPool::Lease lease, pool_.Take());
    Begun begun{.lease = std::move(lease)};
    const Status status = BeginOn(begun, settings);
    if (status.ok()) {
      return begun;
    }
    if (begun.lease.fresh() || !begun.lease->broken()) {
      return status;
    }
  }
}

Status TransactionRunner::BeginOn(Begun& begun, const TransactionSettings& settings) {
  Connection& connection = *begun.lease;
  const Params none;
  const Params scope = Params().IdArray(settings.projects).OptionalId(settings.site);
  const std::array<Statement, 2> statements{
      {{.sql = BeginStatement(settings), .params = &none}, {.sql = kSetScope, .params = &scope}}};
  const MonotonicTime asked = clock_.Monotonic();
  ASSIGN_OR_RETURN(const std::vector<Rows> rows, connection.ExecuteAll(statements, connection.AnswerDeadline()));
  constexpr int kNowColumn = 2;
  constexpr int kReplicatedColumn = 3;
  begun.now = rows.back().Time(0, kNowColumn);
  begun.replicated = rows.back().Bool(0, kReplicatedColumn);
  clock_.Add({.at = begun.now, .asked = asked, .answered = clock_.Monotonic()});
  return OkStatus();
}

// An error that the server reports while the session lives on means "rolled back"; a session that ends, or a warning
// that the standby does not have it, means that nobody knows.
Status TransactionRunner::Commit(Begun& begun, std::chrono::milliseconds timeout) {
  Connection& connection = *begun.lease;
  Status status = connection.Execute(kCommit, {}, std::chrono::steady_clock::now() + timeout).status();
  const auto warning = std::ranges::find_if(connection.notices(), MeansNotReplicated);
  if (warning != connection.notices().end()) {
    return WithUnknownOutcome(StatusOf(*warning));
  }
  if (!connection.broken()) {
    return status;
  }
  if (servers() != nullptr && connection.AnswerIsDue()) {
    servers()->NoteStalled(begun.lease.Detach());
  }
  return WithUnknownOutcome(status);
}

}  // namespace turnpike
