#pragma once
// The records that the wrapper leaves: text, a line per value, the last line a checksum (POSIX cksum) that detects
// damage.  It does not detect forgery: the wrapper runs as the job's own user.

#include <cstdint>
#include <string_view>

#include "adapters/core/evidence.h"
#include "base/status.h"

namespace turnpike {

// DATA_LOSS: cut off or damaged; INVALID_ARGUMENT: whole, but of another attempt or with values that make no sense.
Result<StartRecord> ParseStartRecord(std::string_view text, std::string_view tag);
Result<ExitRecord> ParseExitRecord(std::string_view text, std::string_view tag);

// The CRC that the POSIX tool cksum prints.
uint32_t PosixCksum(std::string_view bytes);

}  // namespace turnpike
