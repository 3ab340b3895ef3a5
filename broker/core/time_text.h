#pragma once
// A time limit as schedulers write it.

#include <chrono>
#include <string>

namespace turnpike {

std::string TimeText(std::chrono::seconds time);  // "26:03:12"

}  // namespace turnpike
