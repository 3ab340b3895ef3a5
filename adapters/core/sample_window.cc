#include "adapters/core/sample_window.h"

#include <algorithm>
#include <vector>

#include "base/check.h"

namespace turnpike {

void SampleWindow::Add(int64_t sample) {
  samples_.push_back(sample);
  if (samples_.size() > samples_max_) {
    samples_.pop_front();
  }
}

int64_t SampleWindow::Smallest() const {
  CHECK(!samples_.empty());
  return *std::ranges::min_element(samples_);
}

int64_t SampleWindow::Median() const {
  CHECK(!samples_.empty());
  std::vector<int64_t> sorted(samples_.begin(), samples_.end());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() - 1) / 2);
  std::ranges::nth_element(sorted, middle);
  return *middle;
}

}  // namespace turnpike
