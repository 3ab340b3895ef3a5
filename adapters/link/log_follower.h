#pragma once
// Sends what running jobs write to whoever reads along: looks at each wished stream every quarter of a second and hands
// what is new to the LogSender, a bounded piece at a time, so that output never holds up a report.  When a program is
// over it sends the rest, the last bytes, and where the stream ends.
//
// The agent's loop calls it after its steps; the link's thread asks whether a step is due.

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "adapters/host/agent_round.h"
#include "adapters/link/log_sender.h"
#include "base/mutex.h"
#include "base/time.h"

namespace turnpike {

struct OutputWish {
  OutputStream stream = OutputStream::kStandardOutput;
  uint64_t offset = 0;  // the broker has what is before it
};

struct WishedOutput {
  AttemptId attempt_id;
  std::vector<OutputWish> wishes;  // none: nobody reads along
};

class LogFollower {
 public:
  struct Settings {
    size_t piece_bytes = 64U << 10U;
    size_t batch_bytes = 1U << 20U;           // of one stream on its way at once
    std::chrono::milliseconds interval{250};  // between two looks at a stream that had no more
  };
  using StreamKey = std::pair<AttemptId, OutputStream>;

  LogFollower(LogSender& sender, Settings settings) : sender_(sender), settings_(settings) {}

  // --- On the loop's thread.
  // Instead of what was wished of these attempts before; their streams go on at these places.
  void Want(const std::vector<WishedOutput>& wished);
  // The session is gone: its wishes come again with the next one.  What is over is still sent to its end.
  void Forget();
  // The program has ended: the rest goes now.  False: nobody follows this stream.
  bool Finish(const StreamKey& stream) EXCLUDES(mutex_);
  // True: DueTime or IsFinished may answer otherwise now.
  bool Advance(const AgentRound& round, MonotonicTime now) EXCLUDES(mutex_);

  // --- On the link's thread.
  // A step of the loop has something to do here; true once until the next Advance.
  bool TakeDue(MonotonicTime now) EXCLUDES(mutex_);
  // When that is so at the latest; nullopt: nobody follows anything.  The LogSender's progress may make it earlier.
  std::optional<MonotonicTime> DueTime() const EXCLUDES(mutex_);
  // Sent to its end, or given up.
  bool IsFinished(const StreamKey& stream) const EXCLUDES(mutex_);

 private:
  struct Stream {
    uint64_t offset = 0;  // the next byte to read
    int64_t ticket = 0;   // of what is on its way; 0: nothing
    MonotonicTime next_look{};
    bool finishing = false;
    bool ended = false;  // all of it is on its way
  };

  void WantOne(const AttemptId& attempt_id, const std::vector<OutputWish>& wishes);
  // True: the stream is done with.
  bool AdvanceOne(const AgentRound& round, const StreamKey& key, Stream& stream, MonotonicTime now);
  std::vector<LogPiece> ReadBatch(const AgentRound& round, const StreamKey& key, Stream& stream) const;
  void AddEnd(const AgentRound& round, const StreamKey& key, const Stream& stream, std::vector<LogPiece>& pieces) const;
  void Publish() EXCLUDES(mutex_);

  LogSender& sender_;
  const Settings settings_;
  std::map<StreamKey, Stream> streams_;  // of the loop's thread alone

  mutable Mutex mutex_;
  std::set<StreamKey> finishing_ GUARDED_BY(mutex_);
  std::vector<int64_t> tickets_ GUARDED_BY(mutex_);  // after each of these there may be more to send at once
  std::optional<MonotonicTime> due_ GUARDED_BY(mutex_);
  bool asked_ GUARDED_BY(mutex_) = false;
};

}  // namespace turnpike
