#pragma once
// A quote as its user carries it: what was promised, for which job, until when, sealed with the federation's key.
// Nothing is stored.  The price list names the version of every site's prices, so that a quote is short however many
// shares it spans.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"

namespace turnpike {

constexpr std::chrono::minutes kQuoteLifetime{15};

struct QuoteTerms {
  ProjectId project_id;
  Sha256Digest spec_digest{};
  int64_t price_list = 0;
  int64_t ceiling_micros = 0;  // the most that the job may cost, wherever it runs
  std::string unit;
  Timestamp expires_at{};
  friend bool operator==(const QuoteTerms&, const QuoteTerms&) = default;
};

std::string SealQuote(const QuoteTerms& terms, std::string_view key);
// INVALID_ARGUMENT for what was not sealed with this key.
Result<QuoteTerms> OpenQuote(std::string_view quote, std::string_view key);

// What is submitted with a quote.
struct QuoteUse {
  ProjectId project_id;
  Sha256Digest spec_digest{};
  Timestamp now{};
};
// INVALID_ARGUMENT: of another project, or for another spec.  FAILED_PRECONDITION: it has expired.
Status CheckQuote(const QuoteTerms& terms, const QuoteUse& use);

// `spec` without its script.
Sha256Digest DigestSpec(std::string_view spec, std::string_view script);

}  // namespace turnpike
