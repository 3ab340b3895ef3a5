// What the agent's link does between two sessions: its certificate, which broker is next, and when.

#include <utility>

#include "adapters/link/certificate_renewal.h"
#include "adapters/link/sync_client.h"
#include "base/log.h"

namespace turnpike {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::minutes kRenewalPause{10};  // between two tries, whatever became of the first

}  // namespace

bool SyncClient::RenewalIsDue() const {
  return parts_.clock.Now() >= renew_time_;
}

// True: a new certificate has been put in the place of this one.
bool SyncClient::RenewIfDue(v1::SiteLinkService::Stub& stub, const CertificateFacts& certificate) {
  renew_time_ = std::max(RenewalTime(certificate), renewal_pause_end_);
  if (!RenewalIsDue()) {
    return false;
  }
  renewal_pause_end_ = parts_.clock.Now() + kRenewalPause;
  renew_time_ = renewal_pause_end_;
  const Status renewed = RenewCertificate(stub, parts_.identity, parts_.settings.renewal_timeout);
  if (renewed.ok()) {
    LogInfo("certificate renewed");
  } else {
    LogWarn("the agent's certificate could not be renewed, tried again later",
            {{"ends", FormatTimestamp(certificate.not_after)}, {"why", std::string(MessageOf(renewed))}});
  }
  return renewed.ok();
}

// --- Between sessions.

std::string SyncClient::NextAddress() {
  const std::vector<std::string> addresses = parts_.settings.read_addresses();
  return addresses.empty() ? std::string() : addresses[next_address_++ % addresses.size()];
}

bool SyncClient::WaitBeforeNextTry() {
  const MonotonicTime until = steady_clock::now() + delay_.Next();
  while (!stopped() && steady_clock::now() < until) {
    wakeup_.WaitUntil(until);
  }
  return !stopped();
}

bool SyncClient::stopped() const {
  const MutexLock lock(mutex_);
  return stopped_;
}

void SyncClient::FailSession(const Status& status) {
  {
    const MutexLock lock(mutex_);
    failure_ = status;
  }
  wakeup_.Notify();
}

Status SyncClient::TakeFailure() {
  const MutexLock lock(mutex_);
  return std::exchange(failure_, OkStatus());
}

}  // namespace turnpike
