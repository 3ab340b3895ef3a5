#pragma once
// Text that came from a broker or site, made fit for a terminal: nothing in it can move the cursor, change colours or
// titles, or turn the direction of writing.  And how wide it then stands.  Pure.

#include <cstddef>
#include <string>
#include <string_view>

namespace turnpike {

bool IsUtf8(std::string_view text);

// Control bytes, C1 controls, bidirectional marks, line separators and bytes that are not UTF-8 become \x1b or
// \u{202e}.
std::string EscapeLine(std::string_view text);
// The same, but lines and tabs stay: for a job's output on a terminal.
std::string EscapeLines(std::string_view text);

// Columns on a terminal: wide characters (CJK, emoji) count 2, combining ones 0.
size_t DisplayWidth(std::string_view text);
// At most `width` columns, an ellipsis at the cut.
std::string CutToWidth(std::string_view text, size_t width);

}  // namespace turnpike
