#include "broker/actions/quote_seal.h"

#include <array>

namespace turnpike {
namespace {

constexpr std::string_view kSecretName = "quote";
constexpr size_t kKeyBytes = 32;

std::string NewKey(RandomSource& random) {
  std::array<uint8_t, kKeyBytes> bytes{};
  random.Fill(bytes);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Result<std::string> QuoteSeal::Seal(const QuoteTerms& terms) {
  ASSIGN_OR_RETURN(const std::string key, Key());
  return SealQuote(terms, key);
}

Result<QuoteTerms> QuoteSeal::Open(std::string_view quote) {
  ASSIGN_OR_RETURN(const std::string key, Key());
  return OpenQuote(quote, key);
}

Result<std::string> QuoteSeal::Key() {
  {
    MutexLock lock(mutex_);
    if (!key_.empty()) {
      return key_;
    }
  }
  ASSIGN_OR_RETURN(std::string key, secrets_.FindOrKeep(kSecretName, NewKey(random_)));
  MutexLock lock(mutex_);
  key_ = key;
  return key;
}

}  // namespace turnpike
