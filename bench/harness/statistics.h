#pragma once
// What the rounds of a measurement say.  Pure.

#include <vector>

namespace turnpike {

// Of no values: 0.  Of an even number the mean of the two in the middle.
double Median(std::vector<double> values);
// The smallest value that at least `percent` of a hundred values do not exceed.
double Percentile(std::vector<double> values, double percent);

// One figure of ours beside one of the reference, taken right after each other.
struct Pair {
  double measured = 0;
  double reference = 0;
};

enum class Better { kHigher, kLower };

struct Standing {
  double measured = 0;   // median
  double reference = 0;  // median
  double ratio = 0;      // the median of the rounds' ratios, not the ratio of the medians
  double worst = 0;      // the ratio of the worst round
  bool reached = false;  // by the median
};
Standing Judge(const std::vector<Pair>& rounds, double target, Better better);

}  // namespace turnpike
