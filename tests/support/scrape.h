#pragma once
// Reads a program's metrics as Prometheus does: GET /metrics, then the text.

#include <map>
#include <string>

#include "base/status.h"

namespace turnpike {

// The body of the answer at 127.0.0.1; an error unless it was 200.
Result<std::string> GetOverHttp(int port, const std::string& path);

// Each line of the text, "turnpike_calls_total{method=\"…\",code=\"OK\"}" -> value.
std::map<std::string, double> ParseMetrics(const std::string& text);
Result<std::map<std::string, double>> Scrape(int port);

}  // namespace turnpike
