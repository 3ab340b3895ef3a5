#pragma once
// Seals and opens quotes with the one key of all replicas, which the first use makes.  Thread-safe.

#include <string>

#include "base/mutex.h"
#include "base/random.h"
#include "broker/core/quote_terms.h"
#include "broker/ports/secret_store.h"

namespace turnpike {

class QuoteSeal {
 public:
  QuoteSeal(SecretStore& secrets, RandomSource& random) : secrets_(secrets), random_(random) {}

  Result<std::string> Seal(const QuoteTerms& terms) EXCLUDES(mutex_);
  // INVALID_ARGUMENT for what this federation did not seal.
  Result<QuoteTerms> Open(std::string_view quote) EXCLUDES(mutex_);

 private:
  // Asks the database once.
  Result<std::string> Key() EXCLUDES(mutex_);

  SecretStore& secrets_;
  RandomSource& random_;
  Mutex mutex_;
  std::string key_ GUARDED_BY(mutex_);  // empty: not known yet
};

}  // namespace turnpike
