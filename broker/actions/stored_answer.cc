#include "broker/actions/stored_answer.h"

#include "base/byte_codec.h"
#include "base/error_reason.h"

namespace turnpike {
namespace {

constexpr int64_t kFormat = 1;
constexpr int64_t kJobsMax = 1'000;

void PutError(ByteWriter& out, const Status& status) {
  const ErrorDetails details = DetailsOf(status);
  out.Int(static_cast<int64_t>(status.code())).Text(MessageOf(status));
  out.Text(details.reason ? ErrorReasonName(*details.reason) : "");
  out.Int(static_cast<int64_t>(details.violations.size()));
  for (const FieldViolation& violation : details.violations) {
    out.Text(violation.path).Text(violation.description);
  }
}

Status TakeError(ByteReader& in) {
  const auto code = static_cast<StatusCode>(in.Int());
  const std::string message = in.Text();
  ErrorDetails details;
  details.reason = ParseErrorReason(in.Text());
  for (int64_t left = in.Int(); left > 0 && in.ok(); --left) {
    std::string path = in.Text();
    details.violations.push_back({std::move(path), in.Text()});
  }
  return WithDetails(MakeStatus(code, message), details);
}

}  // namespace

std::string EncodeAnswer(const std::vector<Result<JobView>>& results) {
  ByteWriter out;
  out.Int(kFormat).Int(static_cast<int64_t>(results.size()));
  for (const Result<JobView>& result : results) {
    out.Bool(result.ok());
    if (result.ok()) {
      out.Text(EncodeJobView(*result));
    } else {
      PutError(out, result.status());
    }
  }
  return out.Take();
}

Result<std::vector<Result<JobView>>> DecodeAnswer(std::string_view bytes) {
  ByteReader in(bytes);
  const int64_t format = in.Int();
  const int64_t count = in.Int();
  if (format != kFormat || count < 0 || count > kJobsMax) {
    return DataLoss("a stored answer of {} bytes is damaged or of format {}", bytes.size(), format);
  }
  std::vector<Result<JobView>> results;
  for (int64_t i = 0; i < count; ++i) {
    if (in.Bool()) {
      ASSIGN_OR_RETURN(JobView job, DecodeJobView(in.Text()));
      results.emplace_back(std::move(job));
    } else {
      results.emplace_back(TakeError(in));
    }
  }
  if (!in.finished()) {
    return DataLoss("a stored answer of {} bytes is damaged", bytes.size());
  }
  return results;
}

}  // namespace turnpike
