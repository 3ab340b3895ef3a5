#include "broker/rpc/site_service.h"

#include <algorithm>

#include "broker/actions/site_admission.h"
#include "broker/rpc/check_message.h"
#include "broker/rpc/convert_site.h"
#include "broker/rpc/convert_time.h"
#include "broker/rpc/page_size.h"
#include "broker/rpc/request_keys.h"

namespace turnpike {
namespace {

constexpr std::chrono::seconds kTokenLifetimeMax{3600};
constexpr size_t kNameBytesMax = 40;
constexpr size_t kTextBytesMax = 200;

bool IsName(std::string_view name) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && name.size() <= kNameBytesMax && lower(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '-'; });
}

void CheckText(const std::string& text, std::string_view path, FieldViolations& violations) {
  if (text.size() > kTextBytesMax) {
    violations.Add(std::string(path), fmt::format("has {} bytes, {} are allowed", text.size(), kTextBytesMax));
  }
}

template <typename Request>
void CheckLifetime(const Request& request, FieldViolations& violations) {
  const int64_t lifetime = request.token_lifetime().seconds();
  if (request.has_token_lifetime() && (lifetime < 1 || lifetime > kTokenLifetimeMax.count())) {
    violations.Add("token_lifetime",
                   fmt::format("is {} s; 1 to {} s are possible", lifetime, kTokenLifetimeMax.count()));
  }
}

template <typename Request>
std::chrono::seconds LifetimeOf(const Request& request) {
  return request.has_token_lifetime() ? std::chrono::seconds(request.token_lifetime().seconds()) : kTokenLifetimeMax;
}

Status CheckRegister(const v1::RegisterSiteRequest& request) {
  FieldViolations violations;
  CheckMessage(request, "", violations);
  if (!IsName(request.name())) {
    violations.Add("name", fmt::format("is '{}'; a name has a-z, then a-z, 0-9 and dashes, at most {} characters",
                                       request.name(), kNameBytesMax));
  }
  CheckText(request.display_name(), "display_name", violations);
  CheckText(request.region(), "region", violations);
  CheckText(request.time_zone(), "time_zone", violations);
  CheckLifetime(request, violations);
  return violations.ToStatus();
}

}  // namespace

grpc::ServerUnaryReactor* SiteService::RegisterSite(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return HandleCall<v1::RegisterSiteRequest, v1::RegisterSiteResponse>(
      parts_.setting, {context, request, response},
      [this](const Principal& principal, const v1::RegisterSiteRequest& in, v1::RegisterSiteResponse& out) -> Status {
        RETURN_IF_ERROR(RequireRole(principal, Role::kFederationOperator));
        return Register(in, out);
      });
}

v1::Site SiteService::Show(const SiteRecord& site) const {
  return ToProto(site, parts_.federation.Basis()->network.get(), parts_.clock.Now());
}

Status SiteService::Register(const v1::RegisterSiteRequest& request, v1::RegisterSiteResponse& response) {
  RETURN_IF_ERROR(CheckRegister(request));
  ASSIGN_OR_RETURN(
      const RequestKey key,
      KeyOf(KeyedCall{.project_id = {}, .method = "RegisterSite", .request_id = request.request_id()}, request));
  const std::string token = parts_.make_token();
  NewSite site;
  site.site.site_id = parts_.ids.Random<SiteId>();
  site.site.name = request.name();
  site.site.display_name = request.display_name().empty() ? request.name() : request.display_name();
  site.site.region = request.region();
  site.site.time_zone = request.time_zone().empty() ? "UTC" : request.time_zone();
  site.token_hash = Sha256(token);
  site.token_expires_at = parts_.clock.Now() + LifetimeOf(request);
  ASSIGN_OR_RETURN(const SiteRecord record, parts_.sites.Register(key, site));
  *response.mutable_site() = Show(record);
  response.set_enrollment_token(token);
  response.set_ca_fingerprint(parts_.issuer.ca_fingerprint());
  *response.mutable_token_expire_time() = ToProto(site.token_expires_at);
  parts_.site_changed();
  return OkStatus();
}

