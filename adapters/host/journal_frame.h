#pragma once
// The journal's file, byte by byte: one header, then frames.  Pure: text in, text out.
//
//   header: "TPJOURN1", journal id (16 bytes), number of the first frame (8), hash of the frame before it (32), CRC32C
//   (4) frame:  "TPJ1", body length (4), number (8), hash of the frame before (32), body, CRC32C of all that (4)
// Numbers are little-endian.  A frame's hash is the SHA-256 of its bytes, so that no part can be taken out or put in
// unnoticed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"

namespace turnpike {

struct JournalHeader {
  JournalId id;
  uint64_t first_frame = 1;
  std::string previous_hash = std::string(32, '\0');
};
inline constexpr size_t kJournalHeaderBytes = 8 + 16 + 8 + 32 + 4;

std::string EncodeJournalHeader(const JournalHeader& header);
Result<JournalHeader> DecodeJournalHeader(std::string_view bytes);

std::string EncodeJournalFrame(uint64_t number, std::string_view previous_hash, std::string_view body);
std::string HashOfFrame(std::string_view frame);

struct JournalFrame {
  std::string_view whole;
  std::string_view body;
};
// The frame that begins at the first byte, if it is whole, has this number and follows on that hash.
std::optional<JournalFrame> ReadJournalFrame(std::string_view bytes, uint64_t number, std::string_view previous_hash);
// True where a whole frame, of any number, begins anywhere in `bytes`: then what lies before it is damage, not a torn
// end.
bool HoldsAnyFrame(std::string_view bytes);

}  // namespace turnpike
