#include "bench/harness/played_agent.h"

#include <grpcpp/create_channel.h>

#include "base/grpc/certificate_request.h"
#include "base/grpc/credentials.h"
#include "base/grpc/error_details.h"
#include "base/system_clock.h"

namespace turnpike {
namespace {

constexpr int kReportsPerMessage = 256;
constexpr int64_t kCredit = 1'024;
constexpr std::chrono::minutes kPatience{5};
constexpr int kReconnectMilliseconds = 20;

// Looks for a broker that is just starting as often as it can.
std::shared_ptr<grpc::Channel> EagerChannel(const std::string& address,
                                            const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMilliseconds);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectMilliseconds);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMilliseconds);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

}  // namespace

Result<std::unique_ptr<PlayedAgent>> PlayedAgent::Make(LoadedFederation& federation, SiteId site_id, Offered offered) {
  ASSIGN_OR_RETURN(const std::string key, MakePrivateKey());
  ASSIGN_OR_RETURN(const std::string request, MakeCertificateRequest(key));
  ASSIGN_OR_RETURN(const IssuedCertificate issued,
                   federation.authority().SignAgentRequest(request, {.site = site_id, .agent = kPlayedAgentNumber},
                                                           SystemClock().Now()));
  ASSIGN_OR_RETURN(const auto credentials, ClientCredentials({.certificate_pem = issued.certificate_pem,
                                                              .private_key_pem = key,
                                                              .ca_pem = federation.authority().ca_certificate_pem()}));
  return std::unique_ptr<PlayedAgent>(new PlayedAgent(EagerChannel(federation.agent_address(), credentials),
                                                      federation.ids().Random<JournalId>(), std::move(offered)));
}

PlayedAgent::~PlayedAgent() {
  Disconnect();
}

Status PlayedAgent::Connect() {
  const SteadyTime until = std::chrono::steady_clock::now() + kPatience;
  Status status;
  do {
    status = TryConnect(until);
  } while (!status.ok() && std::chrono::steady_clock::now() < until);
  return status;
}

Status PlayedAgent::TryConnect(SteadyTime until) {
  Disconnect();
  context_ = std::make_unique<grpc::ClientContext>();
  context_->set_wait_for_ready(true);
  stream_ = stub_->Synchronize(context_.get());
  v1::SynchronizeRequest hello;
  hello.mutable_hello()->set_protocol_min(1);
  hello.mutable_hello()->set_protocol_max(1);
  hello.mutable_hello()->set_journal_id(journal_id_.ToString());
  hello.mutable_hello()->set_scheduler("bench");
  {
    MutexLock lock(mutex_);
    lost_ = false;
    epoch_ = 0;
    hello.mutable_hello()->set_journal_seq(sent_);
  }
  reader_ = std::thread([this] { ReadAll(); });
  RETURN_IF_ERROR(Write(hello));
  MutexLock lock(mutex_);
  while (epoch_ == 0 && !lost_ && changed_.WaitUntil(mutex_, until)) {
  }
  return epoch_ != 0 ? OkStatus() : Unavailable("the broker does not answer the agent's Hello");
}

void PlayedAgent::Disconnect() {
  if (reader_.joinable()) {
    context_->TryCancel();
    reader_.join();
    stream_->Finish();
  }
}

void PlayedAgent::ReadAll() {
  v1::SynchronizeResponse response;
  while (stream_->Read(&response)) {
    Take(response);
  }
  MutexLock lock(mutex_);
  lost_ = true;
  changed_.NotifyAll();
}

void PlayedAgent::Take(const v1::SynchronizeResponse& response) {
  const SteadyTime now = std::chrono::steady_clock::now();
  const auto& attempts = response.has_welcome() ? response.welcome().desired() : response.desired_change().attempts();
  for (const v1::DesiredAttempt& attempt : attempts) {
    if (attempt.phase() == v1::DESIRED_PHASE_OFFERED) {
      offered_(attempt, now);
    }
  }
  MutexLock lock(mutex_);
  if (response.has_welcome()) {
    epoch_ = response.welcome().epoch();
    acknowledged_ = std::max(acknowledged_, response.welcome().acked_seq());
  }
  if (response.has_acknowledge()) {
    acknowledged_ = response.acknowledge().seq();
  }
  changed_.NotifyAll();
}

