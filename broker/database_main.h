#pragma once
// A broker's way to its database at its start: it may come up before the database does, and waits for it.

#include "base/status.h"
#include "broker/broker_parts_main.h"

namespace turnpike {

// Returns once the schema is up to date and the present state is read.  While no server can be used it waits, and says
// so; CANCELLED when it is told to end meanwhile.  Any other error is for a person: a wrong password, a database or a
// role that is not there, a migration that does not fit.
Status AwaitDatabase(BrokerParts& parts);

}  // namespace turnpike
