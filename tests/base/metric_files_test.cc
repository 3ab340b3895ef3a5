// The metrics that documents, rules and the dashboard name are those that there are, and the page names them all.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <regex>
#include <set>

#include "base/file_sync.h"
#include "base/metric_table.h"

namespace turnpike {
namespace {

constexpr const char* kDocumentPath = "docs/metrics.md";
constexpr const char* kRulesPath = "deploy/observability/rules.yaml";
constexpr const char* kDashboardPath = "deploy/observability/dashboard.json";

std::string TextOf(const std::string& path) {
  const char* source = ::getenv("TURNPIKE_SOURCE_DIR");
  const Result<std::string> text = ReadFile(std::string(source == nullptr ? "." : source) + "/" + path);
  EXPECT_TRUE(text.ok()) << MessageOf(text.status());
  return text.value_or("");
}

// A histogram is read through its parts.
std::string WithoutPart(const std::string& name) {
  static const std::regex kPart("_(bucket|sum|count)$");
  std::string whole = std::regex_replace(name, kPart, "");
  for (const MetricInfo& info : MetricTable()) {
    if (info.name == whole && info.kind == MetricKind::kHistogram) {
      return whole;
    }
  }
  return name;
}

std::set<std::string> NamesIn(const std::string& text) {
  static const std::regex kName("\\b(turnpike|process)_[a-z_]+\\b");
  std::set<std::string> names;
  for (std::sregex_iterator found(text.begin(), text.end(), kName), end; found != end; ++found) {
    names.insert(WithoutPart(found->str()));
  }
  return names;
}

std::set<std::string> NamesInTable() {
  std::set<std::string> names;
  for (const MetricInfo& info : MetricTable()) {
    names.emplace(info.name);
  }
  return names;
}

std::string KindName(MetricKind kind) {
  return kind == MetricKind::kCounter ? "counter" : kind == MetricKind::kGauge ? "gauge" : "histogram";
}

TEST(MetricFiles, ThePageHasEachMetricAsTheTableHasIt) {
  const std::string text = TextOf(kDocumentPath);
  for (const MetricInfo& info : MetricTable()) {
    const std::string labels = std::regex_replace(std::string(info.labels), std::regex(","), ", ");
    const std::string row =
        fmt::format("\n| `{}` | {} | {} | {} |\n", info.name, KindName(info.kind), labels, info.help);
    EXPECT_NE(text.find(row), std::string::npos) << kDocumentPath << " has no row" << row;
  }
}

TEST(MetricFiles, NothingNamesAMetricThatDoesNotExist) {
  const std::set<std::string> known = NamesInTable();
  for (const char* path : {kDocumentPath, kRulesPath, kDashboardPath}) {
    const std::set<std::string> names = NamesIn(TextOf(path));
    EXPECT_FALSE(names.empty()) << path;
    for (const std::string& name : names) {
      EXPECT_TRUE(known.contains(name)) << path << " names " << name << ", which nothing measures";
    }
  }
}

TEST(MetricFiles, TheDashboardDrawsEveryMetric) {
  const std::set<std::string> drawn = NamesIn(TextOf(kDashboardPath));
  for (const std::string& name : NamesInTable()) {
    EXPECT_TRUE(drawn.contains(name)) << kDashboardPath << " leaves out " << name;
  }
}

}  // namespace
}  // namespace turnpike
