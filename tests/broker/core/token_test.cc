#include <gmock/gmock.h>

#include <limits>

#include "base/error_reason.h"
#include "broker/core/opaque_text.h"
#include "broker/core/page_token.h"
#include "broker/core/resume_token.h"

namespace turnpike {
namespace {

Uuid UuidOf(uint8_t number) {
  Uuid uuid;
  uuid.bytes.fill(number);
  return uuid;
}

TEST(ResumeToken, ComesBack) {
  const ResumeToken tokens[] = {
      {},
      {.restore_epoch = 1, .xid = 745, .seq = 12},
      {.restore_epoch = -1, .xid = std::numeric_limits<uint64_t>::max(), .seq = std::numeric_limits<int64_t>::max()},
  };
  for (const ResumeToken& token : tokens) {
    const Result<ResumeToken> decoded = DecodeResumeToken(EncodeResumeToken(token));
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(*decoded, token);
  }
}

TEST(ResumeToken, OrderIsThatOfTheTail) {
  EXPECT_LT((ResumeToken{1, 9, 9}), (ResumeToken{2, 0, 0}));
  EXPECT_LT((ResumeToken{1, 5, 9}), (ResumeToken{1, 6, 0}));
  EXPECT_LT((ResumeToken{1, 5, 1}), (ResumeToken{1, 5, 2}));
}

TEST(ResumeToken, EveryChangedCharacterIsSeen) {
  const std::string good = EncodeResumeToken({.restore_epoch = 3, .xid = 70'000, .seq = 5});
  for (size_t i = 0; i < good.size(); ++i) {
    for (const char other : {'A', 'B', '_', 'r', '!', ' '}) {
      std::string changed = good;
      changed[i] = other;
      if (changed != good) {
        EXPECT_EQ(DecodeResumeToken(changed).status().code(), StatusCode::kInvalidArgument) << changed;
      }
    }
  }
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(DecodeResumeToken(good.substr(0, length)).ok()) << length;
  }
  EXPECT_FALSE(DecodeResumeToken(good + "A").ok());
}

TEST(PageToken, ComesBackForItsOwnRequest) {
  const PageKey key{.time = TimestampFromMicros(1'763'769'600'000'001), .id = UuidOf(7)};
  const Result<PageKey> decoded = DecodePageToken(EncodePageToken(key, "ListJobs project=p"), "ListJobs project=p");
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, key);
}

TEST(PageToken, IsRefusedForAnotherRequest) {
  const std::string token = EncodePageToken({.time = {}, .id = UuidOf(7)}, "ListJobs project=p");
  const Status refused = DecodePageToken(token, "ListJobs project=q").status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(DetailsOf(refused).reason, ErrorReason::kPageTokenInvalid);
}

TEST(PageToken, OtherTextIsRefused) {
  const std::string resume = EncodeResumeToken({.restore_epoch = 1, .xid = 2, .seq = 3});
  for (const std::string& text :
       {std::string(), std::string("p"), std::string("pAAAA"), resume, "p" + resume.substr(1)}) {
    EXPECT_EQ(DetailsOf(DecodePageToken(text, "x").status()).reason, ErrorReason::kPageTokenInvalid) << text;
  }
}

TEST(OpaqueText, AnyBytesComeBackInPlainCharacters) {
  for (size_t length = 0; length < 40; ++length) {
    std::string bytes;
    for (size_t i = 0; i < length; ++i) {
      bytes += static_cast<char>(i * 37 + length);
    }
    const std::string text = ToOpaqueText('x', bytes);
    EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    EXPECT_EQ(FromOpaqueText('x', text), bytes);
    EXPECT_EQ(FromOpaqueText('y', text), std::nullopt);
  }
}

}  // namespace
}  // namespace turnpike
