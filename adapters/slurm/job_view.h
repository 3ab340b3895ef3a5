#pragma once
// Rows of the queue and of accounting as the port's LocalJobView.  Pure.

#include <optional>
#include <string>

#include "adapters/core/local_job.h"
#include "adapters/slurm/sacct_parser.h"
#include "adapters/slurm/settings.h"
#include "adapters/slurm/squeue_parser.h"

namespace turnpike::slurm {

// nullopt: the job is not one of ours (its name and comment hold no tag).
std::optional<LocalJobView> ViewOfQueueJob(const QueueJob& job, const std::string& cluster,
                                           const SlurmSettings& settings);
std::optional<LocalJobView> ViewOfAccountingJob(const FoldedJob& job, const SlurmSettings& settings);

// Whether what was seen is the job that is named.  A requeue moves the submit time, and `restarts` tells of it.
bool IsNamed(const LocalJobView& view, const LocalJobIdentity& identity);

}  // namespace turnpike::slurm
