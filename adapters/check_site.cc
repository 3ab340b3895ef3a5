#include "adapters/check_site.h"

#include <sys/stat.h>
#include <turnpike/v1/site_link_service.grpc.pb.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "adapters/link/connect_time.h"
#include "adapters/run_agent.h"
#include "base/digest.h"
#include "base/file_sync.h"
#include "base/grpc/channel.h"
#include "base/grpc/credentials.h"
#include "base/grpc/error_details.h"
#include "base/ids.h"

namespace turnpike {
namespace {

using Verdict = CheckLine::Verdict;

constexpr std::chrono::seconds kBrokerTimeout{10};
constexpr std::chrono::seconds kProbeTimeLimit{60};
constexpr std::chrono::milliseconds kProbeConnectTimeout{2'000};
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;
constexpr const char* kProbeName = "turnpike-check";

std::string Words(const Status& status) {
  return std::string(MessageOf(status));
}

CheckLine CheckFolder(const std::string& what, const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) {
    return {Verdict::kFail, what, fmt::format("{}: {}", path, std::strerror(errno)),
            "make it, owned by the agent's user"};
  }
  if (facts.st_uid != ::geteuid()) {
    return {Verdict::kFail, what, fmt::format("{} belongs to user {}", path, facts.st_uid),
            fmt::format("give it to the agent's user: chown {} {}", ::geteuid(), path)};
  }
  const std::string probe = path + "/.turnpike-check";
  const Status written = WriteFileAtomically(probe, kProbeName);
  ::unlink(probe.c_str());
  if (!written.ok()) {
    return {Verdict::kFail, what, Words(written), "make room, or give the agent's user the right to write there"};
  }
  return {Verdict::kPass, what, path, ""};
}

CheckLine CheckPrivacy(const std::string& path) {
  struct stat facts {};
  const bool is_open = ::stat(path.c_str(), &facts) == 0 && (facts.st_mode & kOthers) != 0;
  const std::string what = "only the agent's user may enter the data directory";
  return is_open
             ? CheckLine{Verdict::kWarn, what, fmt::format("mode {:o}", facts.st_mode & 07777U), "chmod 700 " + path}
             : CheckLine{Verdict::kPass, what, path, ""};
}

CheckLine CheckAccounts(const AgentConfig& config) {
  const std::string what = "somebody may run jobs here";
  if (config.map.accounts.empty()) {
    return {Verdict::kFail, what, "no row under accounts:", "add one; project, user and share \"*\" let everybody in"};
  }
  return {Verdict::kPass, what, fmt::format("{} rows under accounts:", config.map.accounts.size()), ""};
}

CheckLine CheckCertificate(const AgentSite& site, const Result<AgentIdentityFiles>& identity) {
  const std::string what = "the agent has a certificate";
  if (!identity.ok()) {
    return {Verdict::kFail, what, Words(identity.status()),
            "ask the broker's operator for a token, then: turnpike-agent enroll"};
  }
  const std::string end = FormatTimestamp(identity->certificate.not_after);
  if (identity->certificate.not_after <= site.clock().Now()) {
    return {Verdict::kFail, what, "it ended at " + end,
            fmt::format("move {} away and enroll again with a new token", site.identity().folder())};
  }
  return {Verdict::kPass, what, fmt::format("site {}, until {}", identity->site, end), ""};
}

// An empty SendLog: nothing is kept, but the broker must know the certificate.
Status AskBroker(const std::string& address, const TlsIdentity& tls) {
  ASSIGN_OR_RETURN(const auto credentials, ClientCredentials(tls));
  const auto stub = v1::SiteLinkService::NewStub(MakeChannel(
      {.address = address, .credentials = credentials, .keepalive_without_calls = false, .service_config_json = ""}));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kBrokerTimeout);
  v1::SendLogResponse response;
  const auto writer = stub->SendLog(&context, &response);
  writer->WritesDone();
  return FromGrpc(writer->Finish());
}

CheckLine CheckBroker(AgentSite& site, const AgentIdentityFiles& identity) {
  const std::string what = "the broker can be reached and knows the certificate";
  TlsIdentity tls = identity.tls;
  if (!site.config().ca_file.empty()) {
    tls.ca_pem = ReadFile(site.config().ca_file).value_or("");
  }
  std::string refusals;
  for (const std::string& address : BrokerAddresses(site.config(), site.identity(), site.random())) {
    const Status asked = AskBroker(address, tls);
    if (asked.ok()) {
      return {Verdict::kPass, what, address, ""};
    }
    refusals += fmt::format("{}{}: {}", refusals.empty() ? "" : "; ", address, Words(asked));
  }
  return {Verdict::kFail, what, refusals.empty() ? "no address of a broker is configured" : refusals,
          "look at `broker:`, at firewalls and http_proxy; where the certificate is refused, enroll again"};
}

// Under a key of its own, so that an agent that runs meanwhile leaves the probe alone.
std::string ThrowawayKey(RandomSource& random) {
  std::array<uint8_t, 32> bytes{};
  random.Fill(bytes);
  return ToHex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

OrderView ProbeOrder(const AgentConfig& config) {
  OrderView order;
  order.name = kProbeName;
  order.share = config.map.shares.front().name;
  order.project_name = kProbeName;
  order.user = kProbeName;
  for (const AccountRow& row : config.map.accounts) {
    if (row.share == "*" || row.share == order.share) {
      order.project_name = row.project == "*" ? kProbeName : row.project;
      order.user = row.user == "*" ? kProbeName : row.user;
      break;
    }
  }
  order.command = {"/bin/sh", "-c", "echo turnpike probe"};
  order.time_limit = kProbeTimeLimit;
  return order;
}

void CheckScheduler(AgentSite& site, std::vector<CheckLine>& lines) {
  if (const Status opened = site.OpenSchedulerAside(); !opened.ok()) {
    lines.push_back({Verdict::kFail, "the scheduler can be used", Words(opened), "look at `scheduler:`"});
    return;
  }
  IdSource ids(site.clock(), site.random());
  const auto attempt_id = ids.Random<AttemptId>();
  const Result<LocalJob> probe =
      site.MakeBuilder(ThrowawayKey(site.random()))->Prepare(attempt_id, ProbeOrder(site.config()));
  if (!probe.ok()) {
    lines.push_back({Verdict::kFail, "a job can be prepared", Words(probe.status()), "look at shares: and accounts:"});
    return;
  }
  for (CheckLine& line : site.scheduler().Check(*probe)) {
    lines.push_back(std::move(line));
  }
  if (const Status removed = site.directories().Remove(attempt_id); !removed.ok()) {
    lines.push_back({Verdict::kWarn, "the probe's folder can be removed", Words(removed), "remove it by hand"});
  }
}

void CheckShares(AgentSite& site, std::vector<CheckLine>& lines) {
  const Result<std::vector<ShareCapacity>> shares = site.scheduler().ReadCapacity();
  if (!shares.ok()) {
    lines.push_back({Verdict::kFail, "the shares can be read", Words(shares.status()), "look at the scheduler"});
    return;
  }
  for (const ShareCapacity& share : *shares) {
    const std::string what = fmt::format("share {} takes jobs", share.name);
    if (share.open) {
      lines.push_back(
          {Verdict::kPass, what, fmt::format("{} of {} cores idle", share.cores_idle, share.cores_total), ""});
    } else {
      lines.push_back(
          {Verdict::kFail, what, share.closed_reason, "look at `partition` of this share, and at the scheduler"});
    }
  }
}

// From here, which is not from outside: a firewall on the way shows nowhere but in `turnpike sites`.
CheckLine CheckProbeAddress(const std::string& address) {
  const std::string what = "the probe address accepts connections";
  const std::optional<NumericAddress> parsed = ParseNumericAddress(address);
  const auto took = parsed ? MeasureConnectTime(*parsed, kProbeConnectTimeout) : std::nullopt;
  if (!took) {
    return {Verdict::kWarn, what, fmt::format("{} did not from this host", address),
            "look at `network.probe_address`; without one, other sites do not measure this one"};
  }
  if (!IsPublic(*parsed)) {
    return {Verdict::kWarn, what, fmt::format("{}, which is not of the public Internet", address),
            "agents of other sites connect there only if their `network.probe` is any"};
  }
  return {Verdict::kPass, what, fmt::format("{} in {} microseconds from this host", address, took->count()), ""};
}

}  // namespace

std::vector<CheckLine> CheckSite(AgentSite& site) {
  std::vector<CheckLine> lines;
  lines.push_back(CheckAccounts(site.config()));
  lines.push_back(CheckFolder("the data directory can be written", site.config().data_directory));
  lines.push_back(CheckPrivacy(site.config().data_directory));
  lines.push_back(CheckFolder("the spool can be written", site.config().spool_directory));
  const Result<AgentIdentityFiles> identity = site.identity().Load();
  lines.push_back(CheckCertificate(site, identity));
  if (identity.ok()) {
    lines.push_back(CheckBroker(site, *identity));
  }
  if (const std::string& address = site.config().network.probe_address; !address.empty()) {
    lines.push_back(CheckProbeAddress(address));
  }
  CheckScheduler(site, lines);
  if (site.has_scheduler()) {
    CheckShares(site, lines);
  }
  return lines;
}

bool PrintCheck(const std::vector<CheckLine>& lines, std::ostream& out) {
  bool all_good = true;
  for (const CheckLine& line : lines) {
    const bool failed = line.verdict == Verdict::kFail;
    all_good = all_good && !failed;
    const char* verdict = failed ? "FAIL" : line.verdict == Verdict::kWarn ? "warn" : "ok  ";
    out << verdict << "  " << line.what << (line.found.empty() ? "" : ": ") << line.found << "\n";
    if (line.verdict != Verdict::kPass && !line.cure.empty()) {
      out << "      to do: " << line.cure << "\n";
    }
  }
  return all_good;
}

}  // namespace turnpike