Status PlayedAgent::SendCapacity(const std::vector<v1::Share>& shares) {
  v1::SynchronizeRequest request;
  v1::Capacity& capacity = *request.mutable_capacity();
  for (const v1::Share& share : shares) {
    *capacity.add_shares() = share;
  }
  SetToNow(*capacity.mutable_time());
  {
    MutexLock lock(mutex_);
    capacity.set_number(++capacity_number_);
  }
  return Write(request);
}

Status PlayedAgent::Report(std::vector<v1::Report> reports) {
  for (size_t first = 0; first < reports.size(); first += kReportsPerMessage) {
    v1::SynchronizeRequest request;
    v1::Reports& message = *request.mutable_reports();
    const size_t last = std::min(first + kReportsPerMessage, reports.size());
    MutexLock writing(writing_);  // The numbers leave in their order.
    {
      MutexLock lock(mutex_);
      while (!lost_ && sent_ - acknowledged_ + static_cast<int64_t>(last - first) > kCredit) {
        changed_.Wait(mutex_);
      }
      message.set_epoch(epoch_);
      for (size_t i = first; i < last; ++i) {
        reports[i].set_seq(++sent_);
        SetToNow(*reports[i].mutable_time());
        *message.add_reports() = std::move(reports[i]);
      }
    }
    if (!stream_->Write(request)) {
      return Unavailable("the broker has left the agent's stream");
    }
  }
  return OkStatus();
}

Status PlayedAgent::WaitUntilAcknowledged() {
  const SteadyTime until = std::chrono::steady_clock::now() + kPatience;
  MutexLock lock(mutex_);
  while (!lost_ && acknowledged_ < sent_ && changed_.WaitUntil(mutex_, until)) {
  }
  return acknowledged_ == sent_
             ? OkStatus()
             : Unavailable("the broker acknowledged reports up to {}, {} were sent", acknowledged_, sent_);
}

Status PlayedAgent::Write(const v1::SynchronizeRequest& request) {
  MutexLock writing(writing_);
  return stream_->Write(request) ? OkStatus() : Unavailable("the broker has left the agent's stream");
}

void SetToNow(google::protobuf::Timestamp& time) {
  const auto now = SystemClock().Now().time_since_epoch();
  time.set_seconds(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

v1::Share ShareOf(const std::string& name, int nodes, int cores, int idle) {
  v1::Share share;
  share.set_name(name);
  share.mutable_node()->set_cpu_architecture("x86_64");
  share.mutable_node()->set_cores(cores);
  share.mutable_node()->set_memory_mib(512 * 1024);
  share.set_guarded(true);
  share.set_account_mode(v1::ACCOUNT_MODE_OWN_ACCOUNT);
  v1::ShareLoad& load = *share.mutable_load();
  load.set_open(true);
  load.set_nodes_total(nodes);
  load.set_nodes_idle(idle);
  load.set_cores_total(int64_t{nodes} * cores);
  load.set_cores_idle(int64_t{idle} * cores);
  return share;
}

std::vector<v1::Report> ReportsOfWholeLife(const v1::DesiredAttempt& attempt) {
  std::vector<v1::Report> reports(4);
  for (v1::Report& report : reports) {
    report.set_attempt_id(attempt.attempt_id());
    report.set_fence(attempt.fence());
  }
  reports[0].mutable_claimed();
  reports[1].mutable_submitted()->set_cluster("bench");
  reports[1].mutable_submitted()->set_local_job_id(attempt.attempt_id());
  SetToNow(*reports[1].mutable_submitted()->mutable_submit_time());
  SetToNow(*reports[2].mutable_started()->mutable_start_time());
  v1::Ended& ended = *reports[3].mutable_ended();
  ended.set_cause(v1::END_CAUSE_PROGRAM_ENDED);
  ended.set_exit_code(0);
  SetToNow(*ended.mutable_start_time());
  SetToNow(*ended.mutable_end_time());
  ended.mutable_usage()->set_core_seconds(1);
  return reports;
}

}  // namespace turnpike
