#pragma once
// Stores the pieces of one SendLog call: of streams that are followed every byte once, up to their limits; of others
// each piece as it comes.  Lives within one transaction; locks the wishes in the order of their key, then the site's
// volume.

#include <map>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/pg/transaction.h"
#include "broker/pg/attempt_rows.h"
#include "broker/ports/link_store.h"

namespace turnpike {

class LogWriter {
 public:
  LogWriter(Transaction& tx, SiteId site_id, const std::vector<LogPiece>& pieces)
      : tx_(tx), site_id_(site_id), pieces_(pieces) {}

  // NOT_FOUND: a piece is of an attempt that the site never had.
  Result<StoredLog> Run();

 private:
  struct StreamKey {
    AttemptId attempt_id;
    bool error_stream = false;
    auto operator<=>(const StreamKey&) const = default;
  };
  struct Followed {
    int64_t stored_end = 0;  // kept without a gap up to here
    bool closed = false;
    bool changed = false;
  };
  struct ChunkKey {
    StreamKey stream;
    int64_t offset = 0;
    auto operator<=>(const ChunkKey&) const = default;
  };

  Status FindAttempts();
  Status LockWishes();
  void Take(const LogPiece& piece);
  void TakeFollowed(const LogPiece& piece, const StreamKey& key, Followed& followed);
  void Keep(const ChunkKey& key, std::string_view bytes);
  Status InsertChunks();
  Status UpdateWishes();
  Status CountVolume();

  Transaction& tx_;
  const SiteId site_id_;
  const std::vector<LogPiece>& pieces_;
  std::map<AttemptId, AttemptOwner> owners_;
  std::map<StreamKey, Followed> followed_;
  std::map<ChunkKey, std::string_view> chunks_;  // bytes of pieces_
  int64_t followed_bytes_ = 0;
  StoredLog stored_;
};

}  // namespace turnpike
