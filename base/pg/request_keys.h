#pragma once
// The table of request keys, inside the transaction of the call itself: first of all locks.  A repeat commits a write
// of its own before it is answered, since an answer from a row that never reached the standby would be a lie.

#include <string>
#include <vector>

#include "base/pg/transaction.h"
#include "base/request_key.h"

namespace turnpike {

struct ClaimedKey {
  Status status;  // INVALID_ARGUMENT (REQUEST_ID_REUSED, REQUEST_ID_TOO_OLD, INVALID_FIELD): the call must not be done
  bool repeated = false;  // the call was done before; `reply` is what was answered
  std::string reply;
};

// How long keys are kept that are UUIDv7; an older one is refused, never taken for new.  Keys of another version tell
// no time: they are kept for some time from their first use (Retention), and then are new again.
constexpr std::chrono::hours kRequestKeyLifetime{24 * 30};
// Clocks differ.  What is later than this would be kept longer than the others, and lie where no partition is yet.
constexpr std::chrono::hours kRequestKeyAheadMax{24};

// One per key, in the order given.  Two equal keys in one call: the second is a repeat of the first without a reply yet
// (ABORTED).
Result<std::vector<ClaimedKey>> ClaimRequestKeys(Transaction& tx, const std::vector<RequestKey>& keys);
Result<ClaimedKey> ClaimRequestKey(Transaction& tx, const RequestKey& key);
// What to answer to a repeat.
Status StoreReplies(Transaction& tx, const std::vector<RequestKey>& keys, const std::vector<std::string>& replies);
Status StoreReply(Transaction& tx, const RequestKey& key, const std::string& reply);
// A refusal stores nothing: the keys are new again.
Status ForgetRequestKeys(Transaction& tx, const std::vector<RequestKey>& keys);

}  // namespace turnpike
