#include "broker/core/quote_terms.h"

#include <algorithm>

#include "base/byte_codec.h"
#include "base/error_reason.h"

namespace turnpike {
namespace {

constexpr int64_t kFormat = 1;
constexpr size_t kSealBytes = sizeof(Sha256Digest);

// With a purpose, so that the key seals nothing else by chance.
std::string SealOf(std::string_view body, std::string_view key) {
  return std::string(AsBytes(HmacSha256(key, ByteWriter().Text("turnpike quote").Text(body).Take())));
}

Status Refuse(std::string description) {
  FieldViolations violations;
  violations.Add("quote", std::move(description));
  return violations.ToStatus();
}

Status NotOurs() {
  return Refuse("is not a quote of this federation, or is damaged; ask for a new one");
}

}  // namespace

std::string SealQuote(const QuoteTerms& terms, std::string_view key) {
  ByteWriter out;
  out.Int(kFormat).AnyId(terms.project_id).Text(AsBytes(terms.spec_digest)).Int(terms.price_list);
  out.Int(terms.ceiling_micros).Text(terms.unit).Time(terms.expires_at);
  const std::string body = out.Take();
  return body + SealOf(body, key);
}

Result<QuoteTerms> OpenQuote(std::string_view quote, std::string_view key) {
  if (quote.size() < kSealBytes) {
    return NotOurs();
  }
  const std::string_view body = quote.substr(0, quote.size() - kSealBytes);
  if (!EqualInConstantTime(SealOf(body, key), quote.substr(body.size()))) {
    return NotOurs();
  }
  ByteReader in(body);
  const int64_t format = in.Int();
  QuoteTerms terms;
  terms.project_id = in.IdOf<ProjectId>();
  const std::string digest = in.Text();
  terms.price_list = in.Int();
  terms.ceiling_micros = in.Int();
  terms.unit = in.Text();
  terms.expires_at = in.Time();
  if (!in.finished() || format != kFormat || digest.size() != terms.spec_digest.size()) {
    return Refuse("was made by another version of the broker; ask for a new one");
  }
  std::copy_n(digest.begin(), digest.size(), terms.spec_digest.begin());
  return terms;
}

Status CheckQuote(const QuoteTerms& terms, const QuoteUse& use) {
  if (terms.project_id != use.project_id) {
    return Refuse("was made for another project; ask for one with the project that is to pay");
  }
  if (terms.spec_digest != use.spec_digest) {
    return Refuse("was made for another spec; submit the very job that was quoted, or ask for a new quote");
  }
  if (use.now >= terms.expires_at) {
    return FailedPrecondition("the quote ended at {}; ask for a new one, or submit without it at today's prices",
                              FormatTimestamp(terms.expires_at));
  }
  return OkStatus();
}

Sha256Digest DigestSpec(std::string_view spec, std::string_view script) {
  return Sha256(ByteWriter().Text(spec).Text(script).Take());
}

}  // namespace turnpike
