#include "adapters/host/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "adapters/host/journal_frame.h"
#include "adapters/host/record_codec.h"
#include "base/byte_codec.h"
#include "base/errno_status.h"
#include "base/failpoint.h"
#include "base/file_sync.h"
#include "base/log.h"

namespace turnpike {
namespace {

constexpr unsigned kFolderMode = 0700;
constexpr unsigned kFileMode = 0600;
constexpr size_t kFileBytesMax = size_t{4} << 30U;
// A rewrite pays when at least this part of the file is dead.
constexpr int64_t kDeadFactor = 2;

Status PassSyncFailpoint() {
  TURNPIKE_FAILPOINT_STATUS("journal.sync");
  return OkStatus();
}

}  // namespace

void JournalBatch::PutAttempt(const AttemptRecord& record) {
  entries_.push_back({JournalEntryKind::kAttempt, EncodeAttempt(record)});
}
void JournalBatch::PutOrder(const AttemptId& attempt_id, std::string_view order) {
  entries_.push_back({JournalEntryKind::kOrder, ByteWriter().AnyId(attempt_id).Text(order).Take()});
}
void JournalBatch::AddReport(JobReport report) {
  reports_.push_back(std::move(report));
}
void JournalBatch::Acknowledge(int64_t seq) {
  entries_.push_back({JournalEntryKind::kAcknowledge, ByteWriter().Int(seq).Take()});
}
void JournalBatch::SetEpoch(int64_t epoch) {
  entries_.push_back({JournalEntryKind::kEpoch, ByteWriter().Int(epoch).Take()});
}
void JournalBatch::SetBoot(const std::string& boot_id) {
  entries_.push_back({JournalEntryKind::kBoot, boot_id});
}
void JournalBatch::Forget(const AttemptId& attempt_id, const std::optional<JobReport>& ending) {
  entries_.push_back({JournalEntryKind::kForget, ByteWriter().AnyId(attempt_id).Take()});
  if (ending) {
    entries_.push_back({JournalEntryKind::kEnding, EncodeReport(*ending)});
  }
}

Result<std::unique_ptr<Journal>> Journal::Open(const JournalOptions& options, IdSource& ids) {
  RETURN_IF_ERROR(MakeFolders(options.folder, kFolderMode));
  std::unique_ptr<Journal> journal(new Journal(options));
  RETURN_IF_ERROR(journal->TakeLock());
  const Result<std::string> bytes = ReadFile(journal->FilePath(), kFileBytesMax);
  if (bytes.status().code() == StatusCode::kNotFound) {
    RETURN_IF_ERROR(journal->StartNew(ids));
  } else if (!bytes.ok()) {
    return bytes.status();
  } else {
    RETURN_IF_ERROR(journal->Load(*bytes));
  }
  RETURN_IF_ERROR(journal->OpenForAppend());
  return journal;
}

Status Journal::TakeLock() {
  const std::string path = options_.folder + "/journal.lock";
  lock_ = FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kFileMode));
  if (!lock_.is_open()) {
    return ErrnoStatus(errno, "cannot open {}", path);
  }
  if (::flock(lock_.number(), LOCK_EX | LOCK_NB) != 0) {
    return FailedPrecondition("another agent is running with the journal in {}; stop it first", options_.folder);
  }
  return OkStatus();
}

Status Journal::StartNew(IdSource& ids) {
  const JournalHeader header{.id = ids.Random<JournalId>()};
  state_.id = header.id;
  previous_hash_ = header.previous_hash;
  RETURN_IF_ERROR(WriteFileAtomically(FilePath(), EncodeJournalHeader(header), kFileMode));
  file_bytes_ = kJournalHeaderBytes;
  return OkStatus();
}

Status Journal::Load(std::string_view bytes) {
  ASSIGN_OR_RETURN(const JournalHeader header, DecodeJournalHeader(bytes));
  state_.id = header.id;
  next_frame_ = header.first_frame;
  previous_hash_ = header.previous_hash;
  size_t at = kJournalHeaderBytes;
  while (const std::optional<JournalFrame> frame = ReadJournalFrame(bytes.substr(at), next_frame_, previous_hash_)) {
    RETURN_IF_ERROR(ApplyBody(frame->body));
    previous_hash_ = HashOfFrame(frame->whole);
    ++next_frame_;
    at += frame->whole.size();
  }
  if (HoldsAnyFrame(bytes.substr(at))) {
    return DataLoss(
        "the journal {} is damaged at byte {}, before its end; the agent does not start with it. Move it away to "
        "start with an empty one: the agent then looks everything up in the scheduler",
        FilePath(), at);
  }
  if (at < bytes.size()) {
    LogWarn("the journal's last entry was cut off and is dropped",
            {{"file", FilePath()}, {"bytes", std::to_string(bytes.size() - at)}});
  }
  file_bytes_ = static_cast<int64_t>(at);
  return OkStatus();
}

Status Journal::ApplyBody(std::string_view body) {
  ASSIGN_OR_RETURN(const std::vector<JournalEntry> entries, DecodeJournalEntries(body));
  for (const JournalEntry& entry : entries) {
    RETURN_IF_ERROR(ApplyJournalEntry(entry, options_.endings_max, state_));
  }
  return OkStatus();
}

