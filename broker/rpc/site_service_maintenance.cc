// When sites are not to be used: for their operators.

#include <functional>

#include "broker/rpc/check_message.h"
#include "broker/rpc/convert_site.h"
#include "broker/rpc/convert_time.h"
#include "broker/rpc/request_keys.h"
#include "broker/rpc/site_service.h"

namespace turnpike {
namespace {

constexpr std::chrono::hours kWindowMax{24 * 366};
constexpr size_t kReasonBytesMax = 200;

// What is wrong with it goes to `violations`.
MaintenanceWindow WindowFrom(const v1::ScheduleMaintenanceRequest& request, Timestamp now,
                             FieldViolations& violations) {
  MaintenanceWindow window;
  window.share = request.share();
  window.start = request.has_start_time() ? FromProto(request.start_time()) : now;
  window.end = FromProto(request.end_time());
  window.reason = request.reason();
  if (window.end <= window.start) {
    violations.Add("end_time", "is not after start_time; say until when the site is not to be used");
  } else if (window.end <= now) {
    violations.Add("end_time", "is in the past; a window that is over changes nothing");
  } else if (window.end - window.start > kWindowMax) {
    violations.Add("end_time", "is more than 366 days after start_time; drain the site instead");
  }
  if (window.reason.size() > kReasonBytesMax) {
    violations.Add("reason", fmt::format("has {} bytes, {} are allowed", window.reason.size(), kReasonBytesMax));
  }
  return window;
}

}  // namespace

grpc::ServerUnaryReactor* SiteService::ScheduleMaintenance(grpc::CallbackServerContext* context,
                                                           const grpc::ByteBuffer* request,
                                                           grpc::ByteBuffer* response) {
  return HandleCall<v1::ScheduleMaintenanceRequest, v1::ScheduleMaintenanceResponse>(
      parts_.setting, {context, request, response},
      [this](const Principal& principal, const v1::ScheduleMaintenanceRequest& in,
             v1::ScheduleMaintenanceResponse& out) -> Status {
        RETURN_IF_ERROR(RequireRole(principal, Role::kSiteOperator));
        return Schedule(in, out);
      });
}

Status SiteService::Schedule(const v1::ScheduleMaintenanceRequest& request, v1::ScheduleMaintenanceResponse& response) {
  FieldViolations violations;
  CheckMessage(request, "", violations);
  MaintenanceWindow window = WindowFrom(request, parts_.clock.Now(), violations);
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(
      const RequestKey key,
      KeyOf(KeyedCall{.project_id = {}, .method = "ScheduleMaintenance", .request_id = request.request_id()}, request));
  ASSIGN_OR_RETURN(const SiteRecord site, parts_.sites.Find(request.site()));
  window.window_id = parts_.ids.Random<SiteId>().uuid();
  ASSIGN_OR_RETURN(window, parts_.sites.AddMaintenance(key, site.site_id, window));
  *response.mutable_window() = ToProto(window);
  parts_.site_changed();
  return OkStatus();
}

grpc::ServerUnaryReactor* SiteService::CancelMaintenance(grpc::CallbackServerContext* context,
                                                         const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  return HandleCall<v1::CancelMaintenanceRequest, v1::CancelMaintenanceResponse>(
      parts_.setting, {context, request, response},
      [this](const Principal& principal, const v1::CancelMaintenanceRequest& in,
             v1::CancelMaintenanceResponse& out) -> Status {
        RETURN_IF_ERROR(RequireRole(principal, Role::kSiteOperator));
        return CancelWindow(in, out);
      });
}

Status SiteService::CancelWindow(const v1::CancelMaintenanceRequest& request, v1::CancelMaintenanceResponse& response) {
  FieldViolations violations;
  CheckMessage(request, "", violations);
  const std::optional<Uuid> window_id = Uuid::Parse(request.window_id());
  if (!window_id) {
    violations.Add("window_id", "is no id; `turnpike site maintenance SITE` lists the windows with theirs");
  }
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(SiteRecord site, parts_.sites.Find(request.site()));
  RETURN_IF_ERROR(parts_.sites.RemoveMaintenance(site.site_id, *window_id));
  ASSIGN_OR_RETURN(site, parts_.sites.Find(request.site()));
  *response.mutable_site() = Show(site);
  parts_.site_changed();
  return OkStatus();
}

}  // namespace turnpike
