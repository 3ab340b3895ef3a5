#include "billing/pg/pg_ledger_store.h"

#include "base/byte_codec.h"
#include "base/error_reason.h"
#include "base/pg/request_keys.h"
#include "billing/pg/ledger_rows.h"
#include "billing/pg/ledger_writer.h"

namespace turnpike {
namespace {

// $1 id, $2 name.
constexpr char kInsertProject[] = R"sql(
    INSERT INTO project (project_id, name)
    VALUES ($1, $2)
        ON CONFLICT (name) DO NOTHING
)sql";

// $1 id, $2 project, $3 unit.
constexpr char kInsertAccount[] = R"sql(
    INSERT INTO account (account_id, kind, project_id, unit)
    VALUES ($1, 'project', $2, $3)
)sql";

// The world outside, from which deposits in this unit come.  $1 id, should there be none yet, $2 unit.
constexpr char kInsertExternalAccount[] = R"sql(
    INSERT INTO account (account_id, kind, unit)
    VALUES ($1, 'external', $2)
        ON CONFLICT DO NOTHING
)sql";

// An id is no name of another project: it counts first.  $1 name, $2 id or NULL.
constexpr char kFindProject[] = R"sql(
    SELECT project_id, name, weight::bigint
      FROM project
     WHERE name = $1
        OR project_id = $2
     ORDER BY project_id = $2 DESC NULLS LAST
     LIMIT 1
)sql";

// $1 project, $2 weight.
constexpr char kSetWeight[] = R"sql(
    UPDATE project
       SET weight = $2
     WHERE project_id = $1
)sql";

// $1 project.
constexpr char kFindUnit[] = R"sql(
    SELECT unit
      FROM account
     WHERE kind = 'project'
       AND project_id = $1
)sql";

// $1 unit.
constexpr char kFindExternalAccount[] = R"sql(
    SELECT account_id
      FROM account
     WHERE kind = 'external'
       AND unit = $1
)sql";

// $1 transfer, $2 entry, $3 debit, $4 credit, $5 unit, $6 amount, $7 project, $8 text.
constexpr char kInsertDeposit[] = R"sql(
    INSERT INTO transfer (transfer_id, entry_id, at, kind, debit_account, credit_account, unit, amount_micros, project_id,
                          description)
    VALUES ($1, $2, now(), 'DEPOSIT', $3, $4, $5, $6, $7, $8)
)sql";

// $1 account, $2 amount.
constexpr char kAddToBalance[] = R"sql(
    UPDATE account
       SET balance_micros = balance_micros + $2
     WHERE account_id = $1
)sql";

Status NoSuchProject(std::string_view name_or_id) {
  return WithReason(NotFound("there is no project {}", name_or_id), ErrorReason::kNotFound,
                    {{"project", std::string(name_or_id)}});
}

// A repeat may come with another new id, so the answer holds all of the project.
std::string EncodeReply(const ProjectView& project) {
  return ByteWriter().AnyId(project.project_id).Text(project.name).Text(project.unit).Take();
}
ProjectView DecodeProject(std::string_view reply) {
  ByteReader reader(reply);
  ProjectView project;
  project.project_id = reader.IdOf<ProjectId>();
  project.name = reader.Text();
  project.unit = reader.Text();
  return project;
}

std::string EncodeReply(const TransferKey& transfer) {
  return ByteWriter().AnyId(transfer.transfer_id).Time(transfer.at).Take();
}
TransferKey DecodeTransfer(std::string_view reply) {
  ByteReader reader(reply);
  TransferKey transfer;
  transfer.transfer_id = reader.IdOf<TransferId>();
  transfer.at = reader.Time();
  return transfer;
}

Status InsertProject(Transaction& tx, IdSource& ids, const ProjectView& project) {
  ASSIGN_OR_RETURN(const Rows inserted, tx.Execute(kInsertProject, Params().Id(project.project_id).Text(project.name)));
  if (inserted.affected() == 0) {
    return WithReason(AlreadyExists("another project is called {}; choose another name", project.name),
                      ErrorReason::kAlreadyExists, {{"project", project.name}});
  }
  const Params external = std::move(Params().Id(ids.Random<AccountId>()).Text(project.unit));
  const Params account = std::move(Params().Id(ids.Random<AccountId>()).Id(project.project_id).Text(project.unit));
  const Statement statements[] = {{kInsertExternalAccount, &external}, {kInsertAccount, &account}};
  return tx.ExecuteAll(statements).status();
}

