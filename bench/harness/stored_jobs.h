#pragma once
// Fills a federation's database with jobs that nobody had to submit one by one: copies of one that was, with ids, keys
// and scripts of their own, made inside the database.

#include <functional>
#include <vector>

#include "bench/harness/loaded_federation.h"
#include "broker/core/job_request.h"

namespace turnpike {

enum class StoredAs { kEnded, kWaiting, kOffered };

struct StoredJobs {
  int64_t count = 0;
  StoredAs as = StoredAs::kEnded;
  // Each is of one of these classes, in turn; none: of that of the copied job.
  std::vector<Uuid> classes = {};
  // With kOffered, to which each is offered, in turn.
  std::vector<SiteId> sites = {};
};

// All rows that a submission writes; of a job that has ended also how, and its hold is given back; of an offered one
// the attempt.  The jobs seem to have come in the last hours, evenly.  `model` is the one to copy.  The broker must not
// run: it would follow events that are no news.
Status StoreJobs(const LoadedFederation& federation, JobId model, const StoredJobs& jobs);

// So many classes like that of `model`, each changed by its number.
Result<std::vector<Uuid>> StoreClasses(const LoadedFederation& federation, JobId model, int count,
                                       const std::function<void(JobRequest& request, int number)>& change);

}  // namespace turnpike
