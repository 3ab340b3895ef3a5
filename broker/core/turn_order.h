#pragma once
// Whose job is next.  Projects take turns: next is the one that has used the least beside its weight, with what this
// round gave it already; of a project, the job of the highest priority, then the earliest.  Equal projects: whose job
// is earlier.  Costs a little for each job taken and for each project in a class, whatever waits behind.  Made for one
// round over an index that does not change.

#include <map>
#include <optional>
#include <queue>
#include <set>
#include <span>
#include <vector>

#include "base/money.h"
#include "broker/core/fair_share.h"
#include "broker/core/waiting_index.h"

namespace turnpike {

class TurnOrder {
 public:
  // A job, and behind it the others of its project in its class.
  struct Turn {
    ClassIndex class_index = 0;
    ClassQueue::const_iterator job;
  };

  TurnOrder(const WaitingIndex& waiting, std::span<const ProjectStanding> standings);

  void TakeIn(ClassIndex index);
  // Takes the next one out; nullopt: nobody is left.
  std::optional<Turn> Next();
  // It was given a place: its project has used so much more, and those behind it follow.  Otherwise they do not.
  void NotePlaced(const Turn& turn);
  // No further job of the class takes part.
  void Close(ClassIndex index) { closed_[index] = true; }

 private:
  struct LaterTurn {
    bool operator()(const Turn& left, const Turn& right) const { return PlacementOrder()(*right.job, *left.job); }
  };
  struct Project {
    Int128 used = 0;
    int32_t weight = 1;
    std::priority_queue<Turn, std::vector<Turn>, LaterTurn> turns;  // the first job of each class
  };
  struct Standing {
    Int128 used;
    int32_t weight;
    const WaitingJob* first;
    bool operator<(const Standing& other) const;
  };

  Project& ProjectOf(ProjectIndex index);
  // While its turns change, a project is out of the line.
  void Leave(const Project& project);
  void Join(const Project& project);

  const WaitingIndex& waiting_;
  std::map<ProjectIndex, Project> projects_;
  std::map<ProjectId, ProjectStanding> standings_;
  std::set<Standing> line_;
  std::vector<bool> closed_;  // by class
};

// What the job holds while it waits and runs, as its turn counts it.
int64_t TurnCostOf(const JobRequest& request);

// How many jobs have their turn before this one if each finds a place; counted up to `most`.
size_t CountBefore(const WaitingIndex& waiting, std::span<const ProjectStanding> standings, const WaitingJob& job,
                   size_t most);

}  // namespace turnpike
