#include "bench/harness/end_on_signal.h"

#include <gtest/gtest.h>

#include "base/child_process.h"

namespace turnpike {
namespace {

// A server that leads a session of its own, and one that a script has left in the background.
TEST(EndDescendants, EndsServersAndWhatScriptsLeftBehind) {
  AdoptOrphans();
  const Result<ProcessIdentity> server = StartDetached({.argv = {"sleep", "1000"},
                                                        .environment = {{"PATH", "/usr/bin:/bin"}},
                                                        .directory = "/",
                                                        .output_path = "/dev/null",
                                                        .error_path = "/dev/null"});
  ASSERT_TRUE(server.ok()) << server.status();
  const Result<ChildResult> script = RunChild({.argv = {"bash", "-c", "setsid sleep 1000 >/dev/null 2>&1 & echo $!"},
                                               .environment = {{"PATH", "/usr/bin:/bin"}},
                                               .directory = "/",
                                               .standard_input = {}});
  ASSERT_TRUE(script.ok() && script->succeeded());
  const std::optional<ProcessIdentity> left = IdentityOf(std::stoi(script->output));
  ASSERT_TRUE(left.has_value());

  EndDescendants();

  EXPECT_FALSE(IsAlive(*server));
  EXPECT_FALSE(IsAlive(*left));
}

}  // namespace
}  // namespace turnpike
