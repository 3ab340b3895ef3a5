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

// One key a statement, all in one round trip.  Joined with an array of keys, a month's partition that nobody has
// analyzed yet is read for all keys of the project: its index begins with the project, and so does row-level security.
// After a minute of submissions that took longer than everything else together.
//
// $1 project, $2 method, $3 key.
constexpr char kTouchKey[] = R"sql(
    UPDATE request_key
       SET repeats = repeats + 1
     WHERE project_id = $1
       AND method = $2
       AND key = $3
 RETURNING request_hash, reply
)sql";

// $1 project, $2 method, $3 key, $4 reply.
constexpr char kStoreReply[] = R"sql(
    UPDATE request_key
       SET reply = $4
     WHERE project_id = $1
       AND method = $2
       AND key = $3
)sql";

// $1 project, $2 method, $3 key.
constexpr char kForgetKey[] = R"sql(
    DELETE FROM request_key
     WHERE project_id = $1
       AND method = $2
       AND key = $3
)sql";

Params ParamsOf(const RequestKey& key) {
  return std::move(Params().Id(key.project_id).Text(key.method).Id(key.request_id));
}

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

Status TooOld(const RequestKey& key) {
  return WithReason(
      InvalidArgument("request_id {} is older than the {} days for which such ids are kept; take a new one",
                      key.request_id.ToString(), kRequestKeyLifetime / std::chrono::hours(24)),
      ErrorReason::kRequestIdTooOld, {{"request_id", key.request_id.ToString()}});
}

Status TooNew(const RequestKey& key) {
  FieldViolations violations;
  violations.Add("request_id",
                 fmt::format("{} was made more than a day from now; is the clock of the machine that made "
                             "it right? Set it, and take a new id",
                             key.request_id.ToString()));
  return violations.ToStatus();
}

Status Reused(const RequestKey& key) {
  return WithReason(InvalidArgument("request_id {} was used for another {} request; take a new one for a new request",
                                    key.request_id.ToString(), key.method),
                    ErrorReason::kRequestIdReused, {{"request_id", key.request_id.ToString()}});
}

ClaimedKey RepeatOf(const RequestKey& key, const Rows& rows) {
  if (rows.Bytes(0, 0) != AsBytes(key.request_hash)) {
    return {.status = Reused(key), .repeated = false, .reply = {}};
  }
  return {.status = OkStatus(), .repeated = true, .reply = rows.OptionalBytes(0, 1).value_or("")};
}

// A key that is not found any more is left as it is: its other call took it back.
Status TouchKeys(Transaction& tx, const std::vector<RequestKey>& keys, const std::vector<size_t>& known,
                 std::vector<ClaimedKey>& claims) {
  std::vector<Rows> touched(known.size());
  for (size_t i = 0; i < known.size(); ++i) {
    tx.Defer(kTouchKey, ParamsOf(keys[known[i]]), &touched[i]);
  }
  RETURN_IF_ERROR(tx.Flush());
  for (size_t i = 0; i < known.size(); ++i) {
    if (!touched[i].empty()) {
      claims[known[i]] = RepeatOf(keys[known[i]], touched[i]);
    }
  }
  return OkStatus();
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
    } else if (made && *made > tx.now() + kRequestKeyAheadMax) {
      claims[i].status = TooNew(keys[i]);
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
  std::vector<size_t> known;
  for (const auto& [name, i] : waiting) {
    known.push_back(i);
  }
  RETURN_IF_ERROR(TouchKeys(tx, keys, known, claims));
  return claims;
}

Result<ClaimedKey> ClaimRequestKey(Transaction& tx, const RequestKey& key) {
  ASSIGN_OR_RETURN(std::vector<ClaimedKey> claims, ClaimRequestKeys(tx, {key}));
  return std::move(claims.front());
}

Status StoreReplies(Transaction& tx, const std::vector<RequestKey>& keys, const std::vector<std::string>& replies) {
  for (size_t i = 0; i < keys.size(); ++i) {
    tx.Defer(kStoreReply, std::move(ParamsOf(keys[i]).Bytes(replies[i])));
  }
  return tx.Flush();
}

Status StoreReply(Transaction& tx, const RequestKey& key, const std::string& reply) {
  return StoreReplies(tx, {key}, {reply});
}

Status ForgetRequestKeys(Transaction& tx, const std::vector<RequestKey>& keys) {
  for (const RequestKey& key : keys) {
    tx.Defer(kForgetKey, ParamsOf(key));
  }
  return tx.Flush();
}

}  // namespace turnpike
