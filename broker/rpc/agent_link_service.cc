#include "broker/rpc/agent_link_service.h"

#include "base/error_reason.h"
#include "base/grpc/credentials.h"
#include "base/grpc/error_details.h"
#include "base/log.h"
#include "broker/rpc/convert_time.h"

namespace turnpike {
namespace {

constexpr size_t kPieceBytesMax = 64U << 10U;
constexpr size_t kPiecesMax = 64;  // of one call
constexpr int64_t kOffsetMax = int64_t{1} << 60;

Status AgentPoolIsFull() {
  return WithDetails(
      ResourceExhausted("too many calls of agents wait already; try again in a second"),
      {.reason = ErrorReason::kOverloaded, .metadata = {}, .violations = {}, .retry_after = std::chrono::seconds(1)});
}

Result<SiteRecord> AdmitPeer(const LinkSetting& setting, const grpc::ServerContextBase& context) {
  ASSIGN_OR_RETURN(const std::string uri, PeerUri(context));
  ASSIGN_OR_RETURN(const AgentIdentity agent, setting.issuer.IdentityOf(uri));
  return setting.sites.Admit(agent);
}

Result<LogPiece> PieceOf(const v1::SendLogRequest& request) {
  const std::optional<AttemptId> attempt = AttemptId::Parse(request.attempt_id());
  if (!attempt) {
    return InvalidArgument("a piece of output is of attempt '{}', which is no id", request.attempt_id());
  }
  if (request.offset() < 0 || request.offset() > kOffsetMax) {
    return InvalidArgument("a piece of output of attempt {} has offset {}, possible are 0 to {}", attempt->ToString(),
                           request.offset(), kOffsetMax);
  }
  if (request.data().size() > kPieceBytesMax) {
    return InvalidArgument("a piece of output of attempt {} has {} bytes, {} are allowed", attempt->ToString(),
                           request.data().size(), kPieceBytesMax);
  }
  return LogPiece{.attempt_id = *attempt,
                  .error_stream = request.stream() == v1::ReadLogRequest::STREAM_ERROR,
                  .offset = request.offset(),
                  .bytes = request.data()};
}

// One SendLog call: collects the pieces, then stores them at once.  Owns itself.
class LogReceiver final : public grpc::ServerReadReactor<v1::SendLogRequest> {
 public:
  LogReceiver(const LinkSetting& setting, grpc::CallbackServerContext& context) : setting_(setting), context_(context) {
    StartRead(&request_);
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) {
      setting_.pool.Run([this] { Finish(ToGrpc(Store())); });
      return;
    }
    Result<LogPiece> piece = PieceOf(request_);
    if (!piece.ok() || pieces_.size() == kPiecesMax) {
      Finish(ToGrpc(piece.ok() ? InvalidArgument("more than {} pieces came in one call", kPiecesMax) : piece.status()));
      return;
    }
    pieces_.push_back(*std::move(piece));
    StartRead(&request_);
  }
  void OnDone() override { delete this; }

  Status Store() {
    ASSIGN_OR_RETURN(const SiteRecord site, AdmitPeer(setting_, context_));
    if (pieces_.empty()) {
      return OkStatus();
    }
    ASSIGN_OR_RETURN(const StoredLog stored, setting_.store.StoreLog(site.site_id, pieces_));
    for (const LogPiece& piece : pieces_) {
      setting_.counts.log_bytes.Add(static_cast<int64_t>(piece.bytes.size()));
    }
    Tell(site, stored);
    return OkStatus();
  }

  void Tell(const SiteRecord& site, const StoredLog& stored) {
    setting_.logs.NoteStored(stored.followed);
    if (stored.stream_is_full) {
      LogWarn("an attempt writes too much to be followed, only the end of its output will still come",
              {{"site", site.name}, {"attempt", pieces_.front().attempt_id.ToString()}});
    }
    if (stored.site_is_full) {
      LogWarn("the jobs of a site write too much to be followed, it goes on in the next hour", {{"site", site.name}});
    }
    if (stored.stream_is_full || stored.site_is_full) {
      setting_.logs.NoteWishes();
    }
  }

  const LinkSetting& setting_;
  grpc::CallbackServerContext& context_;
  v1::SendLogRequest request_;
  std::vector<LogPiece> pieces_;
};

}  // namespace

grpc::ServerUnaryReactor* AgentLinkService::Renew(grpc::CallbackServerContext* context, const v1::RenewRequest* request,
                                                  v1::RenewResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool taken = setting_.pool.TryRun([this, context, request, response, reactor] {
    reactor->Finish(ToGrpc(RenewFor(*context, *request, *response)));
  });
  if (!taken) {
    reactor->Finish(ToGrpc(AgentPoolIsFull()));
  }
  return reactor;
}

grpc::ServerBidiReactor<v1::SynchronizeRequest, v1::SynchronizeResponse>* AgentLinkService::Synchronize(
    grpc::CallbackServerContext* context) {
  return new LinkSession(setting_, *context);
}

grpc::ServerReadReactor<v1::SendLogRequest>* AgentLinkService::SendLog(grpc::CallbackServerContext* context,
                                                                       v1::SendLogResponse* /*response*/) {
  return new LogReceiver(setting_, *context);
}

Status AgentLinkService::RenewFor(const grpc::ServerContextBase& context, const v1::RenewRequest& request,
                                  v1::RenewResponse& response) {
  ASSIGN_OR_RETURN(const std::string uri, PeerUri(context));
  ASSIGN_OR_RETURN(const AgentIdentity agent, setting_.issuer.IdentityOf(uri));
  ASSIGN_OR_RETURN(const SiteRecord site, setting_.sites.Admit(agent));
  ASSIGN_OR_RETURN(const IssuedCertificate issued,
                   setting_.issuer.SignAgentRequest(request.certificate_request(), agent, setting_.clock.Now()));
  RETURN_IF_ERROR(setting_.sites.RecordCertificate(
      {.serial = issued.serial_hex, .site_id = site.site_id, .not_after = issued.not_after}));
  response.set_certificate_pem(issued.certificate_pem);
  *response.mutable_expire_time() = ToProto(issued.not_after);
  LogInfo("certificate renewed", {{"site", site.name}, {"serial", issued.serial_hex}});
  return OkStatus();
}

}  // namespace turnpike
