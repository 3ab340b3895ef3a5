#include "broker/rpc/check_message.h"

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>

#include "tests/broker/rpc/violation_paths.h"
#include "turnpike/v1/job_service.pb.h"

namespace turnpike {
namespace {

using google::protobuf::Message;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string kNul(1, '\0');

std::vector<std::string> Faults(const Message& message, const std::string& path = "") {
  FieldViolations violations;
  CheckMessage(message, path, violations);
  return PathsOf(violations.ToStatus());
}

std::vector<std::string> TextFaults(const Message& request) {
  FieldViolations violations;
  CheckText(request, violations);
  return PathsOf(violations.ToStatus());
}

void AddUnknown(Message& message) {
  message.GetReflection()->MutableUnknownFields(&message)->AddVarint(999, 1);
}

v1::BatchSubmitJobsRequest BatchWithNuls() {
  v1::BatchSubmitJobsRequest request;
  request.set_project_id(kNul);
  request.add_specs()->set_name("good");
  v1::JobSpec& bad = *request.add_specs();
  bad.set_name("a" + kNul);
  bad.mutable_command()->add_arguments("true");
  bad.mutable_command()->add_arguments(kNul);
  return request;
}

TEST(CheckMessage, NamesEveryTextWithNulByItsPath) {
  EXPECT_THAT(Faults(BatchWithNuls()), ElementsAre("project_id", "specs[1].name", "specs[1].command.arguments[1]"));
}

TEST(CheckMessage, BeginsPathsWhereTheMessageStands) {
  EXPECT_THAT(Faults(BatchWithNuls().specs(1), "specs[1]"),
              ElementsAre("specs[1].name", "specs[1].command.arguments[1]"));
}

TEST(CheckMessage, LetsBytesHoldAnything) {
  v1::SubmitJobRequest request;
  request.mutable_signed_spec()->set_signature(kNul + "\xff");
  EXPECT_THAT(Faults(request), IsEmpty());
}

TEST(CheckMessage, NamesUnknownFieldsByNumber) {
  v1::SubmitJobRequest request;
  AddUnknown(request);
  AddUnknown(*request.mutable_spec()->mutable_resources());
  EXPECT_THAT(Faults(request), ElementsAre("999", "spec.resources.999"));
}

TEST(CheckMessage, NamesValuesThatAnEnumDoesNotHave) {
  v1::ListJobsRequest list;
  list.add_states(v1::JOB_STATE_PENDING);
  list.add_states(static_cast<v1::JobState>(99));
  EXPECT_THAT(Faults(list), ElementsAre("states[1]"));
  v1::JobSpec spec;
  spec.mutable_placement()->set_objective(static_cast<v1::Placement::Objective>(-1));
  EXPECT_THAT(Faults(spec, "spec"), ElementsAre("spec.placement.objective"));
}

TEST(CheckMessage, LooksIntoMaps) {
  google::rpc::ErrorInfo info;
  (*info.mutable_metadata())["job"] = kNul;
  EXPECT_THAT(Faults(info), ElementsAre("metadata[0].value"));
}

TEST(CheckMessage, RefusesWhatIsNestedTooDeeply) {
  google::protobuf::Value value;
  google::protobuf::Value* deepest = &value;
  for (int i = 0; i < 40; ++i) {
    deepest = deepest->mutable_list_value()->add_values();
  }
  EXPECT_EQ(Faults(value).size(), 1U);
}

TEST(CheckText, LeavesSpecsToTheirDecoder) {
  EXPECT_THAT(TextFaults(BatchWithNuls()), ElementsAre("project_id"));
  v1::SubmitJobRequest request;
  request.mutable_signed_spec()->set_key_id(kNul);
  EXPECT_THAT(TextFaults(request), ElementsAre("signed_spec.key_id"));
}

TEST(CheckText, LetsANewerClientsFieldsAndValuesPass) {
  v1::ListJobsRequest list;
  AddUnknown(list);
  list.add_states(static_cast<v1::JobState>(99));
  EXPECT_THAT(TextFaults(list), IsEmpty());
}

}  // namespace
}  // namespace turnpike
