#include "base/pg/request_keys.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "base/error_reason.h"
#include "base/failpoint.h"

namespace turnpike {
namespace {

using KeyName = std::tuple<ProjectId, std::string, RequestId>;

KeyName NameOf(const RequestKey& key) {
  return {key.project_id, key.method, key.request_id};
}

// Two transactions with one key: the second waits here for the first.  $1 projects, $2 methods, $3 keys, $4 hashes, in
// key order.
constexpr char kInsertKeys[] = R"sql(
    INSERT INTO request_key (project_id, method, key, request_hash)
    SELECT project_id, method, key, request_hash
      FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bytea[]) AS new(project_id, method, key, request_hash)
        ON CONFLICT DO NOTHING
 RETURNING project_id, method, key
)sql";

// $1 projects, $2 methods, $3 keys.
constexpr char kTouchKeys[] = R"sql(
    UPDATE request_key AS k
       SET repeats = k.repeats + 1
      FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS old(project_id, method, key)
     WHERE k.project_id = old.project_id
       AND k.method = old.method
       AND k.key = old.key
 RETURNING k.project_id, k.method, k.key, k.request_hash, k.reply
)sql";

// $1 projects, $2 methods, $3 keys, $4 replies.
constexpr char kStoreReplies[] = R"sql(
    UPDATE request_key AS k
       SET reply = new.reply
      FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bytea[]) AS new(project_id, method, key, reply)
     WHERE k.project_id = new.project_id
       AND k.method = new.method
       AND k.key = new.key
)sql";

// $1 projects, $2 methods, $3 keys.
constexpr char kForgetKeys[] = R"sql(
    DELETE FROM request_key AS k
     USING unnest($1::uuid[], $2::text[], $3::uuid[]) AS old(project_id, method, key)
     WHERE k.project_id = old.project_id
       AND k.method = old.method
       AND k.key = old.key
)sql";

struct KeyColumns {
  std::vector<ProjectId> projects;
  std::vector<std::string> methods;
  std::vector<RequestId> keys;

  void Add(const RequestKey& key) {
    projects.push_back(key.project_id);
    methods.push_back(key.method);
    keys.push_back(key.request_id);
  }
  Params Bind() const { return std::move(Params().IdArray(projects).TextArray(methods).IdArray(keys)); }
};

KeyColumns ColumnsOf(const std::vector<RequestKey>& keys) {
  KeyColumns columns;
  for (const RequestKey& key : keys) {
    columns.Add(key);
  }
  return columns;
}

Status TooOld(const RequestKey& key) {
  return WithReason(
      InvalidArgument("request_id {} is older than the {} days for which such ids are kept; take a new one",
                      key.request_id.ToString(), kRequestKeyLifetime / std::chrono::hours(24)),
      ErrorReason::kRequestIdTooOld, {{"request_id", key.request_id.ToString()}});
}

Status Reused(const RequestKey& key) {
  return WithReason(InvalidArgument("request_id {} was used for another {} request; take a new one for a new request",
                                    key.request_id.ToString(), key.method),
                    ErrorReason::kRequestIdReused, {{"request_id", key.request_id.ToString()}});
}

ClaimedKey RepeatOf(const RequestKey& key, const Rows& rows, int row) {
  if (rows.Bytes(row, 3) != AsBytes(key.request_hash)) {
    return {.status = Reused(key), .repeated = false, .reply = {}};
  }
  return {.status = OkStatus(), .repeated = true, .reply = rows.OptionalBytes(row, 4).value_or("")};
}

}  // namespace

Result<std::vector<ClaimedKey>> ClaimRequestKeys(Transaction& tx, const std::vector<RequestKey>& keys) {
  std::vector<ClaimedKey> claims(keys.size());
  std::vector<size_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](size_t i) { return NameOf(keys[i]); });

  KeyColumns columns;
  std::vector<std::string> hashes;
  std::map<KeyName, size_t> waiting;  // keys that nothing is known of yet
  for (const size_t i : order) {
    const std::optional<Timestamp> made = TimeOf(keys[i].request_id.uuid());
    if (made && *made + kRequestKeyLifetime < tx.now()) {
      claims[i].status = TooOld(keys[i]);
    } else if (!waiting.emplace(NameOf(keys[i]), i).second) {
      claims[i].status =
          Aborted("request_id {} is in use by another call right now; try again", keys[i].request_id.ToString());
    } else {
      columns.Add(keys[i]);
      hashes.emplace_back(AsBytes(keys[i].request_hash));
    }
  }
  if (TURNPIKE_RULE_IS_BROKEN("request_key.repeat")) {
    return claims;
  }
  ASSIGN_OR_RETURN(const Rows inserted, tx.Execute(kInsertKeys, columns.Bind().BytesArray(hashes)));
  for (int row = 0; row < inserted.size(); ++row) {
    waiting.erase({inserted.Id<ProjectId>(row, 0), std::string(inserted.Text(row, 1)), inserted.Id<RequestId>(row, 2)});
  }
  if (waiting.empty()) {
    return claims;
  }
  KeyColumns old;
  for (const auto& [name, i] : waiting) {
    old.Add(keys[i]);
  }
  ASSIGN_OR_RETURN(const Rows touched, tx.Execute(kTouchKeys, old.Bind()));
  for (int row = 0; row < touched.size(); ++row) {
    const size_t i =
        waiting.at({touched.Id<ProjectId>(row, 0), std::string(touched.Text(row, 1)), touched.Id<RequestId>(row, 2)});
    claims[i] = RepeatOf(keys[i], touched, row);
  }
  return claims;
}

Result<ClaimedKey> ClaimRequestKey(Transaction& tx, const RequestKey& key) {
  ASSIGN_OR_RETURN(std::vector<ClaimedKey> claims, ClaimRequestKeys(tx, {key}));
  return std::move(claims.front());
}

Status StoreReplies(Transaction& tx, const std::vector<RequestKey>& keys, const std::vector<std::string>& replies) {
  return tx.Execute(kStoreReplies, ColumnsOf(keys).Bind().BytesArray(replies)).status();
}

Status StoreReply(Transaction& tx, const RequestKey& key, const std::string& reply) {
  return StoreReplies(tx, {key}, {reply});
}

Status ForgetRequestKeys(Transaction& tx, const std::vector<RequestKey>& keys) {
  return tx.Execute(kForgetKeys, ColumnsOf(keys).Bind()).status();
}

}  // namespace turnpike
