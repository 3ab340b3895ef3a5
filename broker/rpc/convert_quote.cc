#include "broker/rpc/convert_quote.h"

#include "base/grpc/valid_utf8.h"
#include "base/money.h"
#include "broker/rpc/convert_time.h"

namespace turnpike {
namespace {

v1::ShareCheck CheckToProto(const ShareCheck& check) {
  v1::ShareCheck out;
  out.set_name(check.name);
  out.set_required(ValidUtf8(check.required));
  out.set_available(ValidUtf8(check.available));
  out.set_passed(check.passed);
  return out;
}

void FillFit(const ShareVerdict& verdict, v1::ShareVerdict& out) {
  out.mutable_time_limit()->set_seconds(verdict.fit.time_limit.count());
  *out.mutable_expected_start_time() = ToProto(verdict.expected_start);
  *out.mutable_expected_end_time() = ToProto(verdict.expected_end);
  out.set_ceiling(FormatMicros(verdict.fit.ceiling_micros));
  v1::ShareScore& score = *out.mutable_score();
  score.set_time_points(verdict.score.time_points);
  score.set_price_points(verdict.score.price_points);
  score.set_total_points(verdict.score.total());
}

}  // namespace

v1::ShareVerdict ToProto(const ExplainedShare& share) {
  v1::ShareVerdict out;
  out.set_site(share.site);
  out.set_share(ValidUtf8(share.share));
  out.set_eligible(share.verdict.eligible);
  out.set_chosen(share.chosen);
  out.set_refusal(share.refusal);
  out.set_explanation(ValidUtf8(share.explanation));
  out.set_permanent(share.permanent);
  for (const ShareCheck& check : share.checks) {
    *out.add_checks() = CheckToProto(check);
  }
  if (share.verdict.eligible) {
    FillFit(share.verdict, out);
  }
  return out;
}

v1::QuoteJobResponse ToProto(const JobQuote& quote) {
  v1::QuoteJobResponse out;
  out.set_unit(quote.unit);
  for (const ExplainedShare& share : quote.shares) {
    *out.add_shares() = ToProto(share);
  }
  if (quote.ceiling_micros) {
    out.set_ceiling(FormatMicros(*quote.ceiling_micros));
    out.set_quote(quote.quote);
    *out.mutable_expire_time() = ToProto(quote.expires_at);
  }
  return out;
}

v1::ExplainJobResponse ToProto(const JobExplanation& explanation) {
  v1::ExplainJobResponse out;
  out.set_summary(ValidUtf8(explanation.summary));
  out.set_jobs_ahead(explanation.jobs_ahead);
  for (const ExplainedShare& share : explanation.shares) {
    *out.add_shares() = ToProto(share);
  }
  for (const std::string& advice : explanation.advice) {
    out.add_advice(ValidUtf8(advice));
  }
  return out;
}

}  // namespace turnpike
