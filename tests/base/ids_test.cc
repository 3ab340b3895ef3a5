#include "base/ids.h"

#include <absl/container/flat_hash_set.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <concepts>
#include <random>

namespace turnpike {
namespace {

class FixedClock final : public Clock {
 public:
  Timestamp Now() const override { return now; }
  MonotonicTime Monotonic() const override { return {}; }

  Timestamp now;
};

class SeededRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> bytes) override {
    std::ranges::generate(bytes, [this] { return static_cast<uint8_t>(engine_()); });
  }

 private:
  std::mt19937 engine_{20261122};
};

class OnesRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> bytes) override { std::ranges::fill(bytes, uint8_t{0xff}); }
};

constexpr char kText[] = "0123abcd-4567-89ef-8123-456789abcdef";

TEST(Uuid, ParsesAndPrintsTheUsualForm) {
  const std::optional<Uuid> uuid = Uuid::Parse(kText);
  ASSERT_TRUE(uuid);
  EXPECT_EQ(uuid->bytes[0], 0x01);
  EXPECT_EQ(uuid->bytes[3], 0xcd);
  EXPECT_EQ(uuid->bytes[15], 0xef);
  EXPECT_EQ(uuid->ToString(), kText);
}

TEST(Uuid, TakesUpperCaseAndPrintsLowerCase) {
  const std::optional<Uuid> uuid = Uuid::Parse("0123ABCD-4567-89EF-8123-456789ABCDEF");
  ASSERT_TRUE(uuid);
  EXPECT_EQ(uuid->ToString(), kText);
}

TEST(Uuid, RefusesEverythingElse) {
  const std::string text = kText;
  const std::string cases[] = {
      "",
      "0123abcd456789ef8123456789abcdef",         // no dashes
      "{" + text + "}",                           // braces
      text.substr(1),                             // too short
      text + "0",                                 // too long
      " " + text.substr(1),                       // a space for a digit
      "0123abcg-4567-89ef-8123-456789abcdef",     // g
      "0123abc-d4567-89ef-8123-456789abcdef",     // a dash in the wrong place
      "0123abcd-4567-89ef-8123_456789abcdef",     // another character for a dash
      "0123abcd-4567-89ef-8123-456789abcde-",     // a dash for a digit
      "-123abcd-4567-89ef-8123-456789abcdef",     // a sign
      text.substr(0, 35) + std::string(1, '\0'),  // a NUL for a digit
  };
  for (const std::string& c : cases) {
    EXPECT_FALSE(Uuid::Parse(c)) << c;
  }
}

TEST(Id, IsNilUntilItIsGivenAValue) {
  EXPECT_TRUE(JobId().is_nil());
  EXPECT_EQ(JobId().ToString(), "00000000-0000-0000-0000-000000000000");
  EXPECT_FALSE(JobId::Parse(kText)->is_nil());
  EXPECT_FALSE(JobId::Parse("nonsense"));
}

TEST(Id, KindsCannotBeMixedUp) {
  static_assert(!std::convertible_to<JobId, SiteId>);
  static_assert(!std::constructible_from<SiteId, JobId>);
  static_assert(!std::equality_comparable_with<JobId, SiteId>);
  static_assert(!std::convertible_to<Uuid, JobId>);
}

TEST(Id, OrdersByItsBytesAndHashes) {
  const JobId low = *JobId::Parse("00000000-0000-0000-0000-0000000000ff");
  const JobId high = *JobId::Parse("01000000-0000-0000-0000-000000000000");
  EXPECT_LT(low, high);
  const absl::flat_hash_set<JobId> ids{low, high, low};
  EXPECT_EQ(ids.size(), 2U);
}

