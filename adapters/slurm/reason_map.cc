#include "adapters/slurm/reason_map.h"

#include <fmt/format.h>

#include <optional>

namespace turnpike::slurm {
namespace {

struct Entry {
  std::string_view word;
  std::string_view sentence;
  bool limit;
  bool waits_for_ever;
};

constexpr Entry kEntries[] = {
    {"None", "nothing holds it back", false, false},
    {"Resources", "it is next in line and waits for free nodes", false, false},
    {"Priority", "jobs of higher priority are ahead of it", false, false},
    {"BeginTime", "its start time has not come, or it was just requeued", false, false},
    {"Dependency", "it waits for another job", false, false},
    {"DependencyNeverSatisfied", "the job it waits for can no longer end as it should", false, true},
    {"JobHeldUser", "its owner holds it", false, true},
    {"JobHeldAdmin", "an administrator holds it", false, true},
    {"JobHoldMaxRequeue", "it was requeued too often and is held", false, true},
    {"BadConstraints", "no node can ever give what it asks for", false, true},
    {"ReqNodeNotAvail", "a node it needs is down, drained or reserved", false, false},
    {"NodeDown", "a node it needs is down", false, false},
    {"FrontEndDown", "the front end is down", false, false},
    {"PartitionDown", "the partition is down", false, false},
    {"PartitionInactive", "the partition starts no jobs at present", false, false},
    {"PartitionConfig", "it asks for more than the partition has", false, true},
    {"PartitionNodeLimit", "it asks for more or fewer nodes than the partition gives to one job", true, true},
    {"PartitionTimeLimit", "its time limit is above the partition's", true, true},
    {"Licenses", "all licences it needs are in use", false, false},
    {"Reservation", "it waits for its reservation to begin", false, false},
    {"ReservationDeleted", "its reservation is gone", false, true},
    {"JobArrayTaskLimit", "enough tasks of its array are running", true, false},
    {"InvalidAccount", "its account is not valid here", false, true},
    {"InvalidQOS", "its quality of service is not valid here", false, true},
    {"AccountNotAllowed", "its account may not use this partition", true, true},
    {"QOSNotAllowed", "its quality of service may not be used in this partition", true, true},
    {"QOSUsageThreshold", "its account has used more than this quality of service allows", true, false},
    {"AccountingPolicy", "a limit of its account holds it back", true, false},
    {"AssociationJobLimit", "its account runs as many jobs as it may", true, false},
    {"AssociationResourceLimit", "its account holds as much as it may", true, false},
    {"AssociationTimeLimit", "its account has used up its time", true, false},
    {"QOSJobLimit", "its quality of service runs as many jobs as it may", true, false},
    {"QOSResourceLimit", "its quality of service holds as much as it may", true, false},
    {"QOSTimeLimit", "its quality of service has used up its time", true, false},
    {"JobLaunchFailure", "it could not be started, or a signal ended it", false, false},
    {"NonZeroExitCode", "its program ended with an exit code other than 0", false, false},
    {"TimeLimit", "it ran longer than its time limit", false, false},
    {"OutOfMemory", "it used more memory than it asked for", false, false},
    {"SystemFailure", "Slurm, a file system or the network failed", false, false},
    {"Cleaning", "what an earlier run left is being cleaned up", false, false},
    {"Prolog", "the site's prologue is running", false, false},
    {"PrologSlurmctld", "the site's prologue is running", false, false},
    {"BurstBufferResources", "too little burst buffer space is free", false, false},
    {"BurstBufferStageIn", "its data is being staged in", false, false},
    {"MaxMemPerLimit", "it asks for more memory per core or node than the site gives", true, true},
    {"job requeued in held state", "it was requeued and is held", false, true},
    {"launch failed requeued held", "it could not be started and is held", false, true},
};

// QOSMaxCpuPerUserLimit, AssocGrpCPUMinutesLimit, MaxGRESPerAccount, …: some 200 words, made of scope, resource and
// extent.
struct Part {
  std::string_view piece;
  std::string_view words;
};
constexpr Part kScopes[] = {
    {"QOSGrp", "all jobs of its quality of service together"},
    {"AssocGrp", "all jobs of its account together"},
    {"QOSMax", "its quality of service"},
    {"AssocMax", "its account"},
    {"QOSMin", "its quality of service (at least)"},
    {"Max", "its quality of service"},
};
constexpr Part kResources[] = {
    {"SubmitJob", "submitted jobs"},
    {"Jobs", "running jobs"},
    {"Job", "running jobs"},
    {"Cpu", "cores"},
    {"CPU", "cores"},
    {"Node", "nodes"},
    {"GRES", "accelerators"},
    {"Memory", "memory"},
    {"Mem", "memory"},
    {"Billing", "billing units"},
    {"Wall", "wall time"},
    {"License", "licences"},
    {"BB", "burst buffer"},
    {"Energy", "energy"},
    {"Unknown", "a resource"},
};
constexpr Part kExtents[] = {
    {"RunMinutes", " (minutes still to run)"},
    {"Minutes", " (minutes in all)"},
    {"", ""},
};
constexpr Part kHolders[] = {
    {"PerUser", " per user"},
    {"PerAccount", " per account"},
    {"PerJob", " per job"},
    {"PerNode", " per node"},
    {"", ""},
};

template <size_t Size>
const Part* TakeFront(std::string_view& text, const Part (&parts)[Size]) {
  for (const Part& part : parts) {
    if (text.starts_with(part.piece)) {
      text.remove_prefix(part.piece.size());
      return &part;
    }
  }
  return nullptr;
}

std::optional<ReasonMeaning> ExplainLimit(std::string_view rest) {
  const Part* scope = TakeFront(rest, kScopes);
  if (scope == nullptr) return std::nullopt;
  const Part* resource = TakeFront(rest, kResources);
  if (resource == nullptr) return std::nullopt;
  if (rest.starts_with("Duration")) rest.remove_prefix(8);
  if (rest.starts_with("s") && resource->piece != "Jobs") rest.remove_prefix(1);
  const Part* extent = TakeFront(rest, kExtents);
  const Part* holder = TakeFront(rest, kHolders);
  if (!rest.empty() && rest != "Limit" && rest != "NotSatisfied") return std::nullopt;
  ReasonMeaning meaning;
  meaning.known = true;
  meaning.limit = true;
  meaning.waits_for_ever = holder->piece == "PerJob" || holder->piece == "PerNode" || scope->piece == "QOSMin";
  meaning.sentence =
      fmt::format("the site limits {}{}{} for {}", resource->words, extent->words, holder->words, scope->words);
  return meaning;
}

}  // namespace

ReasonMeaning ExplainReason(std::string_view raw_reason) {
  const std::string_view word = raw_reason.substr(0, raw_reason.find(','));  // "ReqNodeNotAvail, UnavailableNodes:n1"
  for (const Entry& entry : kEntries) {
    if (entry.word == word) return {std::string(entry.sentence), true, entry.limit, entry.waits_for_ever};
  }
  return ExplainLimit(word).value_or(ReasonMeaning{});
}

}  // namespace turnpike::slurm
