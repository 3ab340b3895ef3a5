#include "base/numeric_address.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(NumericAddress, ReadsBothFamilies) {
  const std::optional<NumericAddress> ipv4 = ParseNumericAddress("203.0.113.7:443");
  ASSERT_TRUE(ipv4);
  EXPECT_FALSE(ipv4->is_ipv6);
  EXPECT_EQ(ipv4->port, 443);
  EXPECT_EQ(ipv4->bytes[0], 203);
  EXPECT_EQ(ipv4->bytes[3], 7);
  const std::optional<NumericAddress> ipv6 = ParseNumericAddress("[2001:db8::7]:22");
  ASSERT_TRUE(ipv6);
  EXPECT_TRUE(ipv6->is_ipv6);
  EXPECT_EQ(ipv6->port, 22);
  EXPECT_EQ(ipv6->bytes[15], 7);
}

TEST(NumericAddress, RefusesWhatIsNone) {
  for (const char* text : {"", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:0", "1.2.3.4:65536", "1.2.3.4:22x", "1.2.3:22",
                           "login.example.org:22", "2001:db8::7:22", "[2001:db8::7]", "[]:22", "[1.2.3.4]:22",
                           "1.2.3.4:-1", " 1.2.3.4:22", "[2001:db8::7%eth0]:22"}) {
    EXPECT_FALSE(ParseNumericAddress(text)) << text;
  }
  EXPECT_FALSE(ParseNumericAddress("[0000000000000000000000000000000000000000000000000000000000000000001]:22"));
  EXPECT_FALSE(ParseNumericAddress(std::string_view("1.2.3.4\0:22", 11)));
}

TEST(NumericAddress, OnlyThePublicInternetIsPublic) {
  for (const char* text : {"1.1.1.1:1", "100.63.255.255:1", "100.128.0.0:1", "172.15.0.1:1", "172.32.0.1:1",
                           "198.20.0.1:1", "223.255.255.255:1", "[2a00:1450::1]:1", "[::ffff:1.1.1.1]:1"}) {
    EXPECT_TRUE(IsPublic(*ParseNumericAddress(text))) << text;
  }
  for (const char* text :
       {"0.0.0.0:1",         "10.1.2.3:1",       "100.64.0.1:1",      "127.0.0.1:1",     "169.254.169.254:1",
        "172.16.0.1:1",      "172.31.255.255:1", "192.168.1.1:1",     "198.18.0.1:1",    "198.19.0.1:1",
        "203.0.113.7:1",     "224.0.0.1:1",      "255.255.255.255:1", "[::1]:1",         "[::]:1",
        "[fe80::1]:1",       "[fd00::1]:1",      "[ff02::1]:1",       "[2001:db8::7]:1", "[::ffff:10.0.0.1]:1",
        "[2002:7f00:1::]:1", "[64:ff9b::1]:1"}) {
    EXPECT_FALSE(IsPublic(*ParseNumericAddress(text))) << text;
  }
}

}  // namespace
}  // namespace turnpike
