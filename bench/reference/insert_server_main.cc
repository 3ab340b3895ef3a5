// turnpike-insert-server: what somebody writes on a first afternoon.  It takes JobService.SubmitJob and answers each
// call from a transaction of its own.  Made as fast as that can be: every row of a submission in one round trip,
// prepared, no authentication, no TLS, no funds check, row-level security passed by.

#include <signal.h>
#include <turnpike/v1/job_service.grpc.pb.h>

#include <charconv>
#include <iostream>
#include <map>

#include "base/check.h"
#include "base/digest.h"
#include "base/mutex.h"
#include "base/pg/connection.h"
#include "base/random.h"
#include "base/stop_signal.h"
#include "base/system_clock.h"
#include "base/worker_pool.h"
#include "bench/reference/plain_server.h"
#include "broker/core/job_view.h"

namespace turnpike {
namespace {

constexpr char kInsertKey[] =
    "INSERT INTO request_key (project_id, method, key, request_hash, reply) VALUES ($1, 'SubmitJob', $2, $3, $4)";
constexpr char kInsertHold[] =
    "INSERT INTO funds_hold (job_id, project_id, account_id, unit, reserved_micros) VALUES ($1, $2, $3, 'EUR', $4)";
constexpr char kInsertPayload[] =
    "INSERT INTO payload (project_id, sha256, bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
constexpr char kInsertJob[] =
    "INSERT INTO job (project_id, job_id, name, subject, spec, payload_sha256, priority, nodes, cores, accelerators, "
    "time_limit_seconds, attempts_max, rerun_safe, created_at) VALUES ($1, $2, $3, 'alice', $4, $5, 0, 1, 4, 0, $6, 3, "
    "false, $7)";
constexpr char kInsertState[] =
    "INSERT INTO job_state (job_id, project_id, class_id, state, version) VALUES ($1, $2, $3, 'PENDING', 1)";
constexpr char kInsertEvent[] =
    "INSERT INTO job_event (at, project_id, job_id, version, kind, state, body) VALUES ($1, $2, $3, 1, 'SUBMITTED', "
    "'PENDING', $4)";

class InsertServer final : public v1::JobService::CallbackService {
 public:
  struct Settings {
    std::string conninfo;
    ProjectId project_id;
    int connections = 0;
  };
  explicit InsertServer(const Settings& settings)
      : project_id_(settings.project_id), workers_({.threads = settings.connections, .waiting_max = 10'000}) {
    for (int i = 0; i < settings.connections; ++i) {
      Result<std::unique_ptr<Connection>> connection = Connection::Open({.conninfo = settings.conninfo});
      CHECK(connection.ok());
      idle_.push_back(*std::move(connection));
    }
  }

  grpc::ServerUnaryReactor* SubmitJob(grpc::CallbackServerContext* context, const v1::SubmitJobRequest* request,
                                      v1::SubmitJobResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    workers_.Run([this, reactor, request, response] {
      const Status stored = Store(*request, *response);
      reactor->Finish(stored.ok() ? grpc::Status::OK
                                  : grpc::Status(grpc::StatusCode::INTERNAL, std::string(MessageOf(stored))));
    });
    return reactor;
  }

 private:
  Status Store(const v1::SubmitJobRequest& request, v1::SubmitJobResponse& response) {
    const std::string& script = request.spec().script().content();
    const Sha256Digest digest = Sha256(script);
    v1::JobSpec spec = request.spec();
    spec.mutable_script()->clear_content();
    JobView view;
    view.job_id = ids_.TimeOrdered<JobId>();
    view.project_id = project_id_;
    view.name = spec.name();
    view.version = 1;
    view.created_at = clock_.Now();
    view.time_limit_seconds = spec.time_limit().seconds();
    view.money = {.unit = "EUR", .reserved_micros = 80'000};
    const std::optional<RequestId> key = RequestId::Parse(request.request_id());
    if (!key) {
      return InvalidArgument("request_id is no UUID");
    }
    const Uuid account{};
    const std::string body = EncodeJobView(view);
    const Params keys =
        std::move(Params().Id(project_id_).Id(*key).Bytes(AsBytes(Sha256(request.SerializeAsString()))).Bytes(body));
    const Params hold = std::move(Params().Id(view.job_id).Id(project_id_).Id(account).Int(view.money.reserved_micros));
    const Params payload = std::move(Params().Id(project_id_).Bytes(AsBytes(digest)).Bytes(script));
    Params job;
    job.Id(project_id_).Id(view.job_id).Text(view.name).Bytes(spec.SerializeAsString()).Bytes(AsBytes(digest));
    job.Int(view.time_limit_seconds).Time(view.created_at);
    const Params state = std::move(Params().Id(view.job_id).Id(project_id_).Id(view.class_id));
    const Params event = std::move(Params().Time(view.created_at).Id(project_id_).Id(view.job_id).Bytes(body));
    const Statement statements[] = {{kInsertKey, &keys}, {kInsertHold, &hold},   {kInsertPayload, &payload},
                                    {kInsertJob, &job},  {kInsertState, &state}, {kInsertEvent, &event}};
    std::unique_ptr<Connection> connection = Take();
    const Status stored = connection->ExecuteAll(statements, connection->AnswerDeadline()).status();
    GiveBack(std::move(connection));
    response.mutable_job()->set_job_id(view.job_id.ToString());
    return stored;
  }

  // As many workers as connections: there always is one.
  std::unique_ptr<Connection> Take() {
    MutexLock lock(mutex_);
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }
  void GiveBack(std::unique_ptr<Connection> connection) {
    MutexLock lock(mutex_);
    idle_.push_back(std::move(connection));
  }

  const ProjectId project_id_;
  SystemClock clock_;
  SystemRandom random_;
  IdSource ids_{clock_, random_};
  Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_ GUARDED_BY(mutex_);
  WorkerPool workers_;
};

// CONNINFO PROJECT CONNECTIONS PORT
int Main(const std::vector<std::string>& arguments) {
  const std::optional<ProjectId> project = arguments.size() == 4 ? ProjectId::Parse(arguments[1]) : std::nullopt;
  if (!project) {
    std::cerr << "usage: turnpike-insert-server CONNINFO PROJECT CONNECTIONS PORT\n";
    return 2;
  }
  InsertServer service({.conninfo = arguments[0], .project_id = *project, .connections = std::stoi(arguments[2])});
  return ServeUntilTold(service, arguments[3]);
}

}  // namespace
}  // namespace turnpike

int main(int argc, char** argv) {
  turnpike::BlockTerminationSignals();
  return turnpike::Main(std::vector<std::string>(argv + 1, argv + argc));
}
