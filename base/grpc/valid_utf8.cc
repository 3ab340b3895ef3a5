#include "base/grpc/valid_utf8.h"

#include <cstdint>

namespace turnpike {
namespace {

struct Shape {
  size_t length = 0;       // 0: no character begins with this byte
  uint32_t value_min = 0;  // below it the form is too long
  uint32_t first_bits = 0;
};

Shape ShapeOf(uint8_t byte) {
  if (byte < 0x80) {
    return {1, 0, byte};
  }
  if ((byte & 0xE0U) == 0xC0) {
    return {2, 0x80, byte & 0x1FU};
  }
  if ((byte & 0xF0U) == 0xE0) {
    return {3, 0x800, byte & 0x0FU};
  }
  if ((byte & 0xF8U) == 0xF0) {
    return {4, 0x10000, byte & 0x07U};
  }
  return {};
}

// The length of the well-formed character at the beginning; 0: there is none.
size_t CharacterLength(std::string_view text) {
  const Shape shape = ShapeOf(static_cast<uint8_t>(text.front()));
  if (shape.length == 0 || text.size() < shape.length) {
    return 0;
  }
  uint32_t value = shape.first_bits;
  for (const char c : text.substr(1, shape.length - 1)) {
    const auto byte = static_cast<uint8_t>(c);
    if ((byte & 0xC0U) != 0x80) {
      return 0;
    }
    value = value << 6U | (byte & 0x3FU);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  return value < shape.value_min || surrogate || value > 0x10FFFF ? 0 : shape.length;
}

}  // namespace

std::string ValidUtf8(std::string_view text, size_t bytes_max) {
  std::string out;
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    const std::string_view piece = length == 0 ? "?" : text.substr(0, length);
    if (out.size() + piece.size() > bytes_max) {
      break;
    }
    out += piece;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace turnpike
