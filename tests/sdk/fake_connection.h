#pragma once
// Stands below a Client: keeps what it was sent, checks it against the contract, and answers as the test says.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sdk/connection.h"

namespace turnpike {

// What one stream hands out, and how it ends.
struct StreamScript {
  std::vector<std::shared_ptr<google::protobuf::Message>> pieces;
  Status end;
};

class FakeConnection final : public Connection {
 public:
  struct Sent {
    Call call;
    std::shared_ptr<google::protobuf::Message> request;
  };

  Status Unary(const Call& call, const google::protobuf::MessageLite& request,
               google::protobuf::MessageLite& response) override {
    Keep(call, request, response);
    return answer;
  }

  Status Stream(const Call& call, const google::protobuf::MessageLite& request, google::protobuf::MessageLite& piece,
                const std::function<bool()>& on_piece) override {
    Keep(call, request, piece);
    if (streams.empty()) {
      return Unavailable("no broker any more");
    }
    const StreamScript script = std::move(streams.front());
    streams.pop_front();
    for (const auto& next : script.pieces) {
      dynamic_cast<google::protobuf::Message&>(piece).CopyFrom(*next);
      if (!on_piece()) {
        return OkStatus();
      }
    }
    return script.end;
  }

  template <class Request>
  const Request& SentRequest(size_t index) const {
    return dynamic_cast<const Request&>(*sent.at(index).request);
  }

  Status answer;
  std::deque<StreamScript> streams;
  std::vector<Sent> sent;

 private:
  void Keep(const Call& call, const google::protobuf::MessageLite& request,
            const google::protobuf::MessageLite& response) {
    std::string name = call.method.substr(1);
    name.replace(name.find('/'), 1, ".");
    const auto* method = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name);
    ASSERT_NE(method, nullptr) << call.method;
    EXPECT_EQ(request.GetTypeName(), method->input_type()->full_name());
    EXPECT_EQ(response.GetTypeName(), method->output_type()->full_name());
    const auto& message = dynamic_cast<const google::protobuf::Message&>(request);
    std::shared_ptr<google::protobuf::Message> copy(message.New());
    copy->CopyFrom(message);
    sent.push_back({call, std::move(copy)});
  }
};

}  // namespace turnpike
