#include "broker/identity/bearer_token.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace turnpike {
namespace {

class FixedBytes final : public RandomSource {
 public:
  explicit FixedBytes(uint8_t byte) : byte_(byte) {}
  void Fill(std::span<uint8_t> bytes) override { std::ranges::fill(bytes, byte_); }

 private:
  uint8_t byte_;
};

class CountingBytes final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> bytes) override {
    for (uint8_t& byte : bytes) {
      byte = next_++;
    }
  }

 private:
  uint8_t next_ = 0;
};

TEST(BearerToken, IsItsRandomBytesInBase64Url) {
  FixedBytes zeros(0x00);
  EXPECT_EQ(MakeBearerToken(zeros), "tp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
  FixedBytes ones(0xFF);
  EXPECT_EQ(MakeBearerToken(ones), "tp_" + std::string(42, '_') + "8");
  CountingBytes counting;
  EXPECT_EQ(MakeBearerToken(counting), "tp_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
}

TEST(BearerToken, IsNewEachTime) {
  SystemRandom random;
  EXPECT_NE(MakeBearerToken(random), MakeBearerToken(random));
}

TEST(BearerToken, MatchesItsOwnHashAlone) {
  SystemRandom random;
  const std::string token = MakeBearerToken(random);
  const Sha256Digest hash = HashBearerToken(token);
  EXPECT_TRUE(MatchesHash(token, hash));
  EXPECT_FALSE(MatchesHash(MakeBearerToken(random), hash));
  EXPECT_FALSE(MatchesHash(token + " ", hash));
  EXPECT_FALSE(MatchesHash("", hash));
}

TEST(BearerToken, LooksLikeItself) {
  SystemRandom random;
  const std::string token = MakeBearerToken(random);
  EXPECT_TRUE(LooksLikeBearerToken(token));
  EXPECT_FALSE(LooksLikeBearerToken(""));
  EXPECT_FALSE(LooksLikeBearerToken(token.substr(1)));
  EXPECT_FALSE(LooksLikeBearerToken(token + "A"));
  EXPECT_FALSE(LooksLikeBearerToken("xx_" + token.substr(3)));
  EXPECT_FALSE(LooksLikeBearerToken(token.substr(0, 45) + "+"));
}

}  // namespace
}  // namespace turnpike
