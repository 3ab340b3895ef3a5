#include "tests/e2e/site_agent.h"

#include "base/file_sync.h"
#include "tests/e2e/eventually.h"

namespace turnpike {

std::string ProcessScheduler(int cores) {
  return fmt::format(
      "  kind: process\n"
      "  poll_seconds: 1\n"
      "  settle_seconds: 1\n"
      "  record_wait_seconds: 2\n"
      "  usage_wait_seconds: 2\n"
      "  process: {{cores: {}, memory_mib: 65536, jobs_max: {}, waiting_max: 10000}}\n",
      cores, cores);
}

std::string SlurmScheduler(const std::string& slurm_conf, std::chrono::seconds usage_wait) {
  return fmt::format(
      "  kind: slurm\n"
      "  slurm_conf: {}\n"
      "  poll_seconds: 1\n"
      "  settle_seconds: 6\n"
      "  record_wait_seconds: 5\n"
      "  usage_wait_seconds: {}\n",
      slurm_conf, usage_wait.count());
}

SiteAgent::SiteAgent(SiteSettings settings, Place place)
    : settings_(std::move(settings)),
      place_(std::move(place)),
      daemon_({.name = "agent of " + settings_.name,
               .argv = {ProgramPath("turnpike-agent"), "run", "--config", config_path()},
               .log_path = place_.folder + "/agent.log"}) {}

std::string SiteAgent::ConfigText() const {
  return fmt::format(
      "broker: {}\n"
      "data_directory: {}\n"
      "spool_directory: {}/spool\n"
      "scheduler:\n"
      "{}"
      "{}"
      "account_mode: own-account\n"
      "shares:\n"
      "  - {{name: {}, environment: {}}}\n"
      "accounts:\n"
      "  - {{project: \"*\", user: \"*\", share: \"*\"}}\n",
      place_.agent_address, data_directory(), place_.folder, settings_.scheduler_yaml,
      settings_.network_yaml.empty() ? "" : "network:\n" + settings_.network_yaml, settings_.share,
      settings_.environment);
}

Status SiteAgent::Enroll(Client& client) {
  RETURN_IF_ERROR(MakeFolders(place_.folder + "/spool"));
  RETURN_IF_ERROR(WriteFileAtomically(config_path(), ConfigText(), 0600));
  v1::RegisterSiteRequest site;
  site.set_name(settings_.name);
  site.set_region(settings_.region);
  ASSIGN_OR_RETURN(const v1::RegisterSiteResponse registered, client.RegisterSite(site));
  v1::SetPriceBookRequest prices;
  prices.set_site(settings_.name);
  prices.set_unit("EUR");
  v1::Rate& rate = *prices.add_rates();
  rate.set_share("*");
  rate.set_resource(v1::Rate::RESOURCE_CORE_HOUR);
  rate.set_price(settings_.core_hour_price);
  RETURN_IF_ERROR(client.SetPriceBook(prices).status());
  ASSIGN_OR_RETURN(const ChildResult enrolled, RunTool({"enroll", "--broker", place_.user_address, "--ca-fingerprint",
                                                        registered.ca_fingerprint(), "--token-file", "-"},
                                                       registered.enrollment_token() + "\n"));
  return enrolled.succeeded() ? OkStatus() : Internal("site {} cannot enroll: {}", name(), enrolled.error_output);
}

Status SiteAgent::Start(const Failpoints& failpoints) {
  return daemon_.Start(failpoints);
}

Result<ChildResult> SiteAgent::RunTool(std::vector<std::string> words, const std::string& input) const {
  std::vector<std::string> argv = {ProgramPath("turnpike-agent"), words.front(), "--config", config_path()};
  argv.insert(argv.end(), words.begin() + 1, words.end());
  return RunProgram({.argv = std::move(argv), .input = input});
}

Status SiteAgent::WaitUntilReady(Client& client) const {
  v1::GetSiteRequest request;
  request.set_site(name());
  v1::SubmitJobRequest trial;
  trial.set_validate_only(true);
  trial.mutable_spec()->mutable_command()->add_arguments("/bin/true");
  trial.mutable_spec()->mutable_time_limit()->set_seconds(60);
  trial.mutable_spec()->mutable_placement()->add_sites(name());
  const auto is_ready = [&] {
    const Result<v1::GetSiteResponse> found = client.GetSite(request);
    const bool is_open = found.ok() && found->site().connected() && found->site().shares_size() > 0 &&
                         found->site().shares(0).load().open();
    return is_open && client.SubmitJob(trial).ok();  // The broker's placement has heard of it, too.
  };
  return Eventually(is_ready) ? OkStatus()
                              : DeadlineExceeded("site {} does not get ready; its agent's log ends with:\n{}", name(),
                                                 daemon_.LogTail());
}

}  // namespace turnpike
