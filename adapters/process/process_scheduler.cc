#include "adapters/process/process_scheduler.h"

#include <signal.h>

#include <algorithm>
#include <set>
#include <utility>

#include "adapters/process/process_request.h"
#include "base/log.h"
#include "base/process_stat.h"

namespace turnpike {
namespace {

constexpr int kSignalBase = 128;
constexpr int kSignalMax = 64;
constexpr int kLooksForTheLeft = 3;
constexpr const char* kPath = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

// Outlives the wrapper and says how it ended.  Signals to the whole group reach it too, so it catches them: what it
// runs does not inherit that.  $1 the job's state folder, $2 and $3 the output files.
constexpr const char* kRunner =
    "trap : HUP INT QUIT TERM USR1 USR2 ALRM CONT TSTP\n"
    "echo $$ >\"$1/pid.new\" && mv \"$1/pid.new\" \"$1/pid\"\n"
    "/bin/sh \"$1/wrapper\" </dev/null >\"$2\" 2>\"$3\"\n"
    "code=$?\n"
    "echo \"$code $(date +%s)\" >\"$1/status.new\" && mv \"$1/status.new\" \"$1/status\"\n";

// The runner cuts its second off, and its clock may have been set meanwhile.  Without its word: when it was seen.
Timestamp EndTimeOf(const ProcessJob& job, const std::optional<RunnerStatus>& status, Timestamp now) {
  const Timestamp said = status ? status->end_time + std::chrono::seconds(1) : now;
  return std::clamp(said, std::min(job.start_time, now), now);
}

SubmitOutcome Refused(std::string why) {
  return {SubmitOutcome::Kind::kRefused, {}, std::move(why)};
}

}  // namespace

Result<std::unique_ptr<ProcessScheduler>> ProcessScheduler::Open(const ProcessOptions& options, const Clock& clock) {
  std::map<int64_t, ProcessJob> jobs;
  ASSIGN_OR_RETURN(ProcessStore store, ProcessStore::Open(options.state_directory, jobs));
  return std::unique_ptr<ProcessScheduler>(new ProcessScheduler(options, clock, std::move(store), std::move(jobs)));
}

ProcessScheduler::ProcessScheduler(ProcessOptions options, const Clock& clock, ProcessStore store,
                                   std::map<int64_t, ProcessJob> jobs)
    : options_(std::move(options)), clock_(clock), store_(std::move(store)), jobs_(std::move(jobs)) {
  {
    MutexLock lock(mutex_);
    AdoptStarting();
  }
  if (options_.tick_interval.count() > 0) {
    ticker_ = std::thread([this] {
      while (!stop_.WaitFor(options_.tick_interval)) {
        Tick();
      }
    });
  }
}

ProcessScheduler::~ProcessScheduler() {
  stop_.Stop();
  if (ticker_.joinable()) {
    ticker_.join();
  }
}

// --- Submit and cancel.

SubmitOutcome ProcessScheduler::Submit(const LocalJob& job) {
  if (std::string why = RefusalOf(job, options_); !why.empty()) {
    return Refused(std::move(why));
  }
  MutexLock lock(mutex_);
  if (CountWaiting() >= options_.waiting_max) {
    return {SubmitOutcome::Kind::kBackPressure, {}, fmt::format("{} jobs wait already", options_.waiting_max)};
  }
  const Result<int64_t> id = store_.NextId();
  if (!id.ok()) {
    return {SubmitOutcome::Kind::kBackPressure, {}, std::string(MessageOf(id.status()))};
  }
  ProcessJob made = MakeProcessJob(job, options_);
  made.id = *id;
  made.submit_time = clock_.Now();
  if (const Status added = store_.Add(made, job.wrapper); !added.ok()) {
    return {SubmitOutcome::Kind::kAmbiguous, {}, std::string(MessageOf(added))};
  }
  jobs_.emplace(made.id, made);
  StartWaiting();
  return {SubmitOutcome::Kind::kAccepted,
          {options_.cluster, std::to_string(made.id), made.submit_time, made.tag},
          "job " + std::to_string(made.id)};
}

Status ProcessScheduler::Cancel(const LocalJobIdentity& job) {
  MutexLock lock(mutex_);
  for (auto& [id, known] : jobs_) {
    const bool is_named = std::to_string(id) == job.local_job_id && known.tag == job.tag &&
                          (job.submit_time == Timestamp{} || job.submit_time == known.submit_time);
    if (!is_named || known.state == ProcessJobState::kEnded) {
      continue;
    }
    if (known.state == ProcessJobState::kRunning) {
      Stop(known, EndCause::kCancelledBySite);  // The agent knows whether its user wanted it.
    } else {
      known.state = ProcessJobState::kEnded;
      known.cause = EndCause::kCancelledBySite;
      known.end_time = clock_.Now();
      Save(known);
    }
  }
  return OkStatus();
}

// --- Looking.

PollResult ProcessScheduler::Poll(const PollRequest& request) {
  MutexLock lock(mutex_);
  TickLocked();
  SourceReading queue{SourceKind::kQueue, true, "", {options_.user}, {}};
  SourceReading accounting{SourceKind::kAccounting, true, "", {options_.user}, {}};
  const std::set<std::string> wanted(request.tags.begin(), request.tags.end());
  const Timestamp now = clock_.Now();
  for (const auto& [id, job] : jobs_) {
    if (job.state != ProcessJobState::kEnded) {
      queue.jobs.push_back(ViewOf(job, options_.cluster, now));
    } else if (wanted.contains(job.tag) || job.submit_time >= request.oldest_submit) {
      accounting.jobs.push_back(ViewOf(job, options_.cluster, now));
    }
  }
  return {{std::move(queue), std::move(accounting)}};
}

// --- The jobs' lives.

void ProcessScheduler::Tick() {
  MutexLock lock(mutex_);
  TickLocked();
}

void ProcessScheduler::TickLocked() {
  const ProcessTable table = ProcessTable::Read();
  for (auto& [id, job] : jobs_) {
    if (job.state == ProcessJobState::kRunning) {
      Watch(job, table);
    }
  }
  DropOld();
  StartWaiting();
}

void ProcessScheduler::Watch(ProcessJob& job, const ProcessTable& table) {
  if (const std::optional<RunnerStatus> status = store_.ReadStatus(job.id)) {
    End(job, status);
  } else if (!IsOfThisBoot(job) || !IsAlive(job.runner)) {
    End(job, store_.ReadStatus(job.id));  // It may have written in between.
  } else {
    KeepToLimits(job, table);
  }
}

void ProcessScheduler::KeepToLimits(ProcessJob& job, const ProcessTable& table) {
  const MonotonicTime now = clock_.Monotonic();
  const MonotonicTime limit = job.start_monotonic + job.time_limit;
  if (job.stop_since) {
    if (now - *job.stop_since >= options_.kill_grace) {
      Kill(job, table);
    }
    return;
  }
  if (job.memory_mib > 0 && ResidentMib(table.ProcessesOf(job.runner.pid)) > job.memory_mib) {
    job.stop_cause = EndCause::kOutOfMemory;
    job.stop_since = now;
    Save(job);
    Kill(job, table);
    return;
  }
  if (now >= limit) {
    Stop(job, EndCause::kTimeLimit);
    return;
  }
  if (job.signal && !job.warned && now >= limit - job.signal->before_end) {
    job.warned = true;
    Save(job);
    const int wrapper = table.FirstChildOf(job.runner.pid);
    if (const std::optional<ProcessIdentity> identity = wrapper > 0 ? IdentityOf(wrapper) : std::nullopt) {
      static_cast<void>(SignalProcess(*identity, SignalNumber(job.signal->name)));  // Gone: nobody to warn.
    }
  }
}

void ProcessScheduler::Stop(ProcessJob& job, EndCause cause) {
  if (job.stop_since) {
    return;
  }
  job.stop_cause = cause;
  job.stop_since = clock_.Monotonic();
  Save(job);
  if (!IsOfThisBoot(job)) {
    return;  // Over already: the next look sees it.
  }
  static_cast<void>(SignalProcessGroup(job.runner, SIGCONT));
  static_cast<void>(SignalProcessGroup(job.runner, SIGTERM));  // Gone already: the next look sees it.
}

// A record of an earlier version does not say.
bool ProcessScheduler::IsOfThisBoot(const ProcessJob& job) const {
  return job.boot_id.empty() || job.boot_id == options_.boot_id;
}

// The runner's number names its session.  Another process can get that number only once the whole session is gone, so
// where another one has it, nothing of the job is left, and what a look by number shows is somebody else's.
bool ProcessScheduler::HasItsNumber(const ProcessJob& job) const {
  if (job.runner.pid <= 0 || !IsOfThisBoot(job)) {
    return false;
  }
  const Result<ProcessStat> stat = ReadProcessStat(job.runner.pid);
  return stat.ok() ? stat->start_ticks == job.runner.start_ticks : stat.status().code() == StatusCode::kNotFound;
}

bool ProcessScheduler::Kill(const ProcessJob& job, const ProcessTable& table) const {
  if (!HasItsNumber(job)) {
    return false;
  }
  const std::vector<int> pids = table.ProcessesOf(job.runner.pid);
  for (const int pid : pids) {
    if (const std::optional<ProcessIdentity> identity = IdentityOf(pid)) {
      static_cast<void>(SignalProcess(*identity, SIGKILL));
    }
  }
  return !pids.empty();
}

// What it left in the background.  A table read before the job's last word may lack what it started last, and one read
// now what those started meanwhile; what has been sent SIGKILL starts nothing any more.
void ProcessScheduler::KillWhatIsLeft(const ProcessJob& job) const {
  for (int look = 0; look < kLooksForTheLeft && Kill(job, ProcessTable::Read()); ++look) {
  }
}

void ProcessScheduler::End(ProcessJob& job, const std::optional<RunnerStatus>& status) {
  KillWhatIsLeft(job);
  WaitUntilGone(job.runner, std::chrono::milliseconds(0));
  job.state = ProcessJobState::kEnded;
  job.end_time = EndTimeOf(job, status, clock_.Now());
  job.cause = job.stop_cause != EndCause::kNone ? job.stop_cause
              : status                          ? EndCause::kProgramEnded
                                                : EndCause::kSiteInterrupted;
  if (status && status->shell_status > kSignalBase && status->shell_status <= kSignalBase + kSignalMax) {
    job.exit_signal = status->shell_status - kSignalBase;
  } else if (status) {
    job.exit_code = status->shell_status;
  } else {
    job.exit_signal = SIGKILL;
  }
  Save(job);
}

int ProcessScheduler::CountWaiting() const {
  return static_cast<int>(std::count_if(
      jobs_.begin(), jobs_.end(), [](const auto& entry) { return entry.second.state == ProcessJobState::kWaiting; }));
}

// First come first served: a job that does not fit yet holds up those behind it.
void ProcessScheduler::StartWaiting() {
  int running = 0;
  int64_t cores = 0;
  int64_t memory_mib = 0;
  for (const auto& [id, job] : jobs_) {
    if (job.state == ProcessJobState::kRunning) {
      ++running;
      cores += job.cores;
      memory_mib += job.memory_mib;
    }
  }
  for (auto& [id, job] : jobs_) {
    if (job.state != ProcessJobState::kWaiting) {
      continue;
    }
    if (running >= options_.jobs_max || cores + job.cores > options_.cores ||
        memory_mib + job.memory_mib > options_.memory_mib) {
      return;
    }
    Start(job);
    ++running;
    cores += job.cores;
    memory_mib += job.memory_mib;
  }
}

void ProcessScheduler::Start(ProcessJob& job) {
  job.state = ProcessJobState::kStarting;
  job.start_time = clock_.Now();
  job.start_monotonic = clock_.Monotonic();
  job.boot_id = options_.boot_id;
  Save(job);
  DetachedCommand command;
  command.argv = {"/bin/sh",       "-c",          kRunner, "turnpike-runner", store_.FolderOf(job.id),
                  job.output_path, job.error_path};
  command.environment = {{"PATH", kPath}, {"TURNPIKE_LOCAL_JOB_ID", std::to_string(job.id)}};
  command.directory = job.directory;
  command.output_path = "/dev/null";
  command.error_path = "/dev/null";
  const Result<ProcessIdentity> runner = StartDetached(command);
  if (!runner.ok()) {
    LogWarn("a job could not be started", {{"tag", job.tag}, {"why", std::string(MessageOf(runner.status()))}});
    job.state = ProcessJobState::kEnded;
    job.end_time = job.start_time;
    job.cause = EndCause::kSiteInterrupted;
  } else {
    job.state = ProcessJobState::kRunning;
    job.runner = *runner;
  }
  Save(job);
}

// An earlier agent died between saying so and noting the process.
void ProcessScheduler::AdoptStarting() {
  for (auto& [id, job] : jobs_) {
    if (job.state != ProcessJobState::kStarting) {
      continue;
    }
    const std::optional<ProcessIdentity> runner = store_.FindRunner(id);
    const bool has_run = runner || store_.ReadStatus(id);
    job.state = has_run ? ProcessJobState::kRunning : ProcessJobState::kWaiting;
    job.runner = runner.value_or(ProcessIdentity{});
    job.boot_id = runner ? options_.boot_id : job.boot_id;
    Save(job);
  }
}

void ProcessScheduler::DropOld() {
  const Timestamp now = clock_.Now();
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    const bool is_old =
        job->second.state == ProcessJobState::kEnded && now - job->second.end_time > options_.ended_kept;
    if (is_old && store_.Remove(job->first).ok()) {
      job = jobs_.erase(job);
    } else {
      ++job;
    }
  }
}

void ProcessScheduler::Save(const ProcessJob& job) const {
  if (const Status saved = store_.Save(job); !saved.ok()) {
    LogError("a job's state cannot be saved; the agent's successor would not know it",
             {{"tag", job.tag}, {"why", std::string(MessageOf(saved))}});
  }
}

}  // namespace turnpike
