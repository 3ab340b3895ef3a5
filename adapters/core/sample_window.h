#pragma once
// The newest measurements of one thing, so that no single one speaks for it: the smallest is what can be, the one in
// the middle what is usual.  Not shared by threads.

#include <cstddef>
#include <cstdint>
#include <deque>

namespace turnpike {

class SampleWindow {
 public:
  explicit SampleWindow(size_t samples_max) : samples_max_(samples_max) {}

  void Add(int64_t sample);  // the oldest makes room
  void Clear() { samples_.clear(); }
  bool empty() const { return samples_.empty(); }
  size_t size() const { return samples_.size(); }
  // Of a window that is not empty.
  int64_t Smallest() const;
  int64_t Median() const;  // of an even number the lower of the two

 private:
  size_t samples_max_;
  std::deque<int64_t> samples_;
};

}  // namespace turnpike
