#include "bench/harness/statistics.h"

#include <algorithm>
#include <cmath>

namespace turnpike {

double Median(std::vector<double> values) {
  if (values.empty()) {
    return 0;
  }
  std::ranges::sort(values);
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double Percentile(std::vector<double> values, double percent) {
  if (values.empty()) {
    return 0;
  }
  std::ranges::sort(values);
  const auto rank = static_cast<size_t>(std::ceil(percent / 100 * static_cast<double>(values.size())));
  return values[std::clamp<size_t>(rank, 1, values.size()) - 1];
}

Standing Judge(const std::vector<Pair>& rounds, double target, Better better) {
  std::vector<double> measured, reference, ratios;
  for (const Pair& round : rounds) {
    measured.push_back(round.measured);
    reference.push_back(round.reference);
    ratios.push_back(round.reference == 0 ? 0 : round.measured / round.reference);
  }
  Standing standing{.measured = Median(measured), .reference = Median(reference), .ratio = Median(ratios)};
  if (ratios.empty()) {
    return standing;
  }
  const bool higher = better == Better::kHigher;
  standing.worst = higher ? *std::ranges::min_element(ratios) : *std::ranges::max_element(ratios);
  standing.reached = higher ? standing.ratio >= target : standing.ratio <= target;
  return standing;
}

}  // namespace turnpike
