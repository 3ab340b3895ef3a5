#pragma once
// How jobs, sites and money read in a terminal.  Pure; what comes out is still to be escaped by whoever prints it.

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "base/time.h"
#include "cli/table.h"
#include "turnpike/v1/billing.pb.h"
#include "turnpike/v1/job.pb.h"
#include "turnpike/v1/site.pb.h"

namespace turnpike {

// "RUNNING"; a number that this version does not know is "STATE-9".
std::string JobStateText(v1::JobState state);
std::string SiteStateText(v1::SiteState state);
std::string CauseText(v1::EndCause cause);
std::string FaultText(v1::FaultClass fault);
std::string TransferKindText(v1::Transfer::Kind kind);
Tint TintOf(v1::JobState state);

// As squeue writes times: "12:07", "3:12:07", "2-03:12:07".
std::string ElapsedText(int64_t seconds);
std::string DurationText(const google::protobuf::Duration& duration);
// "2026-11-22 00:11:22Z".
std::string MomentText(const google::protobuf::Timestamp& moment);
// "12 s ago", "3 min ago", "5 h ago", "2 d ago".
std::string AgoText(const google::protobuf::Timestamp& moment, Timestamp now);

// The number, which every command takes; the id where a job has none.
std::string ShortJobId(const v1::Job& job);
// How long it has run by now, or ran; empty before its start.
std::string RunTimeText(const v1::Job& job, Timestamp now);
// "0.12 EUR" once settled, else "held 1.00 EUR".
std::string CostText(const v1::JobMoney& money);
// "exit code 3", "signal 9", "time limit reached".
std::string EndText(const v1::Job& job);
// One line about what became of the money.
std::string BillText(const v1::JobMoney& money);

}  // namespace turnpike