grpc::ServerUnaryReactor* SiteService::GetSite(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) {
  return HandleCall<v1::GetSiteRequest, v1::GetSiteResponse>(
      parts_.setting, {context, request, response},
      [this](const Principal&, const v1::GetSiteRequest& in, v1::GetSiteResponse& out) -> Status {
        ASSIGN_OR_RETURN(const SiteRecord record, parts_.sites.Find(in.site()));
        *out.mutable_site() = Show(record);
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* SiteService::ListSites(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                 grpc::ByteBuffer* response) {
  return HandleCall<v1::ListSitesRequest, v1::ListSitesResponse>(
      parts_.setting, {context, request, response},
      [this](const Principal&, const v1::ListSitesRequest& in, v1::ListSitesResponse& out) -> Status {
        return List(in, out);
      });
}

// The page token is the last name of the page before: names are unique, and everybody may see them.
Status SiteService::List(const v1::ListSitesRequest& request, v1::ListSitesResponse& response) {
  ASSIGN_OR_RETURN(const size_t page_size, PageSizeOf(request.page_size()));
  if (!request.page_token().empty() && !IsName(request.page_token())) {
    return WithReason(InvalidArgument("page_token is not from this list"), ErrorReason::kPageTokenInvalid);
  }
  ASSIGN_OR_RETURN(std::vector<SiteRecord> sites, parts_.sites.List(request.page_token(), page_size + 1));
  if (sites.size() > page_size) {
    sites.resize(page_size);
    response.set_next_page_token(sites.back().name);
  }
  for (const SiteRecord& site : sites) {
    *response.add_sites() = Show(site);
  }
  return OkStatus();
}

grpc::ServerUnaryReactor* SiteService::UpdateSite(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response) {
  return HandleCall<v1::UpdateSiteRequest, v1::UpdateSiteResponse>(
      parts_.setting, {context, request, response},
      [this](const Principal& principal, const v1::UpdateSiteRequest& in, v1::UpdateSiteResponse& out) -> Status {
        RETURN_IF_ERROR(RequireRole(principal, Role::kSiteOperator));
        return Update(in, out);
      });
}

Status SiteService::Update(const v1::UpdateSiteRequest& request, v1::UpdateSiteResponse& response) {
  FieldViolations violations;
  CheckMessage(request, "", violations);
  CheckText(request.display_name(), "display_name", violations);
  CheckText(request.region(), "region", violations);
  CheckText(request.time_zone(), "time_zone", violations);
  RETURN_IF_ERROR(violations.ToStatus());
  const auto given = [](bool is_given, const std::string& text) {
    return is_given ? std::optional<std::string>(text) : std::nullopt;
  };
  ASSIGN_OR_RETURN(SiteRecord record, parts_.sites.Find(request.site()));
  ASSIGN_OR_RETURN(record,
                   parts_.sites.Update({.site_id = record.site_id,
                                        .display_name = given(request.has_display_name(), request.display_name()),
                                        .region = given(request.has_region(), request.region()),
                                        .time_zone = given(request.has_time_zone(), request.time_zone())}));
  *response.mutable_site() = Show(record);
  parts_.site_changed();
  return OkStatus();
}

grpc::ServerUnaryReactor* SiteService::DrainSite(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                 grpc::ByteBuffer* response) {
  return HandleCall<v1::DrainSiteRequest, v1::DrainSiteResponse>(
      parts_.setting, {context, request, response},
      [this](const Principal& principal, const v1::DrainSiteRequest& in, v1::DrainSiteResponse& out) -> Status {
        RETURN_IF_ERROR(RequireRole(principal, Role::kSiteOperator));
        ASSIGN_OR_RETURN(const SiteRecord record, parts_.sites.Find(in.site()));
        ASSIGN_OR_RETURN(const SiteRecord changed,
                         parts_.sites.ChangeState(record.site_id, {SiteState::kActive, SiteState::kDraining},
                                                  SiteState::kDraining, in.reason()));
        *out.mutable_site() = Show(changed);
        parts_.site_changed();
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* SiteService::ResumeSite(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response) {
  return HandleCall<v1::ResumeSiteRequest, v1::ResumeSiteResponse>(
      parts_.setting, {context, request, response},
      [this](const Principal& principal, const v1::ResumeSiteRequest& in, v1::ResumeSiteResponse& out) -> Status {
        RETURN_IF_ERROR(RequireRole(principal, Role::kSiteOperator));
        ASSIGN_OR_RETURN(const SiteRecord record, parts_.sites.Find(in.site()));
        ASSIGN_OR_RETURN(const SiteRecord changed,
                         parts_.sites.ChangeState(record.site_id, {SiteState::kActive, SiteState::kDraining},
                                                  SiteState::kActive, ""));
        *out.mutable_site() = Show(changed);
        parts_.site_changed();
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* SiteService::CreateEnrollmentToken(grpc::CallbackServerContext* context,
                                                             const grpc::ByteBuffer* request,
                                                             grpc::ByteBuffer* response) {
  return HandleCall<v1::CreateEnrollmentTokenRequest, v1::CreateEnrollmentTokenResponse>(
      parts_.setting, {context, request, response},
      [this](const Principal& principal, const v1::CreateEnrollmentTokenRequest& in,
             v1::CreateEnrollmentTokenResponse& out) -> Status {
        RETURN_IF_ERROR(RequireRole(principal, Role::kFederationOperator));
        return CreateToken(in, out);
      });
}

// A repeat gives another token in place of the first, whose text is kept nowhere.
Status SiteService::CreateToken(const v1::CreateEnrollmentTokenRequest& request,
                                v1::CreateEnrollmentTokenResponse& response) {
  FieldViolations violations;
  CheckMessage(request, "", violations);
  CheckLifetime(request, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const SiteRecord record, parts_.sites.Find(request.site()));
  const std::string token = parts_.make_token();
  const Timestamp expires_at = parts_.clock.Now() + LifetimeOf(request);
  RETURN_IF_ERROR(parts_.sites.ReplaceToken(record.site_id, Sha256(token), expires_at));
  response.set_enrollment_token(token);
  response.set_ca_fingerprint(parts_.issuer.ca_fingerprint());
  *response.mutable_token_expire_time() = ToProto(expires_at);
  return OkStatus();
}

grpc::ServerUnaryReactor* SiteService::QuarantineSite(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return HandleCall<v1::QuarantineSiteRequest, v1::QuarantineSiteResponse>(
      parts_.setting, {context, request, response},
      [this](const Principal& principal, const v1::QuarantineSiteRequest& in,
             v1::QuarantineSiteResponse& out) -> Status {
        RETURN_IF_ERROR(RequireRole(principal, Role::kFederationOperator));
        ASSIGN_OR_RETURN(const SiteRecord changed,
                         turnpike::QuarantineSite(parts_.sites, {.site = in.site(), .reason = in.reason()}));
        *out.mutable_site() = Show(changed);
        parts_.site_changed();
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* SiteService::ReleaseSite(grpc::CallbackServerContext* context,
                                                   const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return HandleCall<v1::ReleaseSiteRequest, v1::ReleaseSiteResponse>(
      parts_.setting, {context, request, response},
      [this](const Principal& principal, const v1::ReleaseSiteRequest& in, v1::ReleaseSiteResponse& out) -> Status {
        RETURN_IF_ERROR(RequireRole(principal, Role::kFederationOperator));
        ASSIGN_OR_RETURN(const SiteRecord changed, turnpike::ReleaseSite(parts_.sites, in.site()));
        *out.mutable_site() = Show(changed);
        parts_.site_changed();
        return OkStatus();
      });
}

grpc::ServerUnaryReactor* SiteService::SetPriceBook(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return HandleCall<v1::SetPriceBookRequest, v1::SetPriceBookResponse>(
      parts_.setting, {context, request, response},
      [this](const Principal& principal, const v1::SetPriceBookRequest& in, v1::SetPriceBookResponse& out) -> Status {
        RETURN_IF_ERROR(RequireRole(principal, Role::kSiteOperator));
        return SetPrices(in, out);
      });
}

Status SiteService::SetPrices(const v1::SetPriceBookRequest& request, v1::SetPriceBookResponse& response) {
  FieldViolations violations;
  CheckMessage(request, "", violations);
  PriceBook book = BookFrom(request.unit(), request.rates(), violations);
  ValidatePriceBook(book, "price_book", violations);
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const SiteRecord record, parts_.sites.Find(request.site()));
  book.site_id = record.site_id;
  if (!request.validate_only()) {
    ASSIGN_OR_RETURN(
        const RequestKey key,
        KeyOf(KeyedCall{.project_id = {}, .method = "SetPriceBook", .request_id = request.request_id()}, request));
    ASSIGN_OR_RETURN(book, parts_.sites.SetPriceBook(key, book));
    parts_.site_changed();
  }
  *response.mutable_price_book() = ToProto(book);
  return OkStatus();
}

grpc::ServerUnaryReactor* SiteService::GetPriceBook(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return HandleCall<v1::GetPriceBookRequest, v1::GetPriceBookResponse>(
      parts_.setting, {context, request, response},
      [this](const Principal&, const v1::GetPriceBookRequest& in, v1::GetPriceBookResponse& out) -> Status {
        ASSIGN_OR_RETURN(const SiteRecord record, parts_.sites.Find(in.site()));
        ASSIGN_OR_RETURN(const PriceBook book, parts_.sites.GetPriceBook(record.site_id, in.version()));
        *out.mutable_price_book() = ToProto(book);
        return OkStatus();
      });
}

}  // namespace turnpike