TEST(IdSource, RandomIdsAreVersion4AndDiffer) {
  FixedClock clock;
  SeededRandom random;
  IdSource source(clock, random);
  absl::flat_hash_set<AttemptId> seen;
  for (int i = 0; i < 1000; ++i) {
    const AttemptId id = source.Random<AttemptId>();
    EXPECT_EQ(id.ToString()[14], '4');
    EXPECT_NE(std::string("89ab").find(id.ToString()[19]), std::string::npos);
    EXPECT_FALSE(TimeOf(id.uuid()));
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST(IdSource, TimeOrderedIdsKeepTheMillisecond) {
  FixedClock clock;
  SeededRandom random;
  IdSource source(clock, random);
  constexpr int64_t kLastMilli = (int64_t{1} << 48) - 1;
  for (const int64_t millis : {int64_t{0}, int64_t{1}, int64_t{1'795'306'282'123}, kLastMilli}) {
    clock.now = TimestampFromMicros(millis * 1000 + 999);
    const JobId id = source.TimeOrdered<JobId>();
    EXPECT_EQ(id.ToString()[14], '7');
    EXPECT_NE(std::string("89ab").find(id.ToString()[19]), std::string::npos);
    EXPECT_EQ(TimeOf(id.uuid()), TimestampFromMicros(millis * 1000));
  }
}

TEST(IdSource, LaterIdsSortAfterEarlierOnes) {
  FixedClock clock;
  SeededRandom random;
  IdSource source(clock, random);
  JobId last;
  for (int64_t millis = 0xfffe; millis < 0x10010; ++millis) {
    clock.now = TimestampFromMicros(millis * 1000);
    const JobId next = source.TimeOrdered<JobId>();
    EXPECT_LT(last, next);
    EXPECT_LT(last.ToString(), next.ToString());
    last = next;
  }
}

TEST(IdSource, RandomBitsNeverReachTheTimeOrTheVersion) {
  FixedClock clock;
  OnesRandom random;
  IdSource source(clock, random);
  EXPECT_EQ(source.TimeOrdered<JobId>().ToString(), "00000000-0000-7fff-bfff-ffffffffffff");
  EXPECT_EQ(source.Random<JobId>().ToString(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

TEST(Base32, WritesTheRfc4648Alphabet) {
  Uuid ones;
  ones.bytes.fill(0xff);
  EXPECT_EQ(ToBase32(Uuid{}), "aaaaaaaaaaaaaaaaaaaaaaaaaa");
  EXPECT_EQ(ToBase32(ones), "77777777777777777777777774");
  Uuid counting;  // "0123456789abcdef" in the RFC's own encoding
  std::ranges::copy(std::string_view("0123456789abcdef"), counting.bytes.begin());
  EXPECT_EQ(ToBase32(counting), "gaytemzugu3doobzmfrggzdfmy");
}

TEST(Base32, SurvivesTheRoundTrip) {
  FixedClock clock;
  SeededRandom random;
  IdSource source(clock, random);
  for (int i = 0; i < 1000; ++i) {
    const Uuid uuid = source.NewRandom();
    const std::string text = ToBase32(uuid);
    EXPECT_EQ(text.size(), 26U);
    EXPECT_EQ(UuidFromBase32(text), uuid);
  }
}

TEST(Base32, RefusesOtherSpellings) {
  const std::string text = "gaytemzugu3doobzmfrggzdfmy";
  ASSERT_TRUE(UuidFromBase32(text));
  const std::string cases[] = {
      "",
      "GAYTEMZUGU3DOOBZMFRGGZDFMY",  // upper case
      text.substr(1),                // too short
      text + "a",                    // too long
      text + "======",               // padded
      "gaytemzugu3doobzmfrggzdfmz",  // the same bytes, other padding bits
      "gaytemzugu3doobzmfrggzdfm1",  // no such digit
      "gaytemzugu3doobzmfrggzdfm8",  // no such digit
      "gaytemzugu3doobzmfrggzdfm ",  // a space
  };
  for (const std::string& c : cases) {
    EXPECT_FALSE(UuidFromBase32(c)) << c;
  }
}

}  // namespace
}  // namespace turnpike
