#include "tests/e2e/chaos_run.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/file_sync.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/evidence_folder.h"
#include "tests/e2e/process_sample.h"
#include "tests/e2e/sound_run.h"

namespace turnpike {
namespace {

constexpr int kSites = 3;
constexpr int kCores = 8;
constexpr std::chrono::seconds kUsageWait{5};  // of an agent for Slurm's accounting; the broker waits as long once more
constexpr std::chrono::seconds kOfferTime{15};
constexpr std::chrono::milliseconds kTick{200};
constexpr int kTicksPerSample = 10;
constexpr std::chrono::minutes kDrainTime{6};  // I17: from the last fault to the last end
constexpr std::chrono::seconds kQuietTime{30};
constexpr char kSitePrice[] = "0.02";

// $1 the federation's folder, $2 where its evidence goes, $3 the primary's folder.
constexpr char kKeepScript[] = R"sh(
    pg_dump -h "$3"/socket -U turnpike turnpike >"$1"/dump.sql
    rm -rf "$2"
    mkdir -p "$2"
    cd "$1" && tar cf - --exclude=./data/postgres/data --exclude=./standby/data . | tar xf - -C "$2"
)sh";

constexpr char kUnsettled[] = R"sql(
    SELECT (SELECT count(*) FROM job_state) + (SELECT count(*) FROM attempt_end WHERE charge_state = 'PENDING')
)sql";

constexpr char kStuck[] = R"sql(
    SELECT coalesce(string_agg(j.name || ' ' || s.state || ' ' || coalesce(a.state, '-') || ' ' || s.reason, '; '), '')
      FROM job_state AS s
      JOIN job AS j ON j.job_id = s.job_id
      LEFT JOIN attempt AS a ON a.job_id = s.job_id
)sql";

// Every job of these runs ends well, but for those that somebody cancelled and those that a Slurm controller forgot.
constexpr char kBadEnds[] = R"sql(
    SELECT coalesce(string_agg(j.name || ' ' || e.state || ' ' || e.cause || ' ' || e.reason, '; '), '')
      FROM job_end AS e
      JOIN job AS j ON j.job_id = e.job_id
     WHERE NOT (e.state = 'COMPLETED'
            OR (e.state = 'CANCELLED'
                AND EXISTS (SELECT 1 FROM job_event AS v WHERE v.job_id = e.job_id AND v.kind IN ('CANCEL_REQUESTED', 'CANCELLED')))
            OR (e.state = 'FAILED' AND e.cause = 'SITE_INTERRUPTED' AND e.local_job_id <> ''
                AND e.site_id IN (SELECT site_id FROM site WHERE scheduler LIKE 'slurm %')))
)sql";

constexpr char kEnds[] = R"sql(
    SELECT 'ends: ' || coalesce((SELECT string_agg(state || ' ' || n, ', ' ORDER BY state)
                                   FROM (SELECT state, count(*) AS n FROM job_end GROUP BY state) AS by_state), 'none')
        || '; attempts: ' || coalesce((SELECT string_agg(state || ' ' || n, ', ' ORDER BY state)
                                   FROM (SELECT state, count(*) AS n FROM attempt_end GROUP BY state) AS by_state), 'none')
        || '; charged: ' || (SELECT count(DISTINCT attempt_id) FROM transfer WHERE kind = 'CHARGE')
        || '; placing replica changed ' || (SELECT epoch FROM placement_lease) || ' times'
)sql";

std::string LastLine(const std::string& log) {
  const size_t end = log.find_last_not_of('\n');
  const size_t before = end == std::string::npos ? end : log.rfind('\n', end);
  return before == std::string::npos ? log : log.substr(before + 1, end - before);
}

}  // namespace

ChaosRun::ChaosRun(Settings settings) : settings_(std::move(settings)) {}

// The jobs of a cluster end with it, and they write into the federation's folder.
ChaosRun::~ChaosRun() {
  victims_.clear();
  database_.reset();
  labs_.clear();
}

