#pragma once
// Where randomness comes from; tests pass a seeded one.  Thread-safe.

#include <cstdint>
#include <span>

namespace turnpike {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void Fill(std::span<uint8_t> bytes) = 0;
};

// The operating system's, through OpenSSL: fit for keys and tokens.
class SystemRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> bytes) override;
};

}  // namespace turnpike
