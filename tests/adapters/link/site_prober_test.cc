// Which sites are measured, and what is told of them; the connections are the test's.
#include "adapters/link/site_prober.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "adapters/link/connect_time.h"
#include "base/file_descriptor.h"
#include "tests/contracts/eventually.h"

namespace turnpike {
namespace {

using std::chrono::microseconds;

// Answers by the address's last number, in so many microseconds; 0: not at all.
std::optional<microseconds> AnswerOf(const NumericAddress& address) {
  const uint8_t number = address.bytes[3];
  return number == 0 ? std::nullopt : std::optional(microseconds(number));
}

class Prober : public testing::Test {
 protected:
  SiteProber::Settings Settings(ProbePolicy policy) {
    return {.policy = policy, .interval = std::chrono::hours(1), .connect = [this](const NumericAddress& address) {
              const MutexLock lock(mutex_);
              asked_.push_back(address.bytes[3]);
              return AnswerOf(address);
            }};
  }
  std::vector<int> asked() {
    const MutexLock lock(mutex_);
    return asked_;
  }
  // As soon as `count` sites have been measured.
  static std::map<std::string, SiteProber::Measured> WaitForMeasured(SiteProber& prober, size_t count) {
    std::map<std::string, SiteProber::Measured> all;
    EXPECT_TRUE(Eventually([&] {
      for (SiteProber::Measured& measured : prober.TakeMeasured()) {
        all[measured.site] = measured;
      }
      return all.size() >= count;
    }));
    return all;
  }

  SystemRandom random_;
  Mutex mutex_;
  std::vector<int> asked_ GUARDED_BY(mutex_);
};

TEST_F(Prober, MeasuresEachSiteAFewTimesAndTellsWhereNothingAnswers) {
  SiteProber prober(Settings(ProbePolicy::kPublic), random_);
  prober.SetTargets({{"alpha", "1.1.1.7:22"}, {"beta", "1.1.1.0:22"}});
  auto measured = WaitForMeasured(prober, 2);
  ASSERT_TRUE(measured["alpha"].round_trip);
  EXPECT_EQ(measured["alpha"].round_trip->median, microseconds(7));
  EXPECT_EQ(measured["alpha"].round_trip->shortest, microseconds(7));
  EXPECT_EQ(measured["alpha"].round_trip->samples, 3);
  EXPECT_FALSE(measured["beta"].round_trip);
  EXPECT_THAT(asked(), testing::UnorderedElementsAre(7, 7, 7, 0));
  EXPECT_TRUE(prober.TakeMeasured().empty()) << "it was told already";
}

TEST_F(Prober, LeavesOutWhatThePolicyDoesNotAllow) {
  SiteProber prober(Settings(ProbePolicy::kPublic), random_);
  prober.SetTargets({{"inside", "10.0.0.9:22"}, {"name", "login.example.org:22"}, {"alpha", "1.1.1.7:22"}});
  WaitForMeasured(prober, 1);
  EXPECT_THAT(asked(), testing::ElementsAre(7, 7, 7));
}

TEST_F(Prober, MeasuresAnyAddressWhereToldTo) {
  SiteProber prober(Settings(ProbePolicy::kAny), random_);
  prober.SetTargets({{"inside", "10.0.0.9:22"}});
  EXPECT_TRUE(WaitForMeasured(prober, 1)["inside"].round_trip);
}

TEST_F(Prober, ASiteThatIsNamedAgainIsNotMeasuredAnewButOneThatMovedIs) {
  SiteProber prober(Settings(ProbePolicy::kPublic), random_);
  prober.SetTargets({{"alpha", "1.1.1.7:22"}});
  WaitForMeasured(prober, 1);
  prober.SetTargets({{"alpha", "1.1.1.7:22"}, {"beta", "1.1.1.8:22"}});
  EXPECT_TRUE(WaitForMeasured(prober, 1).contains("beta"));
  prober.SetTargets({{"alpha", "1.1.1.9:22"}, {"beta", "1.1.1.8:22"}});
  EXPECT_EQ(WaitForMeasured(prober, 1)["alpha"].round_trip->median, microseconds(9));
  EXPECT_THAT(asked(), testing::ElementsAre(7, 7, 7, 8, 8, 8, 9, 9, 9));
}

class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.is_ipv6 = false;
    address_.bytes = {127, 0, 0, 1};
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(socket_.number(), reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::getsockname(socket_.number(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    address_.port = ntohs(at.sin_port);
  }
  void Listen() { EXPECT_EQ(::listen(socket_.number(), 8), 0); }
  const NumericAddress& address() const { return address_; }

 private:
  FileDescriptor socket_;
  NumericAddress address_;
};

TEST(ConnectTime, IsKnownWhereSomethingAcceptsAndUnknownWhereNothingDoes) {
  Listener listener;
  EXPECT_EQ(MeasureConnectTime(listener.address(), std::chrono::seconds(60)), std::nullopt) << "bound, not listening";
  listener.Listen();
  const auto took = MeasureConnectTime(listener.address(), std::chrono::seconds(60));
  ASSERT_TRUE(took);
  EXPECT_GE(took->count(), 1);
}

}  // namespace
}  // namespace turnpike
