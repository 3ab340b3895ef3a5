#pragma once
// How a local job is recognised as ours: its name is the tag of its attempt, its comment repeats the tag with a keyed
// checksum under the site's own key, which shows that this site's agent made it.

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace turnpike {

// "b" + 26 characters of base32.
std::string LocalTag(const AttemptId& attempt_id);
// nullopt: not the form of a tag.
std::optional<AttemptId> AttemptOfTag(std::string_view tag);

// "<tag>:<16 hexadecimal digits>".
std::string LocalComment(std::string_view tag, std::string_view site_key);
bool IsGenuineComment(std::string_view comment, std::string_view tag, std::string_view site_key);

// The part of the start guard's name that the tag does not reveal; made from the site's key, so that it outlives a lost
// journal.
std::string GuardSecret(const AttemptId& attempt_id, std::string_view site_key);

}  // namespace turnpike
