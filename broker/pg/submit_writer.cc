#include "broker/pg/submit_writer.h"

#include <algorithm>

#include "base/error_reason.h"
#include "base/failpoint.h"
#include "base/money.h"
#include "broker/pg/job_rows.h"

namespace turnpike {
namespace {

// $1 how many.
constexpr char kTakeNumbers[] = R"sql(
    SELECT nextval('job_number')
      FROM generate_series(1, $1)
)sql";

// $1 class ids, $2 requests, in id order.
constexpr char kInsertClasses[] = R"sql(
    INSERT INTO job_class (class_id, request)
    SELECT class_id, request
      FROM unnest($1::uuid[], $2::bytea[]) AS new(class_id, request)
        ON CONFLICT DO NOTHING
)sql";

// $1 projects, $2 digests, $3 scripts, in key order.
constexpr char kInsertPayloads[] = R"sql(
    INSERT INTO payload (project_id, sha256, bytes)
    SELECT project_id, sha256, bytes
      FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS new(project_id, sha256, bytes)
        ON CONFLICT DO NOTHING
)sql";

// $1 projects, $2 jobs, $3 numbers, $4 names, $5 subjects, $6 specs, $7 payload digests, $8 priorities, $9 nodes, $10
// cores, $11 accelerators, $12 time limits, $13 attempts at most, $14 rerun safe, $15 creation times,
// $16 trace contexts, $17 ids of the calls.
constexpr char kInsertJobs[] = R"sql(
    INSERT INTO job (project_id, job_id, number, name, subject, spec, payload_sha256, priority, nodes, cores, accelerators,
                     time_limit_seconds, attempts_max, rerun_safe, created_at, traceparent, call_id)
    SELECT *
      FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::bytea[], $7::bytea[], $8::bigint[], $9::bigint[],
                  $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::boolean[], $15::timestamptz[], $16::text[], $17::text[])
)sql";

// $1 jobs, $2 projects, $3 classes.
constexpr char kInsertStates[] = R"sql(
    INSERT INTO job_state (job_id, project_id, class_id, state, version)
    SELECT job_id, project_id, class_id, 'PENDING', 1
      FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS new(job_id, project_id, class_id)
     ORDER BY job_id
)sql";

std::optional<std::string> TextIfAny(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

Status BalanceTooLow(const LockedAccount& account, int64_t wanted_micros) {
  const std::string wanted = FormatMoney({wanted_micros, account.unit});
  const std::string available = FormatMoney({account.available_micros(), account.unit});
  return WithReason(
      FailedPrecondition("the job may cost {}, and {} is available; deposit, ask for less, or set a budget", wanted,
                         available),
      ErrorReason::kBalanceTooLow, {{"wanted", wanted}, {"available", available}});
}

JobView NewView(const SubmitCall& call, const NewJob& job, int64_t number) {
  JobView view;
  view.job_id = job.job_id;
  view.number = number;
  view.project_id = call.key.project_id;
  view.name = job.name;
  view.class_id = job.class_id;
  view.priority = job.priority;
  view.version = 1;
  view.created_at = job.created_at;
  view.time_limit_seconds = job.time_limit_seconds;
  view.money.unit = job.unit;
  view.money.reserved_micros = job.reserve_micros;
  return view;
}

}  // namespace

Result<std::vector<SubmitVerdict>> SubmitWriter::Run() {
  RETURN_IF_ERROR(ClaimKeys());
  RETURN_IF_ERROR(DecideFunds());
  if (!accepted_.empty()) {
    WriteMoney();
    WriteJobs();
    WriteStates();
  }
  RETURN_IF_ERROR(WriteRefusals());
  RETURN_IF_ERROR(WriteReplies());
  return std::move(verdicts_);
}

Status SubmitWriter::ClaimKeys() {
  std::vector<RequestKey> keys;
  for (const SubmitCall& call : calls_) {
    keys.push_back(call.key);
  }
  ASSIGN_OR_RETURN(std::vector<ClaimedKey> claims, ClaimRequestKeys(tx_, keys));
  for (size_t i = 0; i < claims.size(); ++i) {
    verdicts_[i].status = std::move(claims[i].status);
    verdicts_[i].repeated = claims[i].repeated;
    verdicts_[i].reply = std::move(claims[i].reply);
  }
  return OkStatus();
}

