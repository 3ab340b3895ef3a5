#include "broker/core/recorded_plan.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "broker/core/round_fields.h"
#include "broker/core/round_parts.h"

namespace turnpike {
namespace {

void EachField(Either<RecordedRefusal> auto& refusal, auto&& visit) {
  auto& [class_number, project_id, checksum] = refusal;
  visit(class_number, project_id, checksum);
}

uint32_t ChecksumOf(const std::vector<ShareRefusal>& refusals) {
  ByteWriter out;
  PutField(out, refusals);
  return Crc32c(out.Take());
}

std::string EncodeRefusals(const std::vector<RecordedRefusal>& refusals) {
  ByteWriter out;
  out.Int(static_cast<int64_t>(refusals.size()));
  for (const RecordedRefusal& refusal : refusals) {
    EachField(refusal, [&](const auto&... fields) { (PutField(out, fields), ...); });
  }
  return out.Take();
}

bool DecodeRefusals(std::string_view bytes, std::vector<RecordedRefusal>& refusals) {
  ByteReader in(bytes);
  for (int64_t left = in.Int(); left > 0 && in.ok(); --left) {
    EachField(refusals.emplace_back(), [&](auto&... fields) { (TakeField(in, fields), ...); });
  }
  return in.finished();
}

}  // namespace

RecordedPlan RecordOf(const Plan& plan, const WaitingIndex& waiting, const ClassNumbers& numbers) {
  const auto& [assignments, refusals, cut_short] = plan;
  RecordedPlan record{.assignments = assignments, .refusals = {}, .cut_short = cut_short};
  for (const ClassRefusal& refusal : refusals) {
    record.refusals.push_back({.class_number = numbers.at(waiting.class_at(refusal.class_index).id),
                               .project_id = refusal.project_id,
                               .checksum = ChecksumOf(refusal.refusals)});
  }
  std::ranges::sort(record.refusals, {},
                    [](const RecordedRefusal& refusal) { return std::pair(refusal.class_number, refusal.project_id); });
  return record;
}

std::string EncodePlan(const RecordedPlan& plan, std::string& refusals) {
  ByteWriter out;
  PutField(out, plan.assignments);
  out.Bool(plan.cut_short);
  std::string encoded = EncodeRefusals(plan.refusals);
  PutChange(out, refusals, encoded);
  refusals = std::move(encoded);
  return out.Take();
}

Result<RecordedPlan> DecodePlan(std::string_view bytes, std::string& refusals) {
  RecordedPlan plan;
  ByteReader in(bytes);
  TakeField(in, plan.assignments);
  plan.cut_short = in.Bool();
  if (!TakeChange(in, refusals) || !in.finished() || !DecodeRefusals(refusals, plan.refusals)) {
    return DataLoss("the recorded plan of {} bytes is damaged", bytes.size());
  }
  return plan;
}

}  // namespace turnpike