Status ChaosRun::Run() {
  Status status = StartAll();
  if (status.ok()) {
    begin_ = std::chrono::steady_clock::now();
    std::vector<std::string> names;
    for (const SiteAgent* site : sites_) {
      names.push_back(site->name());
    }
    ChaosLoad load(*federation_,
                   {.seed = settings_.seed, .jobs = settings_.jobs, .length = settings_.length, .sites = names});
    FollowPlan();
    status = HealAll();
    const Status accepted = load.Finish();
    status = status.ok() ? accepted : status;
    status = status.ok() ? WaitForAllEnds() : status;
    status = status.ok() ? Judge() : status;
  }
  if (!status.ok()) {
    Keep();
  }
  return status;
}

std::string ChaosRun::Summary() {
  std::map<std::string, std::pair<int, int>> by_kind;
  int own_ends = 0;
  for (const auto& victim : victims_) {
    by_kind[victim->kind()].first += victim->kills();
    by_kind[victim->kind()].second += victim->freezes();
    own_ends += victim->own_ends();
  }
  std::string line = fmt::format(
      "seed {}: {} brokers, {} clusters, {} jobs, {} s, drained {} s later; killed:", settings_.seed, settings_.brokers,
      settings_.clusters, settings_.jobs, settings_.length.count(), drained_after_.count());
  for (const auto& [kind, counts] : by_kind) {
    line += fmt::format(" {} {}", kind, counts.first);
  }
  line += "; frozen:";
  for (const auto& [kind, counts] : by_kind) {
    line += fmt::format(" {} {}", kind, counts.second);
  }
  return line + fmt::format("; PostgreSQL taken over {} times; ended by themselves: {}; {}",
                            postgres_ ? postgres_->takeovers() : 0, own_ends, ends_);
}

// --- What there is.

Status ChaosRun::StartAll() {
  for (int i = 0; i < settings_.clusters; ++i) {
    ASSIGN_OR_RETURN(std::unique_ptr<SlurmLab> lab,
                     SlurmLab::Start(SlurmLab::Accounting::kNo, std::string(1, static_cast<char>('a' + i))));
    labs_.push_back(std::move(lab));
  }
  federation_ = std::make_unique<Federation>(Federation::Settings{.local_site = false,
                                                                  .usage_wait = 2 * kUsageWait,
                                                                  .spread_clients = true,
                                                                  .offer_time = kOfferTime,
                                                                  .standby = true});
  RETURN_IF_ERROR(federation_->StartBroker());
  postgres_.emplace(federation_->MakePostgresPair(), settings_.seed);
  RETURN_IF_ERROR(postgres_->pair().Begin());
  for (int i = 1; i <= settings_.brokers; ++i) {
    RETURN_IF_ERROR(federation_->AddReplica(fmt::format("broker{}", i)).status());
  }
  RETURN_IF_ERROR(federation_->LeaveToReplicas());
  RETURN_IF_ERROR(StartSites());
  MakeVictims();
  ChaosPlanSettings plan{.seed = settings_.seed, .length = settings_.length, .victims = {}};
  for (const auto& victim : victims_) {
    plan.victims.push_back({.name = victim->name(),
                            .may_freeze = victim->kind() != "postgres",
                            .weight = victim->kind() == "postgres" ? 2 : 1});
  }
  plan_ = MakeChaosPlan(plan);
  return OkStatus();
}

Status ChaosRun::StartSites() {
  for (int i = 0; i < kSites; ++i) {
    const bool has_slurm = i < settings_.clusters;
    SiteSettings site{.name = fmt::format("site{}", i + 1), .core_hour_price = kSitePrice};
    site.scheduler_yaml =
        has_slurm ? SlurmScheduler(labs_[static_cast<size_t>(i)]->conf_path(), kUsageWait) : ProcessScheduler(kCores);
    ASSIGN_OR_RETURN(SiteAgent * agent, federation_->AddSite(std::move(site)));
    sites_.push_back(agent);
  }
  return OkStatus();
}

