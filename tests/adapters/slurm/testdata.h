#pragma once
// Reads what real commands printed.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace turnpike::slurm {

constexpr char kSampleSeparator[] = "@abcdefghijklmnop@";

inline std::string ReadSample(const std::string& name) {
  const char* root = std::getenv("TURNPIKE_SOURCE_DIR");
  const std::string path = std::string(root == nullptr ? "." : root) + "/tests/adapters/slurm/testdata/" + name;
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path << " is missing; set TURNPIKE_SOURCE_DIR to the root of the repository";
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace turnpike::slurm
