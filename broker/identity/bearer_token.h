#pragma once
// Bearer tokens: 256 random bits as text.  Only their hash is kept, so that a copy of the database lets nobody in.

#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/random.h"

namespace turnpike {

// "tp_" and 43 characters of base64url.
std::string MakeBearerToken(RandomSource& random);
// What is stored and looked up; 256 random bits need neither salt nor a slow hash.
Sha256Digest HashBearerToken(std::string_view token);
// False for what could never have been made here, so that it need not be looked up.
bool LooksLikeBearerToken(std::string_view text);
// In a time that does not tell how much of it matches.
bool MatchesHash(std::string_view token, const Sha256Digest& hash);

}  // namespace turnpike
