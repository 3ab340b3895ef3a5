#pragma once
// A port of the loopback address for a program that a test starts.

#include "base/random.h"

namespace turnpike {

// Free at this moment, and not one that the kernel gives to outgoing connections: nobody takes it while the program is
// away.
int FindFreePort(RandomSource& random);

}  // namespace turnpike
