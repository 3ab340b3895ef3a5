#pragma once
// What a broker of the tests wants, in short words.

#include <turnpike/v1/site_link_service.pb.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "base/ids.h"

namespace turnpike {

inline std::string AttemptText(uint8_t number) {
  return AttemptId(Uuid{.bytes = {0xa0, number}}).ToString();
}

inline v1::DesiredAttempt Offer(uint8_t number, const std::string& command = "echo hello; echo oops >&2") {
  v1::DesiredAttempt desired;
  desired.set_attempt_id(AttemptText(number));
  desired.set_fence(1);
  desired.set_phase(v1::DESIRED_PHASE_OFFERED);
  v1::AttemptOrder& order = *desired.mutable_order();
  order.set_job_id("01890a5d-ac96-774b-bcce-b302099a8057");
  order.set_user("ada");
  order.set_project_name("phys");
  order.set_share("main");
  order.mutable_time_limit()->set_seconds(600);
  for (const std::string& argument : {std::string("/bin/sh"), std::string("-c"), command}) {
    order.mutable_spec()->mutable_command()->add_arguments(argument);
  }
  return desired;
}

inline v1::DesiredAttempt Go(uint8_t number) {
  v1::DesiredAttempt desired;
  desired.set_attempt_id(AttemptText(number));
  desired.set_fence(1);
  desired.set_phase(v1::DESIRED_PHASE_GO);
  desired.mutable_spawn_lease()->set_seconds(2400);
  return desired;
}

struct WelcomeTerms {
  int64_t epoch = 1;
  int64_t acked_seq = 0;
  int credit = 1000;
  std::chrono::milliseconds heartbeat{60'000};
  bool recovery = false;
  std::vector<v1::DesiredAttempt> desired{};
};

inline v1::SynchronizeResponse WelcomeOf(const WelcomeTerms& terms) {
  v1::SynchronizeResponse message;
  v1::Welcome& welcome = *message.mutable_welcome();
  welcome.set_protocol(1);
  welcome.set_epoch(terms.epoch);
  welcome.set_acked_seq(terms.acked_seq);
  welcome.set_report_credit(terms.credit);
  welcome.set_recovery(terms.recovery);
  welcome.mutable_heartbeat_interval()->set_nanos(static_cast<int>(terms.heartbeat.count() % 1000 * 1'000'000));
  welcome.mutable_heartbeat_interval()->set_seconds(terms.heartbeat.count() / 1000);
  for (const v1::DesiredAttempt& desired : terms.desired) {
    *welcome.add_desired() = desired;
  }
  return message;
}

inline bool HoldsFact(const std::vector<v1::Report>& reports, v1::Report::FactCase fact) {
  return std::any_of(reports.begin(), reports.end(),
                     [fact](const v1::Report& report) { return report.fact_case() == fact; });
}
// HoldsFact must be true.
inline v1::Report FindFact(const std::vector<v1::Report>& reports, v1::Report::FactCase fact) {
  return *std::find_if(reports.begin(), reports.end(),
                       [fact](const v1::Report& report) { return report.fact_case() == fact; });
}

}  // namespace turnpike
