#pragma once
// What the parts of Connection share: the server's messages in libpq's hands, and waiting for a socket.

#include <chrono>
#include <string_view>

#include "base/pg/sql_status.h"

struct pg_result;

namespace turnpike {

// nullptr gives an empty message.
ServerMessage MessageFrom(const pg_result* result);
// FATAL and PANIC: the server has closed the session.
bool EndsSession(const ServerMessage& message);
// Without the line feed that ends libpq's messages.
std::string_view Trimmed(std::string_view text);
// For poll(): rounded up, 0 once the deadline has passed.
int MillisecondsUntil(std::chrono::steady_clock::time_point deadline);

}  // namespace turnpike