size_t SubmitWriter::CountNewJobs() const {
  size_t count = 0;
  for (size_t i = 0; i < calls_.size(); ++i) {
    count += verdicts_[i].status.ok() && !verdicts_[i].repeated ? calls_[i].jobs.size() : 0;
  }
  return count;
}

Status SubmitWriter::DecideFunds() {
  const size_t count = CountNewJobs();
  if (count == 0) {
    return OkStatus();
  }
  tx_.Defer(kTakeNumbers, std::move(Params().Int(static_cast<int64_t>(count))), &numbers_);
  std::vector<ProjectId> projects;
  for (const SubmitCall& call : calls_) {
    projects.push_back(call.key.project_id);
  }
  LedgerWriter ledger(tx_, ids_);
  ASSIGN_OR_RETURN(auto accounts, ledger.LockAccounts(std::move(projects)));
  accepted_.reserve(count);
  for (size_t i = 0; i < calls_.size(); ++i) {
    if (verdicts_[i].status.ok() && !verdicts_[i].repeated) {
      DecideCall(i, accounts);
    }
  }
  return OkStatus();
}

void SubmitWriter::DecideCall(size_t i, std::map<ProjectId, LockedAccount>& accounts) {
  std::vector<Result<JobView>>& results = verdicts_[i].results;
  results.reserve(calls_[i].jobs.size());  // So that what is accepted stays where it is.
  for (const NewJob& job : calls_[i].jobs) {
    results.push_back(DecideJob(calls_[i], job, accounts));
    if (results.back().ok()) {
      accepted_.push_back({.job = &job, .view = &*results.back()});
    }
  }
}

Result<JobView> SubmitWriter::DecideJob(const SubmitCall& call, const NewJob& job,
                                        std::map<ProjectId, LockedAccount>& accounts) {
  const auto account = accounts.find(call.key.project_id);
  if (account == accounts.end()) {
    return FailedPrecondition("project {} has no account to pay from", call.key.project_id.ToString());
  }
  if (job.unit != account->second.unit) {
    return FailedPrecondition("the job was quoted in {}, the project's account is kept in {}", job.unit,
                              account->second.unit);
  }
  if (job.reserve_micros > account->second.available_micros()) {
    Status refused = BalanceTooLow(account->second, job.reserve_micros);
    refusals_.push_back({.project_id = call.key.project_id,
                         .refusal = {.reason = ErrorReason::kBalanceTooLow,
                                     .request = job.class_request,
                                     .detail = std::string(MessageOf(refused))}});
    return refused;
  }
  account->second.held_micros += job.reserve_micros;
  holds_.push_back({.job_id = job.job_id,
                    .project_id = call.key.project_id,
                    .account_id = account->second.account_id,
                    .unit = job.unit,
                    .reserved_micros = job.reserve_micros});
  return NewView(call, job, numbers_.Int(numbers_used_++, 0));
}

void SubmitWriter::WriteMoney() {
  if (TURNPIKE_RULE_IS_BROKEN("submit.hold")) {
    return;
  }
  LedgerWriter ledger(tx_, ids_);
  ledger.Reserve(holds_);
  TURNPIKE_FAILPOINT("submit.mid");
}

