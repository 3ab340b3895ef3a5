#pragma once
// Lengths of time for people.

#include <chrono>
#include <string>

namespace turnpike {

std::string TimeText(std::chrono::seconds time);            // "26:03:12", as schedulers write it
std::string RoundTripText(std::chrono::microseconds time);  // "0.35 ms", "12.4 ms", "180 ms"

}  // namespace turnpike
