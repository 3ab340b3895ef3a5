#pragma once
// An IP address in figures and a port: "203.0.113.7:443", "[2001:db8::7]:443".  No names: nothing has to be looked up,
// and whoever is told to connect there knows where that is.  A value.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace turnpike {

struct NumericAddress {
  bool is_ipv6 = false;
  std::array<uint8_t, 16> bytes{};  // in network order; IPv4 has the first four
  uint16_t port = 0;
  friend bool operator==(const NumericAddress&, const NumericAddress&) = default;
};

// nullopt: it is none, or its port is 0.
std::optional<NumericAddress> ParseNumericAddress(std::string_view text);

// One of the public Internet: not of this host, of a private or local network, of a group of hosts, or reserved.  An
// IPv4 address inside an IPv6 one is judged as itself.
bool IsPublic(const NumericAddress& address);

}  // namespace turnpike
