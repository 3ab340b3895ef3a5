#include "adapters/slurm/tag.h"

#include "adapters/core/local_tag.h"

namespace turnpike::slurm {

std::string_view TagOf(std::string_view name, std::string_view comment) {
  if (AttemptOfTag(name)) return name;
  const size_t colon = comment.find(':');
  const std::string_view front = comment.substr(0, colon);
  if (colon != std::string_view::npos && AttemptOfTag(front)) return front;
  return {};
}

}  // namespace turnpike::slurm
