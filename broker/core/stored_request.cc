#include "broker/core/stored_request.h"

#include <algorithm>

#include "base/byte_codec.h"
#include "base/digest.h"

namespace turnpike {
namespace {

constexpr int64_t kFormat = 1;
constexpr int64_t kFormatLater = 2;  // what jobs without a deadline and without failures need not have
constexpr int64_t kFormatMost = 3;   // what jobs without a limit of their round trip need not have
constexpr int64_t kNamesMax = 10'000;

void PutNames(ByteWriter& out, std::vector<std::string> names) {
  std::ranges::sort(names);
  out.Int(static_cast<int64_t>(names.size()));
  for (const std::string& name : names) {
    out.Text(name);
  }
}

std::vector<std::string> TakeNames(ByteReader& in) {
  std::vector<std::string> names;
  for (int64_t left = std::min(in.Int(), kNamesMax); left > 0 && in.ok(); --left) {
    names.push_back(in.Text());
  }
  return names;
}

// The least that holds it: a broker of the version before reads every job that it could run.
int64_t FormatFor(const JobRequest& request) {
  if (request.round_trip_max) {
    return kFormatMost;
  }
  return request.deadline || !request.failed_shares.empty() ? kFormatLater : kFormat;
}

}  // namespace

std::string EncodeJobRequest(const JobRequest& request) {
  ByteWriter out;
  const int64_t format = FormatFor(request);
  out.Int(format).Int(request.nodes).Int(request.tasks).Int(request.tasks_per_node).Int(request.cpus_per_task);
  out.Int(request.memory_per_node_mib).Int(request.memory_per_cpu_mib);
  out.Text(request.accelerator_model).Int(request.accelerators_per_node).Bool(request.exclusive);
  out.OptionalInt(request.time_limit ? std::optional<int64_t>(request.time_limit->count()) : std::nullopt);
  PutNames(out, request.cpu_architectures);
  PutNames(out, request.sites);
  PutNames(out, request.excluded_sites);
  PutNames(out, request.regions);
  PutNames(out, request.avoided_shares);
  out.Int(static_cast<int64_t>(request.objective)).Text(request.unit).OptionalInt(request.budget_micros);
  out.Int(request.price_list).Bool(request.rerun_safe).Int(request.attempts_max);
  if (format >= kFormatLater) {
    out.OptionalTime(request.deadline);
    PutNames(out, request.failed_shares);
  }
  if (format >= kFormatMost) {
    out.Int(request.round_trip_max->count()).Text(request.user_region);
  }
  return out.Take();
}

Result<JobRequest> DecodeJobRequest(std::string_view bytes) {
  ByteReader in(bytes);
  const int64_t format = in.Int();
  if (format < kFormat || format > kFormatMost) {
    return DataLoss("a stored job class has format {}, this broker reads {} to {}", format, kFormat, kFormatMost);
  }
  JobRequest request;
  request.nodes = static_cast<int32_t>(in.Int());
  request.tasks = static_cast<int32_t>(in.Int());
  request.tasks_per_node = static_cast<int32_t>(in.Int());
  request.cpus_per_task = static_cast<int32_t>(in.Int());
  request.memory_per_node_mib = in.Int();
  request.memory_per_cpu_mib = in.Int();
  request.accelerator_model = in.Text();
  request.accelerators_per_node = static_cast<int32_t>(in.Int());
  request.exclusive = in.Bool();
  if (const std::optional<int64_t> seconds = in.OptionalInt()) {
    request.time_limit = std::chrono::seconds(*seconds);
  }
  request.cpu_architectures = TakeNames(in);
  request.sites = TakeNames(in);
  request.excluded_sites = TakeNames(in);
  request.regions = TakeNames(in);
  request.avoided_shares = TakeNames(in);
  request.objective = static_cast<Objective>(in.Int());
  request.unit = in.Text();
  request.budget_micros = in.OptionalInt();
  request.price_list = in.Int();
  request.rerun_safe = in.Bool();
  request.attempts_max = static_cast<int32_t>(in.Int());
  if (format >= kFormatLater) {
    request.deadline = in.OptionalTime();
    request.failed_shares = TakeNames(in);
  }
  if (format >= kFormatMost) {
    request.round_trip_max = std::chrono::microseconds(in.Int());
    request.user_region = in.Text();
  }
  if (!in.finished()) {
    return DataLoss("a stored job class of {} bytes is damaged", bytes.size());
  }
  return request;
}

Uuid ClassIdOf(std::string_view encoded_request) {
  const Sha256Digest digest = Sha256(encoded_request);
  Uuid id;
  std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

}  // namespace turnpike
