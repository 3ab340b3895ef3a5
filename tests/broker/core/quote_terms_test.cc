#include "broker/core/quote_terms.h"

#include <gtest/gtest.h>

#include "base/error_reason.h"
#include "tests/broker/core/match_fixture.h"

namespace turnpike {
namespace {

constexpr char kKey[] = "0123456789abcdef0123456789abcdef";

QuoteTerms Terms() {
  return {.project_id = IdFor<ProjectId>(1),
          .spec_digest = DigestSpec("spec", "#!/bin/sh\n"),
          .price_list = 7,
          .ceiling_micros = 12'500'000,
          .unit = "EUR",
          .expires_at = kNow + kQuoteLifetime};
}

QuoteUse Use() {
  return {.project_id = Terms().project_id, .spec_digest = Terms().spec_digest, .now = kNow};
}

TEST(QuoteTerms, SurviveTheirJourney) {
  const std::string quote = SealQuote(Terms(), kKey);
  EXPECT_LE(quote.size(), 140U);
  const Result<QuoteTerms> opened = OpenQuote(quote, kKey);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(*opened, Terms());
}

TEST(QuoteTerms, EveryChangedByteIsNoticed) {
  const std::string quote = SealQuote(Terms(), kKey);
  for (size_t i = 0; i < quote.size(); ++i) {
    std::string changed = quote;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(OpenQuote(changed, kKey).status().code(), StatusCode::kInvalidArgument) << i;
    EXPECT_FALSE(OpenQuote(quote.substr(0, i), kKey).ok()) << i;
  }
  EXPECT_EQ(OpenQuote(quote, "another key").status().code(), StatusCode::kInvalidArgument);
}

TEST(QuoteTerms, HoldForTheirJobProjectAndTimeAlone) {
  EXPECT_TRUE(CheckQuote(Terms(), Use()).ok());
  QuoteUse use = Use();
  use.project_id = IdFor<ProjectId>(2);
  EXPECT_EQ(CheckQuote(Terms(), use).code(), StatusCode::kInvalidArgument);
  use = Use();
  use.spec_digest = DigestSpec("spec#", "!/bin/sh\n");
  EXPECT_EQ(CheckQuote(Terms(), use).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(DetailsOf(CheckQuote(Terms(), use)).violations.front().path, "quote");
  use = Use();
  use.now = Terms().expires_at - Duration(1);
  EXPECT_TRUE(CheckQuote(Terms(), use).ok());
  use.now = Terms().expires_at;
  EXPECT_EQ(CheckQuote(Terms(), use).code(), StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace turnpike
