#pragma once
// turnpike quote: what a job would cost and when it would run, share by share; nothing is submitted.

#include "cli/read_job.h"

namespace turnpike {

struct QuoteOptions {
  std::vector<std::string> words;  // what stands after "quote": as for submit
  JobEnvironment environment;
};

// 0, or kExitNoSiteFits where no share can run it.  Sets context.json where --json is among the words.
Result<int> RunQuote(const QuoteOptions& options, CommandContext& context);

}  // namespace turnpike
