#pragma once
// The broker as a whole: its database, its parts, its two servers.  Assembles, runs, stops.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "broker/ports/placement_store.h"
#include "broker/rpc/call_limiter.h"

namespace turnpike {

// How to reach the database, once per role; all name the same database.
struct DatabaseAccess {
  std::string owner;  // migrates
  std::string api;
  std::string link;
  std::string placement;
};

struct BrokerSettings {
  DatabaseAccess database;
  bool standby_required = false;  // nothing is written where the server would not wait for a standby
  std::string user_address = "127.0.0.1:7443";
  std::string agent_address = "127.0.0.1:7444";
  std::vector<std::string> server_names = {
      "localhost", "127.0.0.1"};  // what clients and agents dial; the first one is told to agents
  std::string trust_domain = "turnpike.local";
  std::string ca_certificate_path;
  std::string ca_key_path;
  std::string metrics_address;  // "host:port"; empty: none are shown
  std::string replica;          // a name for this process, in records; brokers of one database differ in it
  CallLimits limits;
  int64_t usage_wait_seconds = 600;  // how long after its end an attempt's usage may come
  int64_t offer_seconds = 60;        // how long an offer stands without a claim
  int32_t usage_half_life_days = 7;  // half of what a project was charged is left after it, when projects take turns
  Retention retention;
  int64_t spawn_lease_seconds = 60;  // how long after its claim a spawn may begin
};

class BrokerParts;

class Broker {
 public:
  // Waits for the database and migrates it, then serves.  CANCELLED: told to end while it waited.
  static Result<std::unique_ptr<Broker>> Start(const BrokerSettings& settings);
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  int user_port() const;
  int agent_port() const;
  std::string ca_certificate_pem() const;
  // The whole, for what a main does besides serving.
  BrokerParts& parts() { return *parts_; }
  // Takes no new calls, ends those under way within a few seconds, commits what was accepted.
  void Stop();

 private:
  explicit Broker(std::unique_ptr<BrokerParts> parts);

  std::unique_ptr<BrokerParts> parts_;
};

}  // namespace turnpike