void ChaosRun::MakeVictims() {
  for (const auto& replica : federation_->replicas()) {
    Daemon& daemon = *replica;
    AddDaemonVictim("broker", daemon.name(), daemon, [&daemon] { return daemon.Start({}); });
  }
  for (SiteAgent* site : sites_) {
    AddDaemonVictim("agent", "agent of " + site->name(), site->daemon(), [site] { return site->Start(); });
  }
  victims_.push_back(
      std::make_unique<ChaosVictim>(ChaosVictim::Handles{.name = "postgres",
                                                         .kind = "postgres",
                                                         .kill = [this] { return postgres_->Strike(); },
                                                         .start = [this] { return postgres_->Heal(); }}));
  for (size_t i = 0; i < labs_.size(); ++i) {
    const auto ask = [lab = labs_[i].get()](const char* verb) {
      return [lab, verb] { return lab->Do(verb, "slurmctld"); };
    };
    victims_.push_back(std::make_unique<ChaosVictim>(ChaosVictim::Handles{.name = fmt::format("slurmctld{}", i + 1),
                                                                          .kind = "slurmctld",
                                                                          .kill = ask("kill"),
                                                                          .start = ask("revive"),
                                                                          .freeze = ask("pause"),
                                                                          .thaw = ask("resume")}));
  }
}

void ChaosRun::AddDaemonVictim(const std::string& kind, const std::string& name, Daemon& daemon,
                               std::function<Status()> start) {
  victims_.push_back(std::make_unique<ChaosVictim>(
      ChaosVictim::Handles{.name = name,
                           .kind = kind,
                           .kill = [&daemon] { return daemon.Kill(); },
                           .start = std::move(start),
                           .freeze = [&daemon] { return daemon.Pause(); },
                           .thaw = [&daemon] { return daemon.Resume(); },
                           .process = [&daemon] { return daemon.process(); },
                           .last_line = [&daemon] { return LastLine(daemon.LogTail()); }}));
}

// --- The run.

void ChaosRun::FollowPlan() {
  struct Step {
    ChaosVictim* victim;
    std::optional<FaultAction> strike;  // nullopt: heal
  };
  std::multimap<std::chrono::milliseconds, Step> steps;
  for (const PlannedFault& fault : plan_) {
    const auto victim = std::ranges::find(victims_, fault.victim, [](const auto& one) { return one->name(); });
    steps.emplace(fault.begin, Step{victim->get(), fault.action});
    steps.emplace(fault.begin + fault.length, Step{victim->get(), std::nullopt});
  }
  StopSignal never;
  for (int tick = 0; !steps.empty() && std::chrono::steady_clock::now() - begin_ < settings_.length; ++tick) {
    while (!steps.empty() && begin_ + steps.begin()->first <= std::chrono::steady_clock::now()) {
      const Step step = steps.begin()->second;
      steps.erase(steps.begin());
      if (step.strike) {
        step.victim->Strike(*step.strike);
      } else {
        step.victim->Heal();
      }
    }
    if (tick % kTicksPerSample == 0) {
      LookAround();
    }
    never.WaitFor(kTick);
  }
}

void ChaosRun::LookAround() {
  for (const auto& victim : victims_) {
    const std::optional<ProcessIdentity> process = victim->Look();
    if (std::optional<ProcessSample> sample = process ? SampleProcess(victim->kind(), *process) : std::nullopt) {
      samples_.push_back(*std::move(sample));
    }
  }
}

Status ChaosRun::HealAll() {
  for (const auto& victim : victims_) {
    victim->Heal();
  }
  Status status;
  for (const auto& victim : victims_) {
    const Status healed = victim->Settle();
    status = status.ok() ? healed : status;
  }
  return status;
}

// A command that a controller does not answer is given again at the next look.
void ChaosRun::ReturnNodes() {
  for (const auto& lab : labs_) {
    lab->ReturnNodes().IgnoreError();
  }
}