void SubmitWriter::WriteJobs() {
  std::map<Uuid, std::string> classes;
  std::map<std::pair<ProjectId, std::string>, std::string_view> payloads;
  std::vector<ProjectId> projects;
  std::vector<JobId> jobs;
  std::vector<int64_t> numbers, priorities, nodes, cores, accelerators, limits, attempts;
  std::vector<std::string_view> names, subjects, specs;
  std::vector<std::optional<std::string>> digests;
  std::vector<bool> rerun_safe;
  std::vector<Timestamp> created;
  std::vector<std::optional<std::string>> traces, call_ids;
  for (const auto& [job, view] : accepted_) {
    classes.emplace(job->class_id, job->class_request);
    projects.push_back(view->project_id);
    jobs.push_back(job->job_id);
    numbers.push_back(view->number);
    names.push_back(job->name);
    subjects.push_back(job->subject);
    specs.push_back(job->spec);
    digests.push_back(job->script.empty() ? std::nullopt : std::optional(std::string(AsBytes(Sha256(job->script)))));
    if (digests.back()) {
      payloads.emplace(std::pair(view->project_id, *digests.back()), job->script);
    }
    priorities.push_back(job->priority);
    nodes.push_back(job->nodes);
    cores.push_back(job->cores);
    accelerators.push_back(job->accelerators);
    limits.push_back(job->time_limit_seconds);
    attempts.push_back(job->attempts_max);
    rerun_safe.push_back(job->rerun_safe);
    created.push_back(job->created_at);
    traces.push_back(TextIfAny(job->trace.traceparent));
    call_ids.push_back(TextIfAny(job->trace.request_id));
  }
  std::vector<Uuid> class_ids;
  std::vector<std::string> class_requests;
  for (auto& [id, request] : classes) {
    class_ids.push_back(id);
    class_requests.push_back(std::move(request));
  }
  std::vector<ProjectId> payload_projects;
  std::vector<std::string> payload_digests;
  std::vector<std::string_view> payload_bytes;
  for (const auto& [key, bytes] : payloads) {
    payload_projects.push_back(key.first);
    payload_digests.push_back(key.second);
    payload_bytes.push_back(bytes);
  }
  Params class_params, payload_params;
  class_params.IdArray(class_ids).BytesArray(class_requests);
  payload_params.IdArray(payload_projects).BytesArray(payload_digests).BytesArray(payload_bytes);
  Params job_params;
  job_params.IdArray(projects).IdArray(jobs).IntArray(numbers).TextArray(names).TextArray(subjects).BytesArray(specs);
  job_params.OptionalBytesArray(digests).IntArray(priorities).IntArray(nodes).IntArray(cores).IntArray(accelerators);
  job_params.IntArray(limits).IntArray(attempts).BoolArray(rerun_safe).TimeArray(created);
  job_params.OptionalTextArray(traces).OptionalTextArray(call_ids);
  tx_.Defer(kInsertClasses, std::move(class_params));
  tx_.Defer(kInsertPayloads, std::move(payload_params));
  tx_.Defer(kInsertJobs, std::move(job_params));
}

void SubmitWriter::WriteStates() {
  std::vector<JobId> jobs;
  std::vector<ProjectId> projects;
  std::vector<Uuid> classes;
  std::vector<NewEvent> events;
  for (const auto& [job, view] : accepted_) {
    jobs.push_back(view->job_id);
    projects.push_back(view->project_id);
    classes.push_back(view->class_id);
    events.push_back({kEventSubmitted, *view});
  }
  tx_.Defer(kInsertStates, std::move(Params().IdArray(jobs).IdArray(projects).IdArray(classes)));
  WriteEvents(tx_, events);
}

Status SubmitWriter::WriteRefusals() {
  for (size_t i = 0; i < calls_.size(); ++i) {
    if (verdicts_[i].status.ok() && !verdicts_[i].repeated) {
      for (const QuoteRefusal& refusal : calls_[i].refusals) {
        refusals_.push_back({.project_id = calls_[i].key.project_id, .refusal = refusal});
      }
    }
  }
  return InsertRefusals(tx_, refusals_);
}

Status SubmitWriter::WriteReplies() {
  std::vector<RequestKey> answered;
  std::vector<std::string> replies;
  std::vector<RequestKey> refused;
  for (size_t i = 0; i < calls_.size(); ++i) {
    if (!verdicts_[i].status.ok() || verdicts_[i].repeated) {
      continue;
    }
    const bool any = std::ranges::any_of(verdicts_[i].results, [](const auto& result) { return result.ok(); });
    if (any) {
      verdicts_[i].reply = calls_[i].encode_reply(verdicts_[i].results);
      answered.push_back(calls_[i].key);
      replies.push_back(verdicts_[i].reply);
    } else {
      refused.push_back(calls_[i].key);
    }
  }
  if (!answered.empty()) {
    RETURN_IF_ERROR(StoreReplies(tx_, answered, replies));
  }
  return refused.empty() ? OkStatus() : ForgetRequestKeys(tx_, refused);
}

}  // namespace turnpike
