#include "base/random.h"

#include <openssl/rand.h>

#include "base/check.h"

namespace turnpike {

void SystemRandom::Fill(std::span<uint8_t> bytes) {
  CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
}

}  // namespace turnpike
