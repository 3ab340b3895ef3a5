#pragma once
// What gRPC itself has to say, as lines of our log.

namespace turnpike {

// Once, at the start of a main, before gRPC starts.  Its errors become warnings (most are handshakes of strangers), the
// rest debug.
void RouteGrpcLog();

}  // namespace turnpike
