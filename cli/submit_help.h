#pragma once
// The text of `turnpike submit --help`, made from the tables of options.

#include <string>

namespace turnpike {

std::string SubmitHelp();

}  // namespace turnpike
