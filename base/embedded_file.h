#pragma once
// A text file that the build compiled into the program (cmake/turnpike_embed.cmake).

#include <span>
#include <string_view>

namespace turnpike {

struct EmbeddedFile {
  std::string_view name;  // without its folder
  std::string_view text;
};

}  // namespace turnpike
