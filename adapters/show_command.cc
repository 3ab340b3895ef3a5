#include "adapters/show_command.h"

#include <google/protobuf/util/json_util.h>

#include "adapters/host/wrapper_text.h"
#include "adapters/link/order_from_proto.h"
#include "base/ids.h"

namespace turnpike {

Status ShowCommand(AgentSite& site, std::string_view order_json, std::ostream& out) {
  v1::AttemptOrder order;
  const auto parsed = google::protobuf::util::JsonStringToMessage(std::string(order_json), &order);
  if (!parsed.ok()) {
    return InvalidArgument("the order is no AttemptOrder as JSON: {}", std::string(parsed.message()));
  }
  ASSIGN_OR_RETURN(const OrderView view, ToOrderView(order, site.scheduler_kind()));
  RETURN_IF_ERROR(site.OpenSchedulerAside());
  IdSource ids(site.clock(), site.random());
  ASSIGN_OR_RETURN(const LocalJob job, site.MakeBuilder(site.site_key())->Describe(ids.Random<AttemptId>(), view));
  out << "# The command; the attempt's id, and so its tag, is made up.\n";
  std::string command;
  for (const std::string& argument : site.scheduler().CommandFor(job)) {
    command += (command.empty() ? "" : " ") + ShellQuote(argument);
  }
  out << command << "\n\n# The batch script, on its standard input.\n" << job.wrapper;
  return OkStatus();
}

}  // namespace turnpike
