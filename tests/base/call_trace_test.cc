#include "base/call_trace.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

constexpr char kTrace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(CallTrace, KnowsATraceContextFromOtherText) {
  EXPECT_TRUE(IsTraceParent(kTrace));
  for (const char* text : {"", "00", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
                           "00 4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7 01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n"}) {
    EXPECT_FALSE(IsTraceParent(text)) << text;
  }
}

TEST(CallTrace, TakesOnlyVisibleIdsOfCalls) {
  EXPECT_TRUE(IsRequestId("r-1"));
  EXPECT_TRUE(IsRequestId(std::string(128, 'x')));
  EXPECT_FALSE(IsRequestId(""));
  EXPECT_FALSE(IsRequestId(std::string(129, 'x')));
  EXPECT_FALSE(IsRequestId("two words"));
  EXPECT_FALSE(IsRequestId("line\nend"));
}

TEST(CallTrace, MakesATraceOfAJobsOwnIds) {
  const auto job = JobId::Parse("0190163d-8694-739b-aea5-966c26f8ad91").value();
  const auto attempt = AttemptId::Parse("7d444840-9dc0-41d1-b245-5ffdce74fad2").value();
  EXPECT_EQ(MakeTraceParent(job, attempt), "00-0190163d8694739baea5966c26f8ad91-7d4448409dc041d1-00");
  EXPECT_TRUE(IsTraceParent(MakeTraceParent(job, attempt)));
}

}  // namespace
}  // namespace turnpike
