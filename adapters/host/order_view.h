#pragma once
// One attempt's order in plain values; adapters/link makes it from the contract's AttemptOrder.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/core/local_job.h"
#include "base/call_trace.h"
#include "base/ids.h"
#include "base/status.h"

namespace turnpike {

struct OrderView {
  JobId job_id;
  int task_index = 0;
  int64_t job_number = 0;
  std::string project_id;
  std::string project_name;
  std::string user;
  std::string share;
  std::string name;    // what the user called the job; empty: "job"
  std::string script;  // text; empty: `command` is run
  std::vector<std::string> script_arguments;
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string working_directory;  // absolute; empty: the attempt's own work folder
  int nodes = 1;
  int tasks = 1;
  int tasks_per_node = 0;
  int cpus_per_task = 1;
  int64_t memory_per_node_mib = 0;
  int64_t memory_per_cpu_mib = 0;
  std::string accelerator_model;
  int accelerators_per_node = 0;
  bool exclusive = false;
  std::chrono::seconds time_limit{0};
  std::optional<LocalSignal> signal;
  CallTrace trace;                    // of the call that submitted the job
  std::vector<LocalFlag> site_flags;  // those meant for this site's kind of scheduler
};

// Reads the bytes that came with an offer; the link knows their format.
using OrderDecoder = std::function<Result<OrderView>(std::string_view bytes)>;

// What it will hold: cores = nodes × cores per node or tasks × cores per task, memory over all nodes, …
ResourceAmounts AmountsOf(const OrderView& order);

}  // namespace turnpike
