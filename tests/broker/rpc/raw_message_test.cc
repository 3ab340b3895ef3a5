#include "broker/rpc/raw_message.h"

#include <gmock/gmock.h>
#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <random>

#include "broker/rpc/check_message.h"
#include "broker/rpc/decode_spec.h"
#include "broker/rpc/mask_text.h"
#include "tests/broker/rpc/sample_spec.h"
#include "tests/broker/rpc/violation_paths.h"
#include "turnpike/v1/job_service.pb.h"

namespace turnpike {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

Status Read(const std::string& bytes, google::protobuf::Message& request) {
  return ReadRequest(BufferOf(bytes), request);
}

v1::BatchSubmitJobsRequest Batch() {
  v1::BatchSubmitJobsRequest batch;
  batch.set_project_id("astro");
  batch.set_request_id("0193561c-0000-7000-8000-000000000001");
  *batch.add_specs() = SampleSpec(R"(name: "größer" labels { key: "k" value: "日本" } resources { nodes: 2 })");
  *batch.add_specs() =
      SampleSpec(R"(command { arguments: "echo" arguments: "😀" } environment { name: "A" value: "é" })");
  return batch;
}

TEST(ReadRequest, ReadsWhatWasWritten) {
  v1::BatchSubmitJobsRequest request;
  ASSERT_TRUE(Read(Batch().SerializeAsString(), request).ok());
  EXPECT_EQ(request.SerializeAsString(), Batch().SerializeAsString());
}

TEST(ReadRequest, ReadsAMessageThatCameInPieces) {
  const std::string bytes = Batch().SerializeAsString();
  const grpc::Slice slices[] = {grpc::Slice(bytes.substr(0, 5)), grpc::Slice(bytes.substr(5, 40)),
                                grpc::Slice(bytes.substr(45))};
  v1::BatchSubmitJobsRequest request;
  ASSERT_TRUE(ReadRequest(grpc::ByteBuffer(slices, 3), request).ok());
  EXPECT_EQ(request.SerializeAsString(), bytes);
}

TEST(ReadRequest, TakesNoBytesForAnEmptyMessage) {
  v1::ListJobsRequest request;
  EXPECT_TRUE(Read("", request).ok());
}

TEST(ReadRequest, NamesEveryTextThatIsNotUtf8) {
  v1::SubmitJobRequest sent;
  sent.set_project_id("~");
  sent.set_request_id("fine");
  sent.mutable_signed_spec()->set_key_id("k~y");
  v1::SubmitJobRequest request;
  const Status status = Read(Spoiled(sent), request);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(DetailsOf(status).reason, ErrorReason::kInvalidField);
  EXPECT_THAT(PathsOf(status), ElementsAre("project_id", "signed_spec.key_id"));
}

TEST(ReadRequest, LeavesABadSpecToItsDecoderAndItsNeighboursUnharmed) {
  v1::BatchSubmitJobsRequest sent = Batch();
  *sent.add_specs() = SampleSpec(R"(name: "caf~" working_directory: "/home~" priority: 5)");
  v1::BatchSubmitJobsRequest request;
  ASSERT_TRUE(Read(Spoiled(sent), request).ok());
  EXPECT_EQ(request.specs(0).SerializeAsString(), sent.specs(0).SerializeAsString());
  EXPECT_EQ(request.specs(1).SerializeAsString(), sent.specs(1).SerializeAsString());
  EXPECT_EQ(request.specs(2).priority(), 5);
  EXPECT_THAT(PathsOf(DecodeSpec(request.specs(2), "specs[2]").invalid),
              ElementsAre("specs[2].name", "specs[2].working_directory"));
}

TEST(ReadRequest, LetsBytesFieldsHoldAnything) {
  v1::SubmitJobRequest sent;
  sent.mutable_signed_spec()->set_signature("\xff\xfe");
  v1::SubmitJobRequest request;
  ASSERT_TRUE(Read(sent.SerializeAsString(), request).ok());
  EXPECT_EQ(request.signed_spec().signature(), "\xff\xfe");
}

TEST(ReadRequest, LeavesFieldsThatItDoesNotKnowAsTheyAre) {
  v1::GetJobRequest sent;
  sent.set_job_id("7");
  sent.GetReflection()->MutableUnknownFields(&sent)->AddLengthDelimited(999, "\xff");
  v1::GetJobRequest request;
  ASSERT_TRUE(Read(sent.SerializeAsString(), request).ok());
  EXPECT_EQ(request.SerializeAsString(), sent.SerializeAsString());
}

TEST(ReadRequest, KnowsWellFormedTextFromOther) {
  const struct {
    std::string text;
    bool good;
  } cases[] = {
      {"plain", true},
      {"é", true},
      {"日本", true},
      {"😀", true},
      {"\xf4\x8f\xbf\xbf", true},    // the last code point
      {"\x80", false},               // a continuation without a beginning
      {"a\xc3", false},              // a beginning without its continuation
      {"\xc0\xaf", false},           // too long a form
      {"\xe0\x80\xaf", false},       // too long a form
      {"\xed\xa0\x80", false},       // a surrogate
      {"\xf4\x90\x80\x80", false},   // beyond the last code point
      {"Gr\xfc\xdf", false},         // Latin-1
      {std::string(1, '\0'), false}  // text, but nobody can keep it
  };
  for (const auto& [text, good] : cases) {
    v1::GetJobRequest request;
    const std::string bytes = "\x0a" + std::string(1, static_cast<char>(text.size())) + text;
    const Status status = Read(bytes, request);
    EXPECT_EQ(status.ok(), good) << testing::PrintToString(text);
    EXPECT_EQ(PathsOf(status), good ? std::vector<std::string>() : std::vector<std::string>{"job_id"});
  }
}

TEST(ReadRequest, RefusesBytesThatAreNoMessage) {
  const std::string whole = Batch().SerializeAsString();
  std::string nested;
  for (int i = 0; i < 100'000; ++i) {
    nested += "\xc3\x3e";  // Begins group 1000.
  }
  const std::string cases[] = {
      "\xff",
      whole.substr(0, whole.size() - 1),
      "\x0a\x05"
      "abc",                                       // shorter than it says
      "\x0a\xff\xff\xff\xff\x0f",                  // as long as 2^32 - 1
      "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",  // as long as 2^63 - 1
      std::string("\x00\x00", 2),                  // field 0
      "\x0c",                                      // ends a group that did not begin
      nested,
  };
  for (const std::string& bytes : cases) {
    v1::BatchSubmitJobsRequest request;
    const Status status = Read(bytes, request);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
    EXPECT_EQ(DetailsOf(status).reason, ErrorReason::kInvalidField);
    EXPECT_THAT(PathsOf(status), IsEmpty());
  }
}

TEST(WriteResponse, WritesWhatClientsRead) {
  v1::SubmitJobResponse sent;
  sent.mutable_job()->set_name(std::string(100'000, 'n'));
  grpc::ByteBuffer bytes;
  ASSERT_TRUE(WriteResponse(sent, bytes).ok());
  v1::SubmitJobResponse response;
  ASSERT_TRUE(ReadRequest(bytes, response).ok());
  EXPECT_EQ(response.SerializeAsString(), sent.SerializeAsString());
}

// One to four bytes set, cut out or put in.
std::string Mutated(std::string bytes, std::mt19937_64& random) {
  for (size_t changes = 1 + random() % 4; changes > 0; --changes) {
    const size_t at = random() % bytes.size();
    const char byte = static_cast<char>(random());
    switch (random() % 4) {
      case 0:
        bytes.erase(at, 1 + random() % 3);
        break;
      case 1:
        bytes.insert(at, 1, byte);
        break;
      default:
        bytes[at] = byte;
    }
  }
  return bytes;
}

void ExpectOnlyMasked(const std::string& original, const std::string& masked) {
  ASSERT_EQ(masked.size(), original.size());
  for (size_t i = 0; i < masked.size(); ++i) {
    const bool beyond_ascii = static_cast<uint8_t>(original[i]) >= 0x80;
    ASSERT_TRUE(masked[i] == original[i] || (beyond_ascii && masked[i] == '\0')) << i;
  }
}

std::vector<std::string> FaultsOf(const google::protobuf::Message& message) {
  FieldViolations violations;
  CheckMessage(message, "", violations);
  return PathsOf(violations.ToStatus());
}

TEST(MaskInvalidText, LeavesNothingButTextForTheParserToRefuse) {
  const google::protobuf::LogSilencer silencer;  // The parser's complaints are what is provoked.
  const std::string valid = Batch().SerializeAsString();
  std::mt19937_64 random(20261122);
  int named = 0;
  for (int round = 0; round < 50'000; ++round) {
    SCOPED_TRACE(round);
    const std::string bytes = Mutated(valid, random);
    std::string masked = bytes;
    MaskInvalidText(*v1::BatchSubmitJobsRequest::descriptor(), masked);
    ASSERT_NO_FATAL_FAILURE(ExpectOnlyMasked(bytes, masked));
    v1::BatchSubmitJobsRequest strict;
    v1::BatchSubmitJobsRequest read;
    const bool parses = strict.ParseFromString(bytes);
    const bool reads = read.ParseFromString(masked);
    if (parses) {
      ASSERT_EQ(masked, bytes);
    } else if (reads) {
      // Text that a later field of the same number replaced is in no message, and its bytes are in none either.
      const bool replaced = read.ByteSizeLong() < bytes.size();
      ASSERT_TRUE(replaced || !FaultsOf(read).empty());
      named += FaultsOf(read).empty() ? 0 : 1;
    }
  }
  EXPECT_GT(named, 1'000);
}

}  // namespace
}  // namespace turnpike
