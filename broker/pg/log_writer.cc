#include "broker/pg/log_writer.h"

#include "broker/core/log_limits.h"
#include "broker/pg/log_rows.h"

namespace turnpike {
namespace {

// $1 the projects of the attempts at hand.
constexpr char kSeeProjects[] = R"sql(
    SELECT set_config('turnpike.projects', $1::uuid[]::text, true)
)sql";

// $1 attempts.
constexpr char kLockWishes[] = R"sql(
    SELECT attempt_id, stream = 'error', stored_end, closed
      FROM log_wish
     WHERE attempt_id = ANY($1)
     ORDER BY attempt_id, stream
       FOR UPDATE
)sql";

// Of two pieces that begin at one byte the longer stays.  $1 attempts, $2 streams, $3 offsets, $4 projects, $5 jobs,
// $6 bytes.
constexpr char kInsertChunks[] = R"sql(
    INSERT INTO log_chunk AS c (attempt_id, stream, chunk_offset, project_id, job_id, bytes)
    SELECT attempt_id, stream, chunk_offset, project_id, job_id, bytes
      FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::uuid[], $5::uuid[], $6::bytea[])
        AS new(attempt_id, stream, chunk_offset, project_id, job_id, bytes)
        ON CONFLICT (attempt_id, stream, chunk_offset) DO UPDATE
       SET bytes = excluded.bytes
     WHERE octet_length(excluded.bytes) > octet_length(c.bytes)
)sql";

// $1 attempts, $2 streams, $3 ends, $4 closed.
constexpr char kUpdateWishes[] = R"sql(
    UPDATE log_wish AS w
       SET stored_end = new.stored_end,
           closed = new.closed
      FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::boolean[]) AS new(attempt_id, stream, stored_end, closed)
     WHERE w.attempt_id = new.attempt_id
       AND w.stream = new.stream
)sql";

// $1 site, $2 bytes.
constexpr char kCountVolume[] = R"sql(
    INSERT INTO log_volume AS v (site_id, hour, bytes)
    VALUES ($1, date_trunc('hour', now(), 'UTC'), $2)
        ON CONFLICT (site_id, hour) DO UPDATE
       SET bytes = v.bytes + $2
 RETURNING bytes
)sql";

}  // namespace

Result<StoredLog> LogWriter::Run() {
  RETURN_IF_ERROR(FindAttempts());
  RETURN_IF_ERROR(LockWishes());
  for (const LogPiece& piece : pieces_) {
    Take(piece);
  }
  RETURN_IF_ERROR(InsertChunks());
  RETURN_IF_ERROR(UpdateWishes());
  RETURN_IF_ERROR(CountVolume());
  return stored_;
}

Status LogWriter::FindAttempts() {
  std::vector<AttemptId> wanted;
  for (const LogPiece& piece : pieces_) {
    wanted.push_back(piece.attempt_id);
  }
  ASSIGN_OR_RETURN(const std::vector<AttemptOwner> owners, FindOwners(tx_, wanted));
  std::vector<ProjectId> projects;
  for (const AttemptOwner& owner : owners) {
    owners_.emplace(owner.attempt_id, owner);
    projects.push_back(owner.project_id);
  }
  for (const AttemptId& attempt_id : wanted) {
    if (!owners_.contains(attempt_id)) {
      return NotFound("this site has no attempt {}", attempt_id.ToString());
    }
  }
  return tx_.Execute(kSeeProjects, Params().IdArray(projects)).status();
}

Status LogWriter::LockWishes() {
  std::vector<AttemptId> attempts;
  for (const auto& [attempt_id, owner] : owners_) {
    attempts.push_back(attempt_id);
  }
  ASSIGN_OR_RETURN(const Rows rows, tx_.Execute(kLockWishes, Params().IdArray(attempts)));
  for (int row = 0; row < rows.size(); ++row) {
    followed_.emplace(StreamKey{rows.Id<AttemptId>(row, 0), rows.Bool(row, 1)},
                      Followed{.stored_end = rows.Int(row, 2), .closed = rows.Bool(row, 3)});
  }
  return OkStatus();
}

