#include "broker/core/turn_order.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace turnpike {

// Used beside the weight, multiplied out.
bool TurnOrder::Standing::operator<(const Standing& other) const {
  const Int128 left = used * other.weight;
  const Int128 right = other.used * weight;
  return std::tie(left, first->submit_time, first->job_id) <
         std::tie(right, other.first->submit_time, other.first->job_id);
}

TurnOrder::TurnOrder(const WaitingIndex& waiting, std::span<const ProjectStanding> standings)
    : waiting_(waiting), closed_(waiting.class_count()) {
  for (const ProjectStanding& standing : standings) {
    standings_.emplace(standing.project_id, standing);
  }
}

void TurnOrder::TakeIn(ClassIndex index) {
  const ClassQueue& queue = waiting_.class_at(index).queue;
  for (auto job = queue.begin(); job != queue.end(); job = queue.upper_bound(LastOf{job->project})) {
    Project& project = ProjectOf(job->project);
    Leave(project);
    project.turns.push({.class_index = index, .job = job});
    Join(project);
  }
}

std::optional<TurnOrder::Turn> TurnOrder::Next() {
  while (!line_.empty()) {
    Project& project = projects_.at(line_.begin()->first->project);
    Leave(project);
    const Turn turn = project.turns.top();
    project.turns.pop();
    Join(project);
    if (!closed_[turn.class_index]) {
      return turn;
    }
  }
  return std::nullopt;
}

void TurnOrder::NotePlaced(const Turn& turn) {
  const JobClass& job_class = waiting_.class_at(turn.class_index);
  Project& project = projects_.at(turn.job->project);
  Leave(project);
  project.used += TurnCostOf(job_class.request);
  const auto behind = std::next(turn.job);
  if (behind != job_class.queue.end() && behind->project == turn.job->project) {
    project.turns.push({.class_index = turn.class_index, .job = behind});
  }
  Join(project);
}

TurnOrder::Project& TurnOrder::ProjectOf(ProjectIndex index) {
  const auto [entry, is_new] = projects_.try_emplace(index);
  if (is_new) {
    const auto standing = standings_.find(waiting_.project_at(index));
    if (standing != standings_.end()) {
      entry->second.used = standing->second.used_micros;
      entry->second.weight = std::max(1, standing->second.weight);
    }
  }
  return entry->second;
}

void TurnOrder::Leave(const Project& project) {
  if (!project.turns.empty()) {
    line_.erase({.used = project.used, .weight = project.weight, .first = &*project.turns.top().job});
  }
}

void TurnOrder::Join(const Project& project) {
  if (!project.turns.empty()) {
    line_.insert({.used = project.used, .weight = project.weight, .first = &*project.turns.top().job});
  }
}

int64_t TurnCostOf(const JobRequest& request) {
  return TurnCost(request.budget_micros.value_or(0));
}

size_t CountBefore(const WaitingIndex& waiting, std::span<const ProjectStanding> standings, const WaitingJob& job,
                   size_t most) {
  TurnOrder order(waiting, standings);
  for (ClassIndex i = 0; i < waiting.class_count(); ++i) {
    order.TakeIn(i);
  }
  size_t count = 0;
  for (std::optional<TurnOrder::Turn> turn = order.Next(); turn && count < most; turn = order.Next()) {
    if (turn->job->job_id == job.job_id) {
      break;
    }
    ++count;
    order.NotePlaced(*turn);
  }
  return count;
}

}  // namespace turnpike
