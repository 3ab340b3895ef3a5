#pragma once
// A broker made of functions, below the real client: each call is answered by what a test says, and remembered.  And a
// command's surroundings over it.

#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/system_clock.h"
#include "cli/command_context.h"

namespace turnpike {

class FakeBroker : public Connection {
 public:
  // Answers every call of the method, e.g. "JobService/GetJob".
  template <class Request, class Response>
  void On(const std::string& method, std::function<Result<Response>(const Request&)> answer) {
    unary_[method] = [answer](const google::protobuf::MessageLite& request, google::protobuf::MessageLite& response) {
      Result<Response> result = answer(dynamic_cast<const Request&>(request));
      ASSIGN_OR_RETURN(dynamic_cast<Response&>(response), std::move(result));
      return OkStatus();
    };
  }
  // Each opening of the stream takes the next script: pieces, then a status.
  template <class Request, class Piece>
  void OnStream(const std::string& method,
                std::function<std::pair<std::vector<Piece>, Status>(const Request&)> answer) {
    streams_[method] = [answer](const google::protobuf::MessageLite& request, google::protobuf::MessageLite& piece,
                                const std::function<bool()>& on_piece) {
      const auto [pieces, status] = answer(dynamic_cast<const Request&>(request));
      for (const Piece& next : pieces) {
        dynamic_cast<Piece&>(piece) = next;
        if (!on_piece()) {
          return OkStatus();
        }
      }
      return status;
    };
  }

  Status Unary(const Call& call, const google::protobuf::MessageLite& request,
               google::protobuf::MessageLite& response) override {
    const auto answer = unary_.find(Short(call.method));
    return answer == unary_.end() ? Unimplemented("no test answers {}", call.method)
                                  : answer->second(request, response);
  }
  Status Stream(const Call& call, const google::protobuf::MessageLite& request, google::protobuf::MessageLite& piece,
                const std::function<bool()>& on_piece) override {
    const auto answer = streams_.find(Short(call.method));
    return answer == streams_.end() ? Unimplemented("no test answers {}", call.method)
                                    : answer->second(request, piece, on_piece);
  }

 private:
  static std::string Short(const std::string& method) { return method.substr(std::string("/turnpike.v1.").size()); }

  std::map<std::string, std::function<Status(const google::protobuf::MessageLite&, google::protobuf::MessageLite&)>>
      unary_;
  std::map<std::string, std::function<Status(const google::protobuf::MessageLite&, google::protobuf::MessageLite&,
                                             const std::function<bool()>&)>>
      streams_;
};

// Stands still unless a test moves it.
class FakeClock final : public Clock {
 public:
  Timestamp Now() const override { return now; }
  MonotonicTime Monotonic() const override { return monotonic; }
  Timestamp now = TimestampFromSeconds(1'800'000'000);
  MonotonicTime monotonic{};
};

// A command's surroundings.  The broker belongs to the client; `broker` stays valid as long as this lives.
struct CommandFixture {
  CommandFixture() {
    auto connection = std::make_unique<FakeBroker>();
    broker = connection.get();
    client = std::make_unique<Client>(Client::Parts{.connection = std::move(connection),
                                                    .timeouts = {},
                                                    .pace = {.pause_first = {}, .pause_max = {}, .failures_max = 2}},
                                      ids);
  }

  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal{.in = in, .out = out, .err = err};
  SystemClock system_clock;
  SystemRandom random;
  IdSource ids{system_clock, random};
  FakeClock clock;
  StopSignal stop;
  FakeBroker* broker = nullptr;
  std::unique_ptr<Client> client;
  std::string project;
  std::string region;
  std::string farewell;
  int connects = 0;
  CommandContext context{.terminal = terminal,
                         .clock = clock,
                         .connect =
                             [this] {
                               ++connects;
                               return Result<BrokerSession>(BrokerSession{client.get(), project, region});
                             },
                         .set_farewell = [this](std::string text) { farewell = std::move(text); },
                         .stop = stop};
};

}  // namespace turnpike
