#include "adapters/link/order_from_proto.h"

#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

namespace turnpike {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// A time limit beyond a century is nonsense and would overflow further on.
constexpr int64_t kSecondsMax = int64_t{100} * 366 * 86'400;
constexpr int kNanosMax = 999'999'999;
constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int kNanosPerMicro = 1'000;

Result<std::chrono::microseconds> ToMicroseconds(const google::protobuf::Duration& duration, std::string_view field) {
  if (duration.seconds() < 0 || duration.seconds() > kSecondsMax || duration.nanos() < 0 ||
      duration.nanos() > kNanosMax) {
    return InvalidArgument("{} is {} s and {} ns, which is no span of time that this agent can use", field,
                           duration.seconds(), duration.nanos());
  }
  return std::chrono::microseconds(duration.seconds() * kMicrosPerSecond + duration.nanos() / kNanosPerMicro);
}

Result<std::chrono::seconds> ToWholeSeconds(const google::protobuf::Duration& duration, std::string_view field) {
  ASSIGN_OR_RETURN(const std::chrono::microseconds micros, ToMicroseconds(duration, field));
  return std::chrono::ceil<std::chrono::seconds>(micros);
}

// A newer broker may ask for something that this agent would silently leave out.
bool HoldsUnknownFields(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  if (!reflection.GetUnknownFields(message).empty()) {
    return true;
  }
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    }
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int index = 0; index < count; ++index) {
      const Message& inner = field->is_repeated() ? reflection.GetRepeatedMessage(message, field, index)
                                                  : reflection.GetMessage(message, field);
      if (HoldsUnknownFields(inner)) {
        return true;
      }
    }
  }
  return false;
}

// Fields of the contract that change what is run, and that this agent does not do.
std::optional<std::string_view> FirstUnsupported(const v1::JobSpec& spec) {
  const std::pair<bool, std::string_view> fields[] = {
      {!spec.standard_input_path().empty(), "standard_input_path"},
      {!spec.standard_output_path().empty(), "standard_output_path"},
      {!spec.standard_error_path().empty(), "standard_error_path"},
      {spec.has_launcher(), "launcher"},
      {spec.software_size() > 0, "software"},
      {!spec.container_image().empty(), "container_image"},
      {spec.licenses_size() > 0, "licenses"},
      {spec.inputs_size() > 0, "inputs"},
      {spec.outputs_size() > 0, "outputs"},
      {spec.has_array(), "array"},
      {spec.dependencies_size() > 0, "dependencies"},
      {spec.has_begin_time(), "begin_time"},
      {spec.has_continuation(), "continuation"},
      {spec.resources().node_disk_mib() > 0, "resources.node_disk_mib"},
      {spec.resources().accelerator_memory_mib() > 0, "resources.accelerator_memory_mib"}};
  for (const auto& [is_set, name] : fields) {
    if (is_set) {
      return name;
    }
  }
  return std::nullopt;
}

Status CheckSpec(const v1::JobSpec& spec) {
  if (HoldsUnknownFields(spec)) {
    return InvalidArgument("the job's spec holds fields that this agent does not know; it must be updated first");
  }
  if (const std::optional<std::string_view> field = FirstUnsupported(spec)) {
    return InvalidArgument("the job's spec asks for {}, which this site's agent does not support yet", *field);
  }
  return OkStatus();
}

void FillProgram(const v1::JobSpec& spec, OrderView& view) {
  if (spec.has_script()) {
    view.script = spec.script().content();
    view.script_arguments.assign(spec.script().arguments().begin(), spec.script().arguments().end());
  }
  view.command.assign(spec.command().arguments().begin(), spec.command().arguments().end());
  for (const v1::EnvironmentVariable& variable : spec.environment()) {
    view.environment.emplace_back(variable.name(), variable.value());
  }
  view.working_directory = spec.working_directory();
}

int OrOne(int value) {
  return value == 0 ? 1 : value;
}

void FillResources(const v1::Resources& resources, OrderView& view) {
  view.nodes = OrOne(resources.nodes());
  view.tasks = resources.tasks() == 0 ? view.nodes : resources.tasks();
  view.tasks_per_node = resources.tasks_per_node();
  view.cpus_per_task = OrOne(resources.cpus_per_task());
  view.memory_per_node_mib = resources.memory_per_node_mib();
  view.memory_per_cpu_mib = resources.memory_per_cpu_mib();
  view.accelerator_model = resources.accelerators().model();
  view.accelerators_per_node = resources.accelerators().per_node();
  view.exclusive = resources.exclusive();
}

// What is not well formed is left out: nothing depends on it, and it goes into an environment.
CallTrace ToTrace(const v1::AttemptOrder& order) {
  return {.traceparent = IsTraceParent(order.traceparent()) ? order.traceparent() : "",
          .request_id = IsRequestId(order.request_id()) ? order.request_id() : ""};
}

