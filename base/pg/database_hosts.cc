#include "base/pg/database_hosts.h"

#include <libpq-fe.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>

#include "base/pg/server_message.h"

namespace turnpike {
namespace {

using Options = std::map<std::string, std::string, std::less<>>;

// What libpq takes as lists, one element a server.
constexpr const char* kListed[] = {"host", "hostaddr", "port"};

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

Result<Options> Parse(const std::string& conninfo) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> parsed(PQconninfoParse(conninfo.c_str(), &message));
  if (!parsed) {
    const std::string why(message == nullptr ? "no memory" : Trimmed(message));
    PQfreemem(message);
    return InvalidArgument("the database's address cannot be read: {}; write it as for psql: 'host=… dbname=…'", why);
  }
  Options options;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) {
      options.emplace(option->keyword, option->val);
    }
  }
  return options;
}

std::vector<std::string> Elements(const Options& options, std::string_view name) {
  const auto found = options.find(name);
  if (found == options.end()) {
    return {};
  }
  std::vector<std::string> elements;
  std::string_view rest = found->second;
  while (true) {
    const size_t comma = rest.find(',');
    elements.emplace_back(rest.substr(0, comma));
    if (comma == std::string_view::npos) {
      return elements;
    }
    rest.remove_prefix(comma + 1);
  }
}

std::string Join(const Options& options) {
  std::string conninfo;
  for (const auto& [name, value] : options) {
    conninfo += fmt::format("{}{}={}", conninfo.empty() ? "" : " ", name, QuotedConninfo(value));
  }
  return conninfo;
}

}  // namespace

std::string QuotedConninfo(std::string_view value) {
  std::string quoted = "'";
  for (const char letter : value) {
    if (letter == '\'' || letter == '\\') {
      quoted.push_back('\\');
    }
    quoted.push_back(letter);
  }
  return quoted + "'";
}

Result<std::vector<std::string>> DatabaseHosts(const std::string& conninfo) {
  ASSIGN_OR_RETURN(const Options options, Parse(conninfo));
  const size_t count = std::max(Elements(options, "host").size(), Elements(options, "hostaddr").size());
  if (count < 2) {
    return std::vector<std::string>{conninfo};
  }
  std::vector<Options> servers(count, options);
  for (const char* name : kListed) {
    const std::vector<std::string> elements = Elements(options, name);
    if (elements.size() > 1 && elements.size() != count) {
      return InvalidArgument(
          "the database's address names {} servers and {} values of {}; give one for each, or one {}", count,
          elements.size(), name, name == std::string_view("port") ? "for all" : "less");
    }
    for (size_t i = 0; i < elements.size() && elements.size() > 1; ++i) {
      servers[i][name] = elements[i];
    }
  }
  std::vector<std::string> hosts;
  for (const Options& server : servers) {
    hosts.push_back(Join(server));
  }
  return hosts;
}

}  // namespace turnpike
