#include "adapters/link/log_follower.h"

#include <algorithm>

#include "base/log.h"

namespace turnpike {

// --- On the loop's thread.

void LogFollower::Want(const std::vector<WishedOutput>& wished) {
  for (const WishedOutput& output : wished) {
    WantOne(output.attempt_id, output.wishes);
  }
}

void LogFollower::WantOne(const AttemptId& attempt_id, const std::vector<OutputWish>& wishes) {
  for (const OutputStream which : {OutputStream::kStandardOutput, OutputStream::kStandardError}) {
    const auto wish = std::ranges::find(wishes, which, &OutputWish::stream);
    const auto known = streams_.find({attempt_id, which});
    if (wish != wishes.end()) {
      Stream& stream = streams_[{attempt_id, which}];
      stream.offset = wish->offset;
      stream.next_look = {};
      stream.ended = false;
    } else if (known != streams_.end() && !known->second.finishing) {
      streams_.erase(known);
    }
  }
}

void LogFollower::Forget() {
  std::erase_if(streams_, [](const auto& entry) { return !entry.second.finishing; });
}

bool LogFollower::Finish(const StreamKey& stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) {
    return false;
  }
  found->second.finishing = true;
  const MutexLock lock(mutex_);
  finishing_.insert(stream);
  return true;
}

bool LogFollower::Advance(const AgentRound& round, MonotonicTime now) {
  if (streams_.empty()) {
    return false;
  }
  for (auto entry = streams_.begin(); entry != streams_.end();) {
    const bool is_done = AdvanceOne(round, entry->first, entry->second, now);
    entry = is_done ? streams_.erase(entry) : std::next(entry);
  }
  Publish();
  return true;
}

bool LogFollower::AdvanceOne(const AgentRound& round, const StreamKey& key, Stream& stream, MonotonicTime now) {
  if (stream.ticket != 0 && !sender_.IsDone(stream.ticket)) {
    return false;
  }
  stream.ticket = 0;
  if (stream.ended) {
    return true;
  }
  if (!stream.finishing && now < stream.next_look) {
    return false;
  }
  const uint64_t before = stream.offset;
  std::vector<LogPiece> pieces = ReadBatch(round, key, stream);
  const bool may_have_more = stream.offset - before == settings_.batch_bytes;
  if (!may_have_more) {
    stream.next_look = now + settings_.interval;
    if (stream.finishing) {
      AddEnd(round, key, stream, pieces);
      stream.ended = true;
    }
  }
  if (!pieces.empty()) {
    stream.ticket = sender_.Add(std::move(pieces));
  }
  return false;
}

std::vector<LogPiece> LogFollower::ReadBatch(const AgentRound& round, const StreamKey& key, Stream& stream) const {
  const Result<std::string> bytes =
      round.ReadOutput(key.first, {.stream = key.second, .offset = stream.offset, .bytes_max = settings_.batch_bytes});
  std::vector<LogPiece> pieces;
  if (!bytes.ok()) {
    if (stream.finishing && bytes.status().code() != StatusCode::kNotFound) {
      LogWarn("a job's output cannot be read and is not sent",
              {{"attempt", key.first.ToString()}, {"why", std::string(MessageOf(bytes.status()))}});
    }
    return pieces;
  }
  for (size_t begin = 0; begin < bytes->size(); begin += settings_.piece_bytes) {
    pieces.push_back({.attempt_id = key.first,
                      .stream = key.second,
                      .offset = stream.offset + begin,
                      .bytes = bytes->substr(begin, settings_.piece_bytes)});
  }
  stream.offset += bytes->size();
  return pieces;
}

// The last bytes once more, should some before them have been lost on the way; then an empty piece where it ends.
void LogFollower::AddEnd(const AgentRound& round, const StreamKey& key, const Stream& stream,
                         std::vector<LogPiece>& pieces) const {
  Result<OutputTail> tail = round.ReadOutputTail(key.first, key.second, settings_.piece_bytes);
  if (tail.ok() && !tail->bytes.empty()) {
    pieces.push_back(
        {.attempt_id = key.first, .stream = key.second, .offset = tail->offset, .bytes = std::move(tail->bytes)});
  }
  pieces.push_back({.attempt_id = key.first, .stream = key.second, .offset = stream.offset, .bytes = ""});
}

void LogFollower::Publish() {
  std::set<StreamKey> finishing;
  std::vector<int64_t> tickets;
  std::optional<MonotonicTime> due;
  for (const auto& [key, stream] : streams_) {
    if (stream.finishing) {
      finishing.insert(key);
    }
    if (stream.ticket != 0) {
      tickets.push_back(stream.ticket);
    } else {
      due = std::min(due.value_or(stream.next_look), stream.next_look);
    }
  }
  const MutexLock lock(mutex_);
  finishing_ = std::move(finishing);
  tickets_ = std::move(tickets);
  due_ = due;
  asked_ = false;
}

// --- On the link's thread.

bool LogFollower::TakeDue(MonotonicTime now) {
  std::vector<int64_t> tickets;
  bool due = false;
  {
    const MutexLock lock(mutex_);
    if (asked_) {
      return false;
    }
    tickets = tickets_;
    due = due_ && now >= *due_;
  }
  due = due || std::ranges::any_of(tickets, [this](int64_t ticket) { return sender_.IsDone(ticket); });
  const MutexLock lock(mutex_);
  asked_ = asked_ || due;
  return due;
}

std::optional<MonotonicTime> LogFollower::DueTime() const {
  const MutexLock lock(mutex_);
  return asked_ ? std::nullopt : due_;
}

bool LogFollower::IsFinished(const StreamKey& stream) const {
  const MutexLock lock(mutex_);
  return !finishing_.contains(stream);
}

}  // namespace turnpike
