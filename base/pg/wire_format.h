#pragma once
// PostgreSQL's binary forms, shared by Params and Rows: big-endian integers, and timestamps counted from the year 2000.

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "base/time.h"

namespace turnpike {

static_assert(std::endian::native == std::endian::little, "the byte swaps below assume a little-endian machine");

inline uint16_t SwapBytes(uint16_t value) {
  return __builtin_bswap16(value);
}
inline uint32_t SwapBytes(uint32_t value) {
  return __builtin_bswap32(value);
}
inline uint64_t SwapBytes(uint64_t value) {
  return __builtin_bswap64(value);
}

template <class Unsigned>
void AppendBigEndian(std::string& out, Unsigned value) {
  const Unsigned swapped = SwapBytes(value);
  out.append(reinterpret_cast<const char*>(&swapped), sizeof(swapped));
}

// The view holds at least that many bytes.
template <class Unsigned>
Unsigned LoadBigEndian(std::string_view bytes) {
  Unsigned value = 0;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return SwapBytes(value);
}

// 2000-01-01T00:00:00Z; the ends of the range are 'infinity' and '-infinity' there, and the largest and smallest moment
// here.
constexpr int64_t kPostgresEpochMicros = 946'684'800'000'000;

constexpr int64_t ToPostgresMicros(Timestamp at) {
  const int64_t micros = MicrosOf(at);
  if (at == Timestamp::max() || micros < std::numeric_limits<int64_t>::min() + kPostgresEpochMicros) {
    return at == Timestamp::max() ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min();
  }
  return micros - kPostgresEpochMicros;
}

constexpr Timestamp FromPostgresMicros(int64_t micros) {
  if (micros == std::numeric_limits<int64_t>::min()) {
    return Timestamp::min();
  }
  return micros > std::numeric_limits<int64_t>::max() - kPostgresEpochMicros
             ? Timestamp::max()
             : TimestampFromMicros(micros + kPostgresEpochMicros);
}

}  // namespace turnpike