// I17.
Status ChaosRun::WaitForAllEnds() {
  const auto healed = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(database_, federation_->OpenDatabase());
  int looks = 0;
  const bool ended = Eventually(
      [&] {
        if (++looks % 50 == 0) {
          LookAround();
          ReturnNodes();
        }
        return looks % 10 == 1 && database_->Number(kUnsettled).value_or(-1) == 0;
      },
      kDrainTime);
  drained_after_ = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - healed);
  const Result<std::string> ends = database_->Value(kEnds);
  ends_ = ends.ok() ? *ends : std::string(MessageOf(ends.status()));
  if (!ended) {
    return Internal("I17 is violated: jobs are not over {} s after the last fault: {}", drained_after_.count(),
                    database_->Value(kStuck).value_or("?"));
  }
  return OkStatus();
}

// --- The verdict.

Result<std::vector<LocalJobRow>> ChaosRun::LocalJobs() const {
  std::vector<LocalJobRow> rows;
  for (size_t i = 0; i < labs_.size(); ++i) {
    ASSIGN_OR_RETURN(const std::vector<std::string> lines, labs_[i]->AllJobs());
    for (const std::string& line : lines) {
      const size_t first = line.find(' ');
      const size_t second = line.find(' ', first + 1);
      rows.push_back({.site = sites_[i]->name(),
                      .local_id = line.substr(0, first),
                      .tag = line.substr(first + 1, second - first - 1),
                      .state = line.substr(second + 1)});
    }
  }
  return rows;
}

Status ChaosRun::CollectEvidence() {
  RunEvidence evidence{.database = *database_,
                       .payload_log = federation_->payload().log_path(),
                       .call_history = federation_->calls().path(),
                       .journals = federation_->Journals(),
                       .local_jobs = {},
                       .samples = samples_};
  // The agents' last reports, and what they cancel.
  Eventually(
      [&] {
        const Result<std::vector<LocalJobRow>> rows = LocalJobs();
        evidence.local_jobs = rows.value_or(evidence.local_jobs);
        return rows.ok() && CheckJournals(evidence).ok() && CheckLocalJobs(evidence).ok();
      },
      kQuietTime);
  return WriteEvidence(federation_->folder(), federation_->DatabaseAddress(), evidence);
}

Status ChaosRun::Judge() {
  RETURN_IF_ERROR(CollectEvidence());
  ASSIGN_OR_RETURN(const ChildResult checked,
                   RunProgram({.argv = {TestProgramPath("turnpike-check-run"), federation_->folder()}}));
  if (!checked.succeeded()) {
    return Internal("{}{}", checked.output, checked.error_output);
  }
  RETURN_IF_ERROR(federation_->WatchStanding());
  RETURN_IF_ERROR(CheckNothingRuns(*federation_, kQuietTime));
  for (const auto& victim : victims_) {
    if (!victim->crash().empty()) {
      return Internal("{} ended by itself and did not say why; its log ends with: {}", victim->name(), victim->crash());
    }
  }
  ASSIGN_OR_RETURN(const std::string bad_ends, database_->Value(kBadEnds));
  return bad_ends.empty() ? OkStatus() : Internal("jobs ended otherwise than they should: {}", bad_ends);
}

void ChaosRun::Keep() {
  if (settings_.keep_folder.empty() || !federation_) {
    return;
  }
  const std::string folder = fmt::format("{}/seed-{}", settings_.keep_folder, settings_.seed);
  std::string plan;
  for (const PlannedFault& fault : plan_) {
    plan += fmt::format("{} ms: {} {} for {} ms\n", fault.begin.count(),
                        fault.action == FaultAction::kKill ? "kill" : "freeze", fault.victim, fault.length.count());
  }
  WriteFileAtomically(federation_->Path("plan"), plan).IgnoreError();
  RunForOutput({.argv = {"/bin/sh", "-c", kKeepScript, "keep", federation_->folder(), folder,
                         postgres_ ? postgres_->pair().primary_folder() : ""}})
      .IgnoreError();
  for (size_t i = 0; i < labs_.size(); ++i) {
    RunForOutput({.argv = {"cp", "-r", std::filesystem::path(labs_[i]->conf_path()).parent_path().parent_path() / "log",
                           fmt::format("{}/slurm{}", folder, i + 1)}})
        .IgnoreError();
  }
}

}  // namespace turnpike
