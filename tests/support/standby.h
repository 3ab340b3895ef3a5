#pragma once
// A standby of a private PostgreSQL: a copy that follows it by streaming replication and can be promoted.

#include "broker/embedded/private_postgres.h"

namespace turnpike {

// Copies the server whose socket lies in `primary_socket_folder` into `settings.folder` and starts it as its standby. A
// database that lies there, such as an old primary's, is ended and removed first.
Result<PrivatePostgres> StartStandby(const std::string& primary_socket_folder, const PrivatePostgresSettings& settings);

}  // namespace turnpike
