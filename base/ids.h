#pragma once
// 128-bit identifiers, one C++ type per kind of object, so that a JobId cannot be passed where a SiteId belongs.
// Text is the usual UUID form in lower case.  Jobs, transfers and request keys are UUIDv7 (index locality; no rule
// relies on their order), attempts and secrets are random.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/time.h"

namespace turnpike {

struct Uuid {
  std::array<uint8_t, 16> bytes{};

  static std::optional<Uuid> Parse(std::string_view text);  // 36 characters with dashes, either case
  std::string ToString() const;
  bool is_nil() const { return *this == Uuid{}; }

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
  template <class Hash>
  friend Hash AbslHashValue(Hash hash, const Uuid& uuid) {
    return Hash::combine_contiguous(std::move(hash), uuid.bytes.data(), uuid.bytes.size());
  }
};

template <class Tag>
class Id {
 public:
  constexpr Id() = default;  // the nil id: "none"
  constexpr explicit Id(const Uuid& uuid) : uuid_(uuid) {}
  static std::optional<Id> Parse(std::string_view text) {
    const std::optional<Uuid> uuid = Uuid::Parse(text);
    return uuid ? std::optional<Id>(Id(*uuid)) : std::nullopt;
  }
  const Uuid& uuid() const { return uuid_; }
  std::string ToString() const { return uuid_.ToString(); }
  bool is_nil() const { return uuid_.is_nil(); }

  friend auto operator<=>(const Id&, const Id&) = default;
  template <class Hash>
  friend Hash AbslHashValue(Hash hash, const Id& id) {
    return Hash::combine(std::move(hash), id.uuid_);
  }

 private:
  Uuid uuid_;
};

using JobId = Id<struct JobIdTag>;
using AttemptId = Id<struct AttemptIdTag>;
using SiteId = Id<struct SiteIdTag>;
using ProjectId = Id<struct ProjectIdTag>;
using AccountId = Id<struct AccountIdTag>;
using TransferId = Id<struct TransferIdTag>;
using EntryId = Id<struct EntryIdTag>;      // transfers that belong together
using JournalId = Id<struct JournalIdTag>;  // one agent journal, for ever
using RequestId = Id<struct RequestIdTag>;  // idempotency key of a call
using TokenId = Id<struct TokenIdTag>;

// Makes new ids.  Thread-safe.
class IdSource {
 public:
  IdSource(const Clock& clock, RandomSource& random) : clock_(clock), random_(random) {}

  template <class AnyId>
  AnyId Random() {
    return AnyId(NewRandom());
  }
  template <class AnyId>
  AnyId TimeOrdered() {
    return AnyId(NewTimeOrdered());
  }

  Uuid NewRandom();       // UUIDv4
  Uuid NewTimeOrdered();  // UUIDv7: 48 bits of milliseconds, then random

 private:
  const Clock& clock_;
  RandomSource& random_;
};

// The moment inside a UUIDv7; nullopt for any other version.
std::optional<Timestamp> TimeOf(const Uuid& uuid);

// 26 characters of lower-case base32 (RFC 4648 alphabet, unpadded) for 16 bytes: names inside schedulers and file
// systems.
std::string ToBase32(const Uuid& uuid);
std::optional<Uuid> UuidFromBase32(std::string_view text);

}  // namespace turnpike