// The books of a deposit, the project's locked.
Result<TransferLegs> LockLegs(Transaction& tx, IdSource& ids, const DepositOrder& order) {
  ASSIGN_OR_RETURN(const auto accounts, LedgerWriter(tx, ids).LockAccounts({order.project_id}));
  const auto found = accounts.find(order.project_id);
  if (found == accounts.end()) {
    return NoSuchProject(order.project_id.ToString());
  }
  const LockedAccount& account = found->second;
  RETURN_IF_ERROR(Add({account.balance_micros, account.unit}, {order.amount_micros, account.unit}).status());
  ASSIGN_OR_RETURN(const Rows external, tx.Execute(kFindExternalAccount, Params().Text(account.unit)));
  if (external.empty()) {
    return Internal("the ledger has no external account in {}", account.unit);
  }
  return TransferLegs{.debit = {.id = external.Id<AccountId>(0, 0), .unit = account.unit},
                      .credit = {.id = account.account_id, .unit = account.unit}};
}

Result<TransferKey> WriteDeposit(Transaction& tx, IdSource& ids, const DepositOrder& order) {
  ASSIGN_OR_RETURN(const TransferLegs legs, LockLegs(tx, ids, order));
  ASSIGN_OR_RETURN(const Transfer transfer, Transfer::Make(legs, {order.amount_micros, legs.credit.unit}));
  const TransferKey key{.transfer_id = ids.TimeOrdered<TransferId>(), .at = tx.now()};
  const Money& amount = transfer.amount();
  Params insert;
  insert.Id(key.transfer_id).Id(ids.TimeOrdered<EntryId>());
  insert.Id(transfer.debit_account_id()).Id(transfer.credit_account_id());
  insert.Text(amount.unit).Int(amount.micros).Id(order.project_id).Text(order.description);
  const Params add = std::move(Params().Id(transfer.credit_account_id()).Int(amount.micros));
  const Statement statements[] = {{kInsertDeposit, &insert}, {kAddToBalance, &add}};
  RETURN_IF_ERROR(tx.ExecuteAll(statements).status());
  return key;
}

}  // namespace

Result<ProjectView> PgLedgerStore::CreateProject(const RequestKey& key, const ProjectView& project) {
  ProjectView created;
  const TransactionSettings settings{.projects = {key.project_id, project.project_id}};
  const Status done = transactions_.Run(settings, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const ClaimedKey claim, ClaimRequestKey(tx, key));
    RETURN_IF_ERROR(claim.status);
    if (claim.repeated) {
      created = DecodeProject(claim.reply);
      return OkStatus();
    }
    RETURN_IF_ERROR(InsertProject(tx, ids_, project));
    created = project;
    return StoreReply(tx, key, EncodeReply(project));
  });
  RETURN_IF_ERROR(done);
  return created;
}

// Two steps, since a project's account is seen only by transactions of that project.  Projects keep name and unit for
// ever.
Result<ProjectView> PgLedgerStore::FindProject(std::string_view name_or_id) {
  ProjectView project;
  const Status found = transactions_.Run({.read_only = true}, [&](Transaction& tx) -> Status {
    const Params params = std::move(Params().Text(name_or_id).OptionalId(ProjectId::Parse(name_or_id)));
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kFindProject, params));
    if (rows.empty()) {
      return NoSuchProject(name_or_id);
    }
    project.project_id = rows.Id<ProjectId>(0, 0);
    project.name = rows.Text(0, 1);
    project.weight = static_cast<int32_t>(rows.Int(0, 2));
    return OkStatus();
  });
  RETURN_IF_ERROR(found);
  const TransactionSettings settings{.projects = {project.project_id}, .read_only = true};
  const Status done = transactions_.Run(settings, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const Rows rows, tx.Execute(kFindUnit, Params().Id(project.project_id)));
    if (rows.empty()) {
      return Internal("project {} has no account", project.name);
    }
    project.unit = rows.Text(0, 0);
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return project;
}

Result<ProjectView> PgLedgerStore::SetWeight(ProjectId project_id, int32_t weight) {
  RETURN_IF_ERROR(transactions_.Run({}, [&](Transaction& tx) -> Status {
    return tx.Execute(kSetWeight, Params().Id(project_id).Int(weight)).status();
  }));
  return FindProject(project_id.ToString());
}

Result<TransferView> PgLedgerStore::Deposit(const DepositOrder& order) {
  TransferView deposit;
  const TransactionSettings settings{.projects = {order.key.project_id, order.project_id}};
  const Status done = transactions_.Run(settings, [&](Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(const ClaimedKey claim, ClaimRequestKey(tx, order.key));
    RETURN_IF_ERROR(claim.status);
    TransferKey transfer;
    if (claim.repeated) {
      transfer = DecodeTransfer(claim.reply);
    } else {
      ASSIGN_OR_RETURN(transfer, WriteDeposit(tx, ids_, order));
      RETURN_IF_ERROR(StoreReply(tx, order.key, EncodeReply(transfer)));
    }
    ASSIGN_OR_RETURN(deposit, ReadTransfer(tx, transfer));
    return OkStatus();
  });
  RETURN_IF_ERROR(done);
  return deposit;
}

}  // namespace turnpike