Status Journal::OpenForAppend() {
  file_ = FileDescriptor(::open(FilePath().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!file_.is_open()) {
    return ErrnoStatus(errno, "cannot open the journal {}", FilePath());
  }
  if (::ftruncate(file_.number(), file_bytes_) != 0 || ::fsync(file_.number()) != 0) {
    return DataLoss("cannot cut the journal {} to its good part: {}", FilePath(),
                    std::string(::strerrordesc_np(errno)));
  }
  reserved_until_ = 0;
  CheckRoom();
  return OkStatus();
}

void Journal::CheckRoom() {
  if (file_bytes_ + options_.reserve_bytes / 2 <= reserved_until_) {
    return;
  }
  if (::fallocate(file_.number(), FALLOC_FL_KEEP_SIZE, file_bytes_, options_.reserve_bytes) == 0) {
    reserved_until_ = file_bytes_ + options_.reserve_bytes;
    has_room_ = true;
  } else if (errno == ENOSPC || errno == EDQUOT) {
    if (has_room_) {
      LogError("the disk of the journal is full, no new work is taken", {{"folder", options_.folder}});
    }
    has_room_ = false;
  }  // Other errors: a file system that cannot reserve.
}

Status Journal::Commit(const JournalBatch& batch) {
  if (broken_) {
    return DataLoss("the journal {} failed before", FilePath());
  }
  if (batch.empty()) {
    return OkStatus();
  }
  std::vector<JournalEntry> entries = batch.entries_;
  int64_t seq = state_.report_seq;
  for (JobReport report : batch.reports_) {
    report.seq = ++seq;
    entries.push_back({JournalEntryKind::kReport, EncodeReport(report)});
  }
  const std::string frame = EncodeJournalFrame(next_frame_, previous_hash_, EncodeJournalEntries(entries));
  const auto begun = std::chrono::steady_clock::now();
  RETURN_IF_ERROR(Append(frame));
  if (options_.on_sync) {
    options_.on_sync(static_cast<int64_t>(frame.size()), std::chrono::steady_clock::now() - begun);
  }
  previous_hash_ = HashOfFrame(frame);
  ++next_frame_;
  for (const JournalEntry& entry : entries) {
    RETURN_IF_ERROR(ApplyJournalEntry(entry, options_.endings_max, state_));
  }
  CheckRoom();
  if (file_bytes_ > options_.compact_bytes && file_bytes_ > kDeadFactor * compacted_bytes_) {
    return Compact();
  }
  return OkStatus();
}

Status Journal::Append(const std::string& frame) {
  size_t done = 0;
  while (done < frame.size()) {
    const ssize_t written = ::pwrite(file_.number(), frame.data() + done, frame.size() - done,
                                     static_cast<off_t>(file_bytes_ + static_cast<int64_t>(done)));
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      const int error = errno;
      broken_ = ::ftruncate(file_.number(), file_bytes_) != 0;
      if (!broken_ && (error == ENOSPC || error == EDQUOT)) {
        has_room_ = false;
        reserved_until_ = 0;
        return ResourceExhausted("the disk of the journal {} is full", FilePath());
      }
      broken_ = true;
      return DataLoss("cannot write the journal {}: {}", FilePath(), std::string(::strerrordesc_np(error)));
    }
    done += static_cast<size_t>(written);
  }
  const Status failpoint = PassSyncFailpoint();
  if (!failpoint.ok() || ::fdatasync(file_.number()) != 0) {
    // After a failed sync nobody knows what is on disk: the kernel may have dropped the pages.
    broken_ = true;
    return DataLoss("cannot sync the journal {}: {}", FilePath(),
                    failpoint.ok() ? std::string(::strerrordesc_np(errno)) : std::string(MessageOf(failpoint)));
  }
  file_bytes_ += static_cast<int64_t>(frame.size());
  return OkStatus();
}

bool Journal::IsAtItsPath() const {
  struct stat own {};
  struct stat there {};
  return ::fstat(file_.number(), &own) == 0 && ::lstat(FilePath().c_str(), &there) == 0 && own.st_dev == there.st_dev &&
         own.st_ino == there.st_ino;
}

Status Journal::Compact() {
  const JournalHeader header{.id = state_.id, .first_frame = next_frame_, .previous_hash = previous_hash_};
  const std::string frame = EncodeJournalFrame(next_frame_, previous_hash_, EncodeJournalEntries(EntriesOf(state_)));
  const std::string bytes = EncodeJournalHeader(header) + frame;
  const Status written = WriteFileAtomically(FilePath(), bytes, kFileMode);
  if (!written.ok() && !IsAtItsPath()) {
    broken_ = true;  // What is appended to the old file would be lost with it.
    return DataLoss("the journal {} was rewritten, and nobody knows whether that is on disk: {}", FilePath(),
                    MessageOf(written));
  }
  if (!written.ok()) {
    compacted_bytes_ = file_bytes_;  // Not tried again before it has grown a lot.
    LogWarn("the journal could not be rewritten, it goes on growing", {{"why", std::string(MessageOf(written))}});
    return OkStatus();
  }
  previous_hash_ = HashOfFrame(frame);
  ++next_frame_;
  file_bytes_ = static_cast<int64_t>(bytes.size());
  compacted_bytes_ = file_bytes_;
  const Status opened = OpenForAppend();
  broken_ = !opened.ok();
  return opened.ok() ? OkStatus() : DataLoss("cannot go on with the rewritten journal: {}", MessageOf(opened));
}

}  // namespace turnpike