void LogWriter::Take(const LogPiece& piece) {
  const StreamKey key{piece.attempt_id, piece.error_stream};
  const auto followed = followed_.find(key);
  if (followed != followed_.end()) {
    TakeFollowed(piece, key, followed->second);
  } else if (!piece.bytes.empty()) {
    Keep({key, piece.offset}, piece.bytes);
  }
}

void LogWriter::TakeFollowed(const LogPiece& piece, const StreamKey& key, Followed& followed) {
  if (piece.bytes.empty()) {
    followed.closed = true;
    followed.changed = true;
    return;
  }
  const int64_t kept =
      followed.stored_end - piece.offset;  // of the piece's bytes; below zero: there is a gap before it
  const auto size = static_cast<int64_t>(piece.bytes.size());
  if (kept < 0) {
    Keep({key, piece.offset}, piece.bytes);
    return;
  }
  if (kept >= size || followed.stored_end >= kFollowedBytesMax + kFollowedBytesOnTheWay) {
    return;
  }
  Keep({key, followed.stored_end}, std::string_view(piece.bytes).substr(static_cast<size_t>(kept)));
  const int64_t end = piece.offset + size;
  stored_.stream_is_full =
      stored_.stream_is_full || (followed.stored_end < kFollowedBytesMax && end >= kFollowedBytesMax);
  followed_bytes_ += size - kept;
  followed.stored_end = end;
  followed.changed = true;
}

void LogWriter::Keep(const ChunkKey& key, std::string_view bytes) {
  std::string_view& kept = chunks_[key];
  kept = bytes.size() > kept.size() ? bytes : kept;
}

Status LogWriter::InsertChunks() {
  if (chunks_.empty()) {
    return OkStatus();
  }
  std::vector<AttemptId> attempts;
  std::vector<std::string_view> streams, bytes;
  std::vector<int64_t> offsets;
  std::vector<ProjectId> projects;
  std::vector<JobId> jobs;
  for (const auto& [key, kept] : chunks_) {
    const AttemptOwner& owner = owners_.at(key.stream.attempt_id);
    attempts.push_back(key.stream.attempt_id);
    streams.push_back(LogStreamName(key.stream.error_stream));
    offsets.push_back(key.offset);
    projects.push_back(owner.project_id);
    jobs.push_back(owner.job_id);
    bytes.push_back(kept);
  }
  Params params;
  params.IdArray(attempts).TextArray(streams).IntArray(offsets).IdArray(projects).IdArray(jobs).BytesArray(bytes);
  return tx_.Execute(kInsertChunks, params).status();
}

Status LogWriter::UpdateWishes() {
  std::vector<AttemptId> attempts;
  std::vector<std::string_view> streams;
  std::vector<int64_t> ends;
  std::vector<bool> closed;
  for (const auto& [key, followed] : followed_) {
    if (followed.changed) {
      attempts.push_back(key.attempt_id);
      streams.push_back(LogStreamName(key.error_stream));
      ends.push_back(followed.stored_end);
      closed.push_back(followed.closed);
    }
  }
  if (attempts.empty()) {
    return OkStatus();
  }
  stored_.followed = attempts;
  Params params;
  params.IdArray(attempts).TextArray(streams).IntArray(ends).BoolArray(closed);
  return tx_.Execute(kUpdateWishes, params).status();
}

Status LogWriter::CountVolume() {
  if (followed_bytes_ == 0) {
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const Rows rows, tx_.Execute(kCountVolume, Params().Id(site_id_).Int(followed_bytes_)));
  const int64_t volume = rows.Int(0, 0);
  stored_.site_is_full = volume >= kSiteBytesPerHourMax && volume - followed_bytes_ < kSiteBytesPerHourMax;
  return OkStatus();
}

}  // namespace turnpike
