#pragma once
// Slurm's maintenance reservations, for the shares that they cover whole.

#include <vector>

#include "adapters/core/scheduler.h"
#include "adapters/slurm/scontrol_parser.h"
#include "adapters/slurm/settings.h"

namespace turnpike::slurm {

// A reservation with the flag MAINT on every usable node of a share's partition closes the share while it lasts.  One
// on some of its nodes does not: the others take the job.
void AddMaintenance(const SlurmSettings& settings, const std::vector<Node>& nodes,
                    const std::vector<Reservation>& reservations, std::vector<ShareCapacity>& shares);

}  // namespace turnpike::slurm
