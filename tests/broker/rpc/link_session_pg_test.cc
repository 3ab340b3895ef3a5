// What a site's stream costs the broker when its agent does not read.

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include "broker/rpc/agent_link_service.h"
#include "tests/broker/rpc/user_services.h"
#include "tests/contracts/eventually.h"

namespace turnpike {
namespace {

class LinkSessionTest : public UserServices {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(UserServices::SetUp());
    database_.AsSuperuser("UPDATE site SET agent = 1");
    site_id_ = database_.AsSuperuser("SELECT site_id FROM site").Id<SiteId>(0, 0);
    agent_server_ = GrpcServer::Start({.address = "127.0.0.1:0",
                                       .credentials = AgentServerCredentials(federation_.Server()).value(),
                                       .services = {Serve<v1::SiteLinkService>(link_service_)},
                                       .metrics = &metrics_})
                        .value();
  }
  // Its window does not grow.
  std::unique_ptr<v1::SiteLinkService::Stub> Agent() {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    return v1::SiteLinkService::NewStub(grpc::CreateCustomChannel(
        fmt::format("127.0.0.1:{}", agent_server_->port()),
        ClientCredentials(federation_.Agent({.site = site_id_, .agent = 1})).value(), arguments));
  }

  SiteId site_id_;
  LinkCounts counts_{metrics_};
  AgentLinkService link_service_{{.store = links_,
                                  .sites = sites_,
                                  .issuer = federation_.authority(),
                                  .sessions = sessions_,
                                  .logs = log_hub_,
                                  .pool = pool_,
                                  .clock = clock_,
                                  .counts = counts_,
                                  .replica = "test",
                                  .committed = [] {},
                                  .site_changed = [] {}}};
  std::unique_ptr<GrpcServer> agent_server_;
};

using Link = grpc::ClientReaderWriter<v1::SynchronizeRequest, v1::SynchronizeResponse>;

// Claims of attempts that nobody knows: each is told that it is gone, 256 of them in 11 KiB.
void ClaimUnknown(Link& link, int64_t epoch, IdSource& ids, int messages) {
  int64_t seq = 0;
  for (int i = 0; i < messages; ++i) {
    v1::SynchronizeRequest message;
    message.mutable_reports()->set_epoch(epoch);
    for (int claim = 0; claim < 256; ++claim) {
      v1::Report& report = *message.mutable_reports()->add_reports();
      report.set_seq(++seq);
      report.set_attempt_id(ids.Random<AttemptId>().ToString());
      report.set_fence(1);
      report.mutable_claimed();
    }
    ASSERT_TRUE(link.Write(message));
  }
}

TEST_F(LinkSessionTest, AnAgentThatDoesNotReadIsCutOff) {
  constexpr int kHeartbeats = 2'000;  // Each is answered: twice what the session keeps for its agent.
  const auto stub = Agent();
  grpc::ClientContext context;
  Prepare("", context);
  const auto link = stub->Synchronize(&context);
  v1::SynchronizeRequest hello;
  hello.mutable_hello()->set_protocol_min(1);
  hello.mutable_hello()->set_protocol_max(1);
  hello.mutable_hello()->set_journal_id(database_.ids().Random<JournalId>().ToString());
  ASSERT_TRUE(link->Write(hello));
  v1::SynchronizeResponse answer;
  ASSERT_TRUE(link->Read(&answer));
  // gRPC itself takes 64 KiB at either end that are not read.
  ASSERT_NO_FATAL_FAILURE(ClaimUnknown(*link, answer.welcome().epoch(), database_.ids(), 16));
  v1::SynchronizeRequest heartbeat;
  heartbeat.mutable_heartbeat();
  for (int i = 0; i < kHeartbeats; ++i) {
    ASSERT_TRUE(link->Write(heartbeat));
  }
  ASSERT_TRUE(Eventually([this] { return counts_.agents_cut.value() == 1; }));
  int answers = 0;
  while (link->Read(&answer)) {
    ++answers;
  }
  const grpc::Status status = link->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
  EXPECT_NE(status.error_message().find("reads too slowly"), std::string::npos) << status.error_message();
  EXPECT_LT(answers, kHeartbeats);
}

}  // namespace
}  // namespace turnpike
