#pragma once
// Accounts, transfers and usage between the contract and the core.

#include "billing/ports/ledger_store.h"
#include "turnpike/v1/billing.pb.h"

namespace turnpike {

v1::Account ToProto(const AccountView& account);
v1::Transfer ToProto(const TransferView& transfer);
v1::UsageRecord ToProto(const UsageView& usage);
v1::Project ToProto(const ProjectView& project);

}  // namespace turnpike
