#pragma once
// Slurm's short way to write names of nodes: "n[01-03,7],login".

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turnpike::slurm {

constexpr size_t kHostsMax = 1'000'000;

// In the order written; nullopt: not of this form, or too many.
std::optional<std::vector<std::string>> ExpandHostList(std::string_view text);

}  // namespace turnpike::slurm
