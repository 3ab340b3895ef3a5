// What is sent when, by times that the test says.
#include "adapters/link/network_meter.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

class Meter : public testing::Test {
 protected:
  static NetworkMeter::Settings Settings() {
    NetworkMeter::Settings settings;
    settings.probe_address = "198.51.100.7:22";
    settings.probes.policy = ProbePolicy::kNone;
    return settings;
  }
  // Everything that is due at this moment; pings are answered after `round_trip`.
  std::vector<v1::NetworkReport> Turn(MonotonicTime now, microseconds round_trip) {
    std::vector<v1::NetworkReport> reports;
    while (std::optional<v1::SynchronizeRequest> message = meter_.Next(now)) {
      if (message->has_ping()) {
        ++pings_;
        v1::Pong pong;
        pong.set_number(message->ping().number());
        meter_.TakePong(pong, now + round_trip);
      } else {
        reports.push_back(message->network());
      }
    }
    return reports;
  }

  SystemRandom random_;
  NetworkMeter meter_{Settings(), random_};
  const MonotonicTime begin_ = MonotonicTime() + std::chrono::hours(1);
  int pings_ = 0;
};

TEST_F(Meter, ReportsTheShortestAndTheUsualRoundTripOfItsPings) {
  meter_.StartSession(true, begin_);
  std::vector<v1::NetworkReport> reports;
  const int64_t took[] = {40'000, 10'000, 900'000, 20'000, 30'000};
  for (int second = 0; second < 5; ++second) {
    EXPECT_TRUE(Turn(begin_ + std::chrono::seconds(second), microseconds(took[second])).empty());
  }
  reports = Turn(begin_ + std::chrono::seconds(5), microseconds(50'000));
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].number(), 1);
  EXPECT_EQ(reports[0].probe_address(), "198.51.100.7:22");
  EXPECT_EQ(reports[0].broker().shortest().nanos(), 10'000'000);
  EXPECT_EQ(reports[0].broker().median().nanos(), 30'000'000);
  EXPECT_EQ(reports[0].broker().samples(), pings_);
  EXPECT_EQ(reports[0].upload_bytes_per_second(), 0);
}

TEST_F(Meter, TellsOnlyWhatIsNew) {
  meter_.StartSession(true, begin_);
  Turn(begin_, microseconds(1));
  meter_.NoteUpload(1U << 20U, milliseconds(500));
  const std::vector<v1::NetworkReport> first = Turn(begin_ + std::chrono::seconds(5), microseconds(1));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].upload_bytes_per_second(), 2 << 20);
  // Nothing is answered any more.
  std::optional<v1::NetworkReport> second;
  for (MonotonicTime now = begin_ + std::chrono::seconds(6); !second; now = *meter_.DueTime()) {
    while (const std::optional<v1::SynchronizeRequest> message = meter_.Next(now)) {
      if (message->has_network()) {
        second = message->network();
      }
    }
  }
  EXPECT_EQ(second->number(), 2);
  EXPECT_FALSE(second->has_broker());
  EXPECT_EQ(second->upload_bytes_per_second(), 0);
  EXPECT_EQ(second->probe_address(), "198.51.100.7:22");
}

TEST_F(Meter, IsQuietOnceASessionHasBegun) {
  meter_.StartSession(true, begin_);
  int messages = 0;
  MonotonicTime now = begin_;
  for (; now < begin_ + std::chrono::hours(1); now = *meter_.DueTime()) {
    while (meter_.Next(now)) {
      ++messages;
    }
  }
  EXPECT_LE(messages, 5 + 3'600 / 15 + 3'600 / 60 + 2);
}

TEST_F(Meter, SaysNothingToABrokerThatDoesNotUnderstandIt) {
  meter_.StartSession(false, begin_);
  EXPECT_FALSE(meter_.Next(begin_ + std::chrono::hours(1)));
  EXPECT_FALSE(meter_.DueTime());
  meter_.StartSession(true, begin_);
  EXPECT_TRUE(meter_.Next(begin_));
  meter_.EndSession();
  EXPECT_FALSE(meter_.Next(begin_ + std::chrono::hours(1)));
}

TEST_F(Meter, AnAnswerCountsOnceAndOnlyOfItsOwnSession) {
  meter_.StartSession(true, begin_);
  const std::optional<v1::SynchronizeRequest> ping = meter_.Next(begin_);
  ASSERT_TRUE(ping && ping->has_ping());
  v1::Pong pong;
  pong.set_number(ping->ping().number());
  meter_.StartSession(true, begin_);
  meter_.TakePong(pong, begin_ + milliseconds(1));
  std::optional<v1::SynchronizeRequest> message;
  for (MonotonicTime now = begin_ + std::chrono::seconds(5); !message || !message->has_network();) {
    message = meter_.Next(now);
  }
  EXPECT_FALSE(message->network().has_broker());
}

TEST_F(Meter, LittleOutputSaysNothingOfTheThroughput) {
  meter_.StartSession(true, begin_);
  meter_.NoteUpload((256U << 10U) - 1, milliseconds(1));
  meter_.NoteUpload(1U << 20U, milliseconds(0));
  const std::vector<v1::NetworkReport> reports = Turn(begin_ + std::chrono::seconds(5), microseconds(1));
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].upload_bytes_per_second(), 0);
}

}  // namespace
}  // namespace turnpike
