#pragma once
// How a job of ours is known among the jobs of a cluster: by its name, or where a submit filter rewrote that, by its
// comment.

#include <string_view>

namespace turnpike::slurm {

// The tag of a job with this name and comment ("TAG:HMAC"); empty: not one of ours.
std::string_view TagOf(std::string_view name, std::string_view comment);

}  // namespace turnpike::slurm
