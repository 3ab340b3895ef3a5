#pragma once
// A job that may be submitted, to be changed by each test; and text that no client could have meant.

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <string>

#include "base/check.h"
#include "turnpike/v1/job_spec.pb.h"

namespace turnpike {

// The sample with what `changes` says in protobuf's text format.
inline v1::JobSpec SampleSpec(const std::string& changes = "") {
  v1::JobSpec spec;
  const std::string sample = R"(script { content: "#!/bin/sh\ntrue\n" } time_limit { seconds: 600 } )";
  CHECK(google::protobuf::TextFormat::ParseFromString(sample, &spec));
  CHECK(google::protobuf::TextFormat::MergeFromString(changes, &spec));
  return spec;
}

// The message's bytes, each '~' in them replaced by one that is not UTF-8.
inline std::string Spoiled(const google::protobuf::Message& message) {
  std::string bytes = message.SerializeAsString();
  std::ranges::replace(bytes, '~', '\xff');
  return bytes;
}

}  // namespace turnpike
