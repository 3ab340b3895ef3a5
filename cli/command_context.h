#pragma once
// What a command may use.  Made by the main; tests make it over a fake connection.  One thread.

#include <functional>
#include <istream>
#include <ostream>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/stop_signal.h"
#include "base/time.h"
#include "sdk/client.h"

namespace turnpike {

struct Terminal {
  std::istream& in;
  std::ostream& out;  // data alone
  std::ostream& err;  // progress, notes, errors
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool color = false;
};

// A broker to speak to, and what the settings say of its user.  `project`: empty: the token's only one.
struct BrokerSession {
  Client* client = nullptr;
  std::string project;
  std::string region = {};  // where the user is; empty: unknown
};

struct CommandContext {
  Terminal& terminal;
  const Clock& clock;
  bool json = false;
  std::function<Result<BrokerSession>()> connect;  // finds the settings; the first call needs them, not before
  std::function<void(std::string text)> set_farewell = [](auto) {};  // what Ctrl-C says from now on
  StopSignal& stop;
};

}  // namespace turnpike
