#include "base/numeric_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace turnpike {
namespace {

constexpr size_t kTextBytesMax = 64;  // longer than any address
constexpr size_t kIpv4Bytes = 4;

// The first `bits` bits of an address.
struct Network {
  std::array<uint8_t, 16> bytes;
  int bits;
};

// https://www.iana.org/assignments/iana-ipv4-special-registry: what is not global.
constexpr Network kLocalIpv4[] = {{{0}, 8},         {{10}, 8},       {{100, 64}, 10},      {{127}, 8},
                                  {{169, 254}, 16}, {{172, 16}, 12}, {{192, 0, 0}, 24},    {{192, 0, 2}, 24},
                                  {{192, 168}, 16}, {{198, 18}, 15}, {{198, 51, 100}, 24}, {{203, 0, 113}, 24},
                                  {{224}, 4},       {{240}, 4}};
constexpr Network kGlobalIpv6 = {{0x20}, 3};  // 2000::/3; everything else is local, reserved or a group
constexpr Network kDocumentationIpv6 = {{0x20, 0x01, 0x0d, 0xb8}, 32};
constexpr Network kMappedIpv4 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
constexpr Network k6to4 = {{0x20, 0x02}, 16};  // leads to an IPv4 address inside

bool IsIn(const Network& network, const std::array<uint8_t, 16>& address) {
  const auto whole = static_cast<size_t>(network.bits / 8);
  const int rest = network.bits % 8;
  if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole), network.bytes.begin())) {
    return false;
  }
  const auto mask = static_cast<uint8_t>(0xffU << static_cast<unsigned>(8 - rest));
  return rest == 0 || (address[whole] & mask) == (network.bytes[whole] & mask);
}

std::optional<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool complete = error == std::errc() && end == text.data() + text.size();
  return complete && port != 0 ? std::optional(port) : std::nullopt;
}

bool IsPublicIpv4(const std::array<uint8_t, 16>& bytes) {
  return std::ranges::none_of(kLocalIpv4, [&](const Network& network) { return IsIn(network, bytes); });
}

}  // namespace

std::optional<NumericAddress> ParseNumericAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.size() > kTextBytesMax || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  std::string host(text.substr(0, colon));
  const std::optional<uint16_t> port = ParsePort(text.substr(colon + 1));
  NumericAddress address;
  address.is_ipv6 = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (address.is_ipv6) {
    host = host.substr(1, host.size() - 2);
  }
  if (!port || inet_pton(address.is_ipv6 ? AF_INET6 : AF_INET, host.c_str(), address.bytes.data()) != 1) {
    return std::nullopt;
  }
  address.port = *port;
  return address;
}

bool IsPublic(const NumericAddress& address) {
  if (!address.is_ipv6) {
    return IsPublicIpv4(address.bytes);
  }
  std::array<uint8_t, 16> inside{};
  if (IsIn(kMappedIpv4, address.bytes)) {
    std::copy_n(address.bytes.begin() + 12, kIpv4Bytes, inside.begin());
    return IsPublicIpv4(inside);
  }
  if (IsIn(k6to4, address.bytes)) {
    std::copy_n(address.bytes.begin() + 2, kIpv4Bytes, inside.begin());
    return IsPublicIpv4(inside);
  }
  return IsIn(kGlobalIpv6, address.bytes) && !IsIn(kDocumentationIpv6, address.bytes);
}

}  // namespace turnpike