Status FillTimes(const v1::AttemptOrder& order, OrderView& view) {
  ASSIGN_OR_RETURN(view.time_limit, ToWholeSeconds(order.time_limit(), "the order's time limit"));
  const v1::JobSpec& spec = order.spec();
  if (spec.has_signal()) {
    LocalSignal signal;
    signal.name = spec.signal().name();
    ASSIGN_OR_RETURN(signal.before_end, ToWholeSeconds(spec.signal().before_end(), "spec.signal.before_end"));
    signal.batch_shell_only = spec.signal().batch_shell_only();
    view.signal = std::move(signal);
  }
  return OkStatus();
}

Result<DesiredPhase> ToPhase(const v1::DesiredAttempt& desired) {
  switch (desired.phase()) {
    case v1::DESIRED_PHASE_OFFERED:
      return DesiredPhase::kOffered;
    case v1::DESIRED_PHASE_GO:
      return DesiredPhase::kGo;
    case v1::DESIRED_PHASE_CANCEL:
      return DesiredPhase::kCancel;
    case v1::DESIRED_PHASE_GONE:
      return DesiredPhase::kGone;
    default:
      return InvalidArgument("attempt {} should be in phase {}, which this agent does not know", desired.attempt_id(),
                             static_cast<int>(desired.phase()));
  }
}

}  // namespace

Result<SessionStart> ToSessionStart(const v1::Welcome& welcome) {
  if (welcome.epoch() <= 0 || welcome.acked_seq() < 0) {
    return InvalidArgument("the broker's welcome names epoch {} and report {}", welcome.epoch(), welcome.acked_seq());
  }
  SessionStart start{
      .epoch = welcome.epoch(), .acked_seq = welcome.acked_seq(), .recovery = welcome.recovery(), .desired = {}};
  for (const v1::DesiredAttempt& desired : welcome.desired()) {
    ASSIGN_OR_RETURN(DesiredView view, ToDesiredView(desired));
    start.desired.push_back(std::move(view));
  }
  return start;
}

Result<DesiredView> ToDesiredView(const v1::DesiredAttempt& desired) {
  const std::optional<AttemptId> attempt_id = AttemptId::Parse(desired.attempt_id());
  if (!attempt_id || attempt_id->is_nil()) {
    return InvalidArgument("the broker wants attempt '{}', which is no id", desired.attempt_id());
  }
  DesiredView view{.attempt_id = *attempt_id, .fence = desired.fence(), .order = {}};
  ASSIGN_OR_RETURN(view.phase, ToPhase(desired));
  ASSIGN_OR_RETURN(view.spawn_lease, ToMicroseconds(desired.spawn_lease(), "the spawn lease"));
  if (view.phase == DesiredPhase::kOffered) {
    view.order = desired.order().SerializeAsString();  // Empty: it follows in a message of its own.
  }
  return view;
}

std::vector<WishedOutput> ToWishedOutput(const google::protobuf::RepeatedPtrField<v1::DesiredAttempt>& attempts) {
  std::vector<WishedOutput> wished;
  for (const v1::DesiredAttempt& attempt : attempts) {
    const std::optional<AttemptId> attempt_id = AttemptId::Parse(attempt.attempt_id());
    if (!attempt_id) {
      continue;
    }
    WishedOutput& output = wished.emplace_back();
    output.attempt_id = *attempt_id;
    for (const v1::LogWish& wish : attempt.log_wishes()) {
      output.wishes.push_back(
          {.stream = wish.error_stream() ? OutputStream::kStandardError : OutputStream::kStandardOutput,
           .offset = static_cast<uint64_t>(std::max<int64_t>(0, wish.offset()))});
    }
  }
  return wished;
}

Result<OrderView> ToOrderView(const v1::AttemptOrder& order, std::string_view scheduler) {
  const std::optional<JobId> job_id = JobId::Parse(order.job_id());
  if (!job_id) {
    return InvalidArgument("the order is for job '{}', which is no id", order.job_id());
  }
  const v1::JobSpec& spec = order.spec();
  RETURN_IF_ERROR(CheckSpec(spec));
  OrderView view;
  view.job_id = *job_id;
  view.task_index = order.task_index();
  view.job_number = order.job_number();
  view.project_id = order.project_id();
  view.project_name = order.project_name();
  view.user = order.user();
  view.share = order.share();
  view.trace = ToTrace(order);
  view.name = spec.name();
  FillProgram(spec, view);
  FillResources(spec.resources(), view);
  RETURN_IF_ERROR(FillTimes(order, view));
  for (const v1::SiteFlag& flag : spec.site_flags()) {
    if (flag.scheduler() == scheduler) {
      view.site_flags.push_back({.flag = flag.flag(), .value = flag.value()});
    }
  }
  return view;
}

OrderDecoder MakeOrderDecoder(std::string scheduler) {
  return [scheduler = std::move(scheduler)](std::string_view bytes) -> Result<OrderView> {
    v1::AttemptOrder order;
    if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max()) ||
        !order.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return InvalidArgument("the order's {} bytes cannot be read", bytes.size());
    }
    return ToOrderView(order, scheduler);
  };
}

}  // namespace turnpike
