#include "base/failpoint.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include "base/file_sync.h"
#include "tests/base/fork_child.h"
#include "tests/base/scratch_folder.h"

namespace turnpike {
namespace {

// Failpoints read the environment once in a process, so each case is a process of its own, made before this one has
// passed any.
int ForkArmed(const std::string& failpoints, const std::string& log, const std::function<int()>& function) {
  return Fork([&] {
    ::setenv("TURNPIKE_FAILPOINTS", failpoints.c_str(), 1);
    if (!log.empty()) {
      ::setenv("TURNPIKE_FAILPOINT_LOG", log.c_str(), 1);
    }
    return function();
  });
}

int RunArmed(const std::string& failpoints, const std::function<int()>& function) {
  return WaitForFork(ForkArmed(failpoints, "", function));
}

bool ExitedWith(int status, int code) {
  return WIFEXITED(status) && WEXITSTATUS(status) == code;
}
bool KilledBy(int status, int signal) {
  return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

// How many of ten passages returned an error, and which was the last: "1, the third" is 103.
int FailuresOf(std::string_view name) {
  int failures = 0;
  int last = 0;
  for (int passage = 1; passage <= 10; ++passage) {
    if (!PassFailpointStatus(name).ok()) {
      ++failures;
      last = passage;
    }
  }
  return failures * 100 + last;
}

TEST(Failpoint, DoesNothingWithoutTheVariable) {
  const int status = WaitForFork(Fork([] {
    ::unsetenv("TURNPIKE_FAILPOINTS");
    PassFailpoint("submit.pre_commit");
    return FailuresOf("submit.pre_commit");
  }));
  EXPECT_TRUE(ExitedWith(status, 0));
}

TEST(Failpoint, DoesNothingUnderAnotherName) {
  EXPECT_TRUE(ExitedWith(RunArmed("submit.pre_commit=kill,other=error",
                                  [] {
                                    PassFailpoint("submit.pre_commi");
                                    PassFailpoint("submit.pre_commit2");
                                    return 0;
                                  }),
                         0));
}

TEST(Failpoint, KillsAtTheFirstPassage) {
  EXPECT_TRUE(KilledBy(RunArmed("a=kill",
                                [] {
                                  PassFailpoint("a");
                                  return 0;
                                }),
                       SIGKILL));
}

TEST(Failpoint, KillsAtTheGivenPassageOnly) {
  const auto pass_twice = [] {
    PassFailpoint("a");
    PassFailpoint("a");
    return 0;
  };
  EXPECT_TRUE(KilledBy(RunArmed("a=kill@2", pass_twice), SIGKILL));
  EXPECT_TRUE(ExitedWith(RunArmed("a=kill@3", pass_twice), 0));
}

TEST(Failpoint, StopsUntilItIsContinued) {
  const int pid = ForkArmed("a=stop", "", [] {
    PassFailpoint("a");
    return 7;
  });
  const int stopped = WaitForFork(pid);
  ASSERT_TRUE(WIFSTOPPED(stopped));
  EXPECT_EQ(WSTOPSIG(stopped), SIGSTOP);
  ::kill(pid, SIGCONT);
  EXPECT_TRUE(ExitedWith(WaitForFork(pid), 7));
}

TEST(Failpoint, FailsAtTheGivenPassageOnly) {
  EXPECT_TRUE(ExitedWith(RunArmed("a=error", [] { return FailuresOf("a"); }), 101));
  EXPECT_TRUE(ExitedWith(RunArmed("b=kill,a=error@3", [] { return FailuresOf("a"); }), 103));
  EXPECT_TRUE(ExitedWith(RunArmed("a=error@2,a=error@4", [] { return FailuresOf("a"); }), 204));
}

TEST(Failpoint, ErrorNamesTheFailpoint) {
  EXPECT_TRUE(ExitedWith(RunArmed("journal.sync=error",
                                  [] {
                                    return PassFailpointStatus("journal.sync") ==
                                                   Internal("failpoint journal.sync was armed to fail")
                                               ? 0
                                               : 1;
                                  }),
                         0));
}

TEST(Failpoint, KillsWhereAnErrorCouldBeReturnedToo) {
  EXPECT_TRUE(KilledBy(RunArmed("a=kill", [] { return PassFailpointStatus("a").ok() ? 0 : 1; }), SIGKILL));
}

TEST(Failpoint, WritesItsNameBeforeItActs) {
  const ScratchFolder folder;
  const std::string log = folder.File("log");
  const int status = WaitForFork(ForkArmed("a=error@2,b=kill,c=kill", log, [] {
    PassFailpoint("unarmed");
    FailuresOf("a");
    PassFailpoint("b");
    return 0;
  }));
  EXPECT_TRUE(KilledBy(status, SIGKILL));
  EXPECT_EQ(*ReadFile(log), "a\nb\n");
}

TEST(Failpoint, BreakLeavesARuleOutAtEveryPassageAndDoesNothingElse) {
  EXPECT_TRUE(ExitedWith(RunArmed("submit.hold=break,other=error",
                                  [] {
                                    const bool always = RuleIsBroken("submit.hold") && RuleIsBroken("submit.hold");
                                    const bool others = RuleIsBroken("other") || RuleIsBroken("submit");
                                    return always && !others && FailuresOf("submit.hold") == 0 ? 0 : 1;
                                  }),
                         0));
}

TEST(FailpointDeathTest, MistakesInTheVariableEndTheProcess) {
  for (const std::string variable : {"a", "a=", "a=explode", "a=kill@", "a=kill@0", "a=kill@2x", "a=kill,,b=kill"}) {
    EXPECT_TRUE(KilledBy(RunArmed(variable,
                                  [] {
                                    PassFailpoint("a");
                                    return 0;
                                  }),
                         SIGABRT))
        << variable;
  }
}

TEST(FailpointDeathTest, AnErrorWhereNoneCanBeReturnedEndsTheProcess) {
  EXPECT_TRUE(KilledBy(RunArmed("a=error",
                                [] {
                                  PassFailpoint("a");
                                  return 0;
                                }),
                       SIGABRT));
}

#if defined(TURNPIKE_FAILPOINTS)
Status Sync() {
  TURNPIKE_FAILPOINT("journal.before_sync");
  TURNPIKE_FAILPOINT_STATUS("journal.sync");
  return OkStatus();
}

TEST(Failpoint, MacroReturnsTheErrorFromTheEnclosingFunction) {
  EXPECT_TRUE(ExitedWith(RunArmed("journal.sync=error", [] { return Sync().ok() ? 1 : 0; }), 0));
}
#endif

}  // namespace
}  // namespace turnpike
