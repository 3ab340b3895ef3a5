#include "bench/goals/submit_rounds.h"

#include <algorithm>

#include "bench/harness/sample_job.h"

namespace turnpike {
namespace {

// In the order in which the calls are made, so that a range of keys is a range of jobs.
RequestId NewKey(BenchRun& run, Submitted& submitted) {
  submitted.keys.push_back(run.federation.ids().TimeOrdered<RequestId>());
  return submitted.keys.back();
}

Status NoteJob(const std::string& text, Submitted& submitted) {
  const std::optional<JobId> id = JobId::Parse(text);
  if (!id) {
    return DataLoss("the broker answered with '{}' instead of a job's id", text);
  }
  submitted.jobs.push_back(*id);
  return OkStatus();
}

Status SubmitBatches(BenchRun& run, const SubmitTarget& target, const SubmitShape& shape, Submitted& submitted) {
  std::vector<v1::BatchSubmitJobsRequest> requests;
  for (int64_t made = 0; made < shape.jobs; made += shape.jobs_per_call) {
    v1::BatchSubmitJobsRequest& request = requests.emplace_back();
    request.set_request_id(NewKey(run, submitted).ToString());
    for (int i = 0; i < shape.jobs_per_call; ++i) {
      *request.add_specs() = SampleJob(run.jobs_made++);
    }
  }
  const auto stub = v1::JobService::NewStub(target.channel);
  CallLoad<v1::BatchSubmitJobsRequest, v1::BatchSubmitJobsResponse> load(
      {.prepare = [&](grpc::ClientContext& context) { run.federation.Authorize(context); },
       .start = [&](auto* context, const auto* request, auto* response,
                    auto done) { stub->async()->BatchSubmitJobs(context, request, response, std::move(done)); },
       .width = shape.width});
  std::vector<v1::BatchSubmitJobsResponse> responses;
  const SideTimer timer(run.federation, target.server_pid);
  ASSIGN_OR_RETURN(LoadTimes times, load.Run(requests, responses));
  submitted.side = timer.Stop();
  submitted.side.call_micros = std::move(times.call_micros);
  for (const v1::BatchSubmitJobsResponse& response : responses) {
    for (const auto& result : response.results()) {
      if (!result.has_job_id()) {
        return FailedPrecondition("a job of a batch was refused: {}", result.refusal().message());
      }
      RETURN_IF_ERROR(NoteJob(result.job_id(), submitted));
    }
  }
  return OkStatus();
}

Status SubmitSingles(BenchRun& run, const SubmitTarget& target, const SubmitShape& shape, Submitted& submitted) {
  std::vector<v1::SubmitJobRequest> requests;
  for (int64_t made = 0; made < shape.jobs; ++made) {
    v1::SubmitJobRequest& request = requests.emplace_back();
    request.set_request_id(NewKey(run, submitted).ToString());
    *request.mutable_spec() = SampleJob(run.jobs_made++);
  }
  const auto stub = v1::JobService::NewStub(target.channel);
  CallLoad<v1::SubmitJobRequest, v1::SubmitJobResponse> load(
      {.prepare = [&](grpc::ClientContext& context) { run.federation.Authorize(context); },
       .start = [&](auto* context, const auto* request, auto* response,
                    auto done) { stub->async()->SubmitJob(context, request, response, std::move(done)); },
       .width = shape.width});
  std::vector<v1::SubmitJobResponse> responses;
  const SideTimer timer(run.federation, target.server_pid);
  ASSIGN_OR_RETURN(LoadTimes times, load.Run(requests, responses));
  submitted.side = timer.Stop();
  submitted.side.call_micros = std::move(times.call_micros);
  for (const v1::SubmitJobResponse& response : responses) {
    RETURN_IF_ERROR(NoteJob(response.job().job_id(), submitted));
  }
  return OkStatus();
}

}  // namespace

BenchRun RunIn(const BenchRun& run, LoadedFederation& federation) {
  return {.federation = federation,
          .size = run.size,
          .programs = run.programs,
          .slurm_cluster = run.slurm_cluster,
          .disks = run.disks,
          .report = run.report,
          .report_not_run = run.report_not_run,
          .start_federation = run.start_federation};
}

SubmitTarget BrokerOf(const BenchRun& run) {
  return {.channel = run.federation.channel(), .server_pid = run.federation.broker_pid()};
}

Result<Submitted> SubmitTimed(BenchRun& run, const SubmitTarget& target, const SubmitShape& shape) {
  Submitted submitted;
  RETURN_IF_ERROR(shape.jobs_per_call > 0 ? SubmitBatches(run, target, shape, submitted)
                                          : SubmitSingles(run, target, shape, submitted));
  if (target.is_broker) {
    run.accepted.insert(run.accepted.end(), submitted.jobs.begin(), submitted.jobs.end());
  }
  std::ranges::sort(submitted.jobs);
  std::ranges::sort(submitted.keys);
  return submitted;
}

Result<std::vector<CopiedRows>> ReadGroups(RawCopy& from, const Submitted& submitted, size_t jobs_per_group) {
  const std::vector<JobId>& jobs = submitted.jobs;
  const std::vector<RequestId>& keys = submitted.keys;
  const size_t groups = (jobs.size() + jobs_per_group - 1) / jobs_per_group;
  std::vector<CopiedRows> rows;
  for (size_t i = 0; i < groups; ++i) {
    ASSIGN_OR_RETURN(CopiedRows group, from.Read({.job_first = jobs[i * jobs_per_group],
                                                  .job_last = jobs[std::min((i + 1) * jobs_per_group, jobs.size()) - 1],
                                                  .key_first = keys[i * keys.size() / groups],
                                                  .key_last = keys[((i + 1) * keys.size() / groups) - 1]}));
    rows.push_back(std::move(group));
  }
  return rows;
}

Result<TimedSide> CopyTimed(BenchRun& run, RawCopy& into, const std::vector<CopiedRows>& groups) {
  const SideTimer timer(run.federation, run.federation.broker_pid());
  for (const CopiedRows& group : groups) {
    RETURN_IF_ERROR(into.Write(group));
  }
  return timer.Stop();
}

Status Checkpoint(BenchRun& run) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> database, run.federation.OpenDatabase());
  return database->ExecuteScript("CHECKPOINT");
}

}  // namespace turnpike
