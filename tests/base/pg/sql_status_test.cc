#include "base/pg/sql_status.h"

#include <gtest/gtest.h>

#include "base/error_reason.h"

namespace turnpike {
namespace {

struct CodeCase {
  const char* sqlstate;
  StatusCode code;
  bool unavailable_reason;
  bool may_run_again;
};

constexpr CodeCase kCodeCases[] = {
    {"40001", StatusCode::kAborted, false, true},           {"40P01", StatusCode::kAborted, false, true},
    {"40003", StatusCode::kInternal, false, false},         {"23505", StatusCode::kAlreadyExists, false, false},
    {"23503", StatusCode::kInternal, false, false},         {"23514", StatusCode::kInternal, false, false},
    {"57014", StatusCode::kDeadlineExceeded, false, false}, {"57P01", StatusCode::kUnavailable, true, false},
    {"57P03", StatusCode::kUnavailable, true, false},       {"08006", StatusCode::kUnavailable, true, false},
    {"53100", StatusCode::kUnavailable, true, false},       {"53300", StatusCode::kUnavailable, true, false},
    {"25P03", StatusCode::kUnavailable, true, false},       {"25P02", StatusCode::kInternal, false, false},
    {"42501", StatusCode::kInternal, false, false},         {"42601", StatusCode::kInternal, false, false},
};

TEST(SqlStatus, MapsEachSqlStateToItsCode) {
  for (const CodeCase& one : kCodeCases) {
    SCOPED_TRACE(one.sqlstate);
    const Status status = StatusOf({.severity = "ERROR", .sqlstate = one.sqlstate, .text = "it went wrong"});
    EXPECT_EQ(status.code(), one.code);
    EXPECT_EQ(SqlStateOf(status), one.sqlstate);
    EXPECT_EQ(DetailsOf(status).reason == ErrorReason::kDatabaseUnavailable, one.unavailable_reason);
    EXPECT_EQ(MayRunAgain(status), one.may_run_again);
    EXPECT_NE(MessageOf(status).find(one.sqlstate), std::string_view::npos);
    EXPECT_NE(MessageOf(status).find("it went wrong"), std::string_view::npos);
    EXPECT_FALSE(CommitOutcomeUnknown(status));
  }
}

TEST(SqlStatus, NamesTheConstraint) {
  const Status status =
      StatusOf({.severity = "ERROR", .sqlstate = "23505", .text = "duplicate key", .constraint = "job_pkey"});
  EXPECT_EQ(ConstraintOf(status), "job_pkey");
  EXPECT_EQ(ConstraintOf(StatusOf({.severity = "ERROR", .sqlstate = "40001"})), "");
}

TEST(SqlStatus, KnowsNothingOfAStatusThatIsNotFromTheDatabase) {
  EXPECT_EQ(SqlStateOf(OkStatus()), "");
  EXPECT_EQ(SqlStateOf(Aborted("a newer session took over")), "");
  EXPECT_FALSE(MayRunAgain(Aborted("a newer session took over")));
  EXPECT_FALSE(CommitOutcomeUnknown(Unavailable("shutting down")));
}

TEST(SqlStatus, UnknownOutcomeIsUnavailableAndKeepsTheSqlState) {
  const Status status = WithUnknownOutcome(StatusOf({.severity = "WARNING", .sqlstate = "01000", .text = "cancelled"}));
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_TRUE(CommitOutcomeUnknown(status));
  EXPECT_EQ(SqlStateOf(status), "01000");
  EXPECT_EQ(DetailsOf(status).reason, ErrorReason::kDatabaseUnavailable);
}

struct NoticeCase {
  ServerMessage notice;
  bool not_replicated;
};

TEST(SqlStatus, TellsTheWarningOfACommitThatIsNotOnTheStandby) {
  const NoticeCase cases[] = {
      {{.sqlstate = "01000", .text = "canceling wait for synchronous replication due to user request"}, true},
      {{.sqlstate = "57P01", .text = "canceling the wait for synchronous replication and terminating connection"},
       true},
      {{.sqlstate = "01000", .text = "Warten auf synchrone Replikation", .source_function = "SyncRepWaitForLSN"}, true},
      {{.sqlstate = "01000", .text = "a trigger's own warning", .source_function = "exec_stmt_raise"}, false},
      {{.sqlstate = "25P01", .text = "there is no transaction in progress"}, false},
      {{.sqlstate = "00000", .text = "canceling wait for synchronous replication"}, false},
      {{}, false},
  };
  for (const NoticeCase& one : cases) {
    EXPECT_EQ(MeansNotReplicated(one.notice), one.not_replicated) << one.notice.text;
  }
}

}  // namespace
}  // namespace turnpike
