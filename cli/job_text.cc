#include "cli/job_text.h"

#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>

namespace turnpike {
namespace {

using google::protobuf::util::TimeUtil;

// "JOB_STATE_RUNNING" without its prefix.
std::string EnumText(std::string_view name, std::string_view prefix, int number) {
  return name.starts_with(prefix) ? std::string(name.substr(prefix.size())) : fmt::format("UNKNOWN-{}", number);
}

// "END_CAUSE_TIME_LIMIT" as "time limit".
std::string Words(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c == '_' ? ' ' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return text;
}

}  // namespace

std::string JobStateText(v1::JobState state) {
  return EnumText(v1::JobState_Name(state), "JOB_STATE_", state);
}

std::string SiteStateText(v1::SiteState state) {
  return EnumText(v1::SiteState_Name(state), "SITE_STATE_", state);
}

std::string CauseText(v1::EndCause cause) {
  return Words(EnumText(v1::EndCause_Name(cause), "END_CAUSE_", cause));
}

std::string FaultText(v1::FaultClass fault) {
  return Words(EnumText(v1::FaultClass_Name(fault), "FAULT_CLASS_", fault));
}

std::string TransferKindText(v1::Transfer::Kind kind) {
  return EnumText(v1::Transfer::Kind_Name(kind), "KIND_", kind);
}

Tint TintOf(v1::JobState state) {
  switch (state) {
    case v1::JOB_STATE_COMPLETED:
      return Tint::kGood;
    case v1::JOB_STATE_FAILED:
      return Tint::kBad;
    case v1::JOB_STATE_RUNNING:
      return Tint::kBusy;
    default:  // proto enums are open: a newer broker may send others
      return Tint::kNone;
  }
}

std::string ElapsedText(int64_t seconds) {
  seconds = std::max<int64_t>(seconds, 0);
  const int64_t days = seconds / 86'400;
  const int64_t hours = seconds / 3600 % 24;
  const int64_t minutes = seconds / 60 % 60;
  if (days > 0) {
    return fmt::format("{}-{:02}:{:02}:{:02}", days, hours, minutes, seconds % 60);
  }
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, seconds % 60)
                   : fmt::format("{}:{:02}", minutes, seconds % 60);
}

std::string DurationText(const google::protobuf::Duration& duration) {
  return ElapsedText(duration.seconds());
}

std::string MomentText(const google::protobuf::Timestamp& moment) {
  if (moment.seconds() < TimeUtil::kTimestampMinSeconds || moment.seconds() > TimeUtil::kTimestampMaxSeconds) {
    return "?";
  }
  google::protobuf::Timestamp whole;
  whole.set_seconds(moment.seconds());
  std::string text = TimeUtil::ToString(whole);
  text[text.find('T')] = ' ';
  return text;
}

std::string AgoText(const google::protobuf::Timestamp& moment, Timestamp now) {
  const int64_t seconds = std::max<int64_t>(MicrosOf(now) / 1'000'000 - moment.seconds(), 0);
  if (seconds < 120) {
    return fmt::format("{} s ago", seconds);
  }
  if (seconds < 7200) {
    return fmt::format("{} min ago", seconds / 60);
  }
  return seconds < 172'800 ? fmt::format("{} h ago", seconds / 3600) : fmt::format("{} d ago", seconds / 86'400);
}

std::string ShortJobId(const v1::Job& job) {
  return job.number() > 0 ? fmt::format("{}", job.number()) : job.job_id();
}

std::string RunTimeText(const v1::Job& job, Timestamp now) {
  if (!job.has_start_time()) {
    return "";
  }
  const int64_t end = job.has_end_time() ? job.end_time().seconds() : MicrosOf(now) / 1'000'000;
  return ElapsedText(end - job.start_time().seconds());
}

std::string CostText(const v1::JobMoney& money) {
  if (money.unit().empty()) {
    return "";
  }
  return money.settled() ? fmt::format("{} {}", money.charged(), money.unit())
                         : fmt::format("held {} {}", money.reserved(), money.unit());
}

std::string EndText(const v1::Job& job) {
  std::string text = CauseText(job.cause());
  if (job.exit_signal() > 0) {
    text += fmt::format(", signal {}", job.exit_signal());
  } else if (job.has_exit_code()) {
    text += fmt::format(", exit code {}", job.exit_code());
  }
  return job.fault_class() == v1::FAULT_CLASS_UNSPECIFIED ? text : text + ", fault: " + FaultText(job.fault_class());
}

std::string BillText(const v1::JobMoney& money) {
  if (money.unit().empty()) {
    return "nothing was set aside";
  }
  if (!money.settled()) {
    return fmt::format("held {} {}; the charge is not settled yet", money.reserved(), money.unit());
  }
  return fmt::format("charged {} {} of {} held{}", money.charged(), money.unit(), money.reserved(),
                     money.provisional() ? " (provisional: by the job's own record, may be corrected)" : "");
}

}  // namespace turnpike
