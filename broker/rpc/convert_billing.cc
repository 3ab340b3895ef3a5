#include "broker/rpc/convert_billing.h"

#include "base/grpc/valid_utf8.h"
#include "broker/rpc/convert_time.h"

namespace turnpike {
namespace {

static_assert(static_cast<int>(AccountKind::kExternal) + 1 == v1::Account::KIND_EXTERNAL);
static_assert(static_cast<int>(TransferKind::kAdjustment) + 1 == v1::Transfer::KIND_ADJUSTMENT);

}  // namespace

v1::Account ToProto(const AccountView& account) {
  v1::Account out;
  out.set_account_id(account.account_id.ToString());
  out.set_kind(static_cast<v1::Account::Kind>(static_cast<int>(account.kind) + 1));
  out.set_owner(account.owner);
  out.set_unit(account.unit);
  out.set_balance(FormatMicros(account.balance_micros));
  out.set_held(FormatMicros(account.held_micros));
  out.set_available(FormatMicros(account.available_micros()));
  return out;
}

v1::Transfer ToProto(const TransferView& transfer) {
  v1::Transfer out;
  out.set_transfer_id(transfer.transfer_id.ToString());
  out.set_entry_id(transfer.entry_id.ToString());
  out.set_kind(static_cast<v1::Transfer::Kind>(static_cast<int>(transfer.kind) + 1));
  out.set_debit_account_id(transfer.debit_account.ToString());
  out.set_credit_account_id(transfer.credit_account.ToString());
  out.set_amount(FormatMicros(transfer.amount.micros));
  out.set_unit(transfer.amount.unit);
  *out.mutable_time() = ToProto(transfer.at);
  out.set_job_id(transfer.job_id ? transfer.job_id->ToString() : "");
  out.set_description(ValidUtf8(transfer.description));
  return out;
}

v1::UsageRecord ToProto(const UsageView& usage) {
  v1::UsageRecord out;
  out.set_job_id(usage.job_id.ToString());
  out.set_attempt_id(usage.attempt_id.ToString());
  out.set_site(usage.site_name);
  out.set_share(ValidUtf8(usage.share));
  out.set_local_job_id(ValidUtf8(usage.local_job_id));
  if (usage.started_at) {
    *out.mutable_start_time() = ToProto(*usage.started_at);
  }
  *out.mutable_end_time() = ToProto(usage.ended_at);
  out.set_node_seconds(usage.used.node_seconds);
  out.set_core_seconds(usage.used.core_seconds);
  out.set_accelerator_seconds(usage.used.accelerator_seconds);
  out.set_memory_mib_seconds(usage.used.memory_mib_seconds);
  out.set_charged(FormatMicros(usage.charged.micros));
  out.set_unit(usage.charged.unit);
  out.set_price_book_version(usage.price_version);
  out.set_formula(ValidUtf8(usage.formula));
  out.set_provisional(usage.provisional);
  return out;
}

v1::Project ToProto(const ProjectView& project) {
  v1::Project out;
  out.set_project_id(project.project_id.ToString());
  out.set_name(project.name);
  out.set_unit(project.unit);
  out.set_weight(project.weight);
  return out;
}

}  // namespace turnpike
