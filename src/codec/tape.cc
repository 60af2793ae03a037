// Writing and walking the tape.
//
// Thread safety: as in the header.
#include "codec/tape.h"

#include <bit>
#include <limits>

#include "base/check.h"
#include "codec/base64.h"

namespace larder::codec {

// ---- Tape

Tape::Node& Tape::add(Kind kind) {
  Node& node = nodes_.emplace_back();
  node.kind = kind;
  node.after = static_cast<std::uint32_t>(nodes_.size());
  return node;
}

void Tape::add_view(Kind kind, std::string_view view) {
  Node& node = add(kind);
  node.data = view.data();
  node.size = static_cast<std::uint32_t>(view.size());
}

void Tape::add_integer(std::int64_t value) {
  Node& node = add(Kind::integer);
  node.bits = static_cast<std::uint64_t>(value);
  node.negative = value < 0;
}

void Tape::add_number(double value) {
  add(Kind::number).bits = std::bit_cast<std::uint64_t>(value);
}

bool Tape::open(Kind kind, std::size_t entries) {
  if (depth_ == open_.size()) return false;
  open_[depth_++] = static_cast<std::uint32_t>(nodes_.size());
  add(kind).size = static_cast<std::uint32_t>(entries);
  return true;
}

void Tape::close() {
  CHECK_GT(depth_, 0U);
  nodes_[open_[--depth_]].after = static_cast<std::uint32_t>(nodes_.size());
}

void Tape::close(std::size_t entries) {
  close();
  nodes_[open_[depth_]].size = static_cast<std::uint32_t>(entries);
}

char* Tape::room(std::size_t size) {
  return static_cast<char*>(arena_.memory()->allocate(size, 1));
}

// ---- TapeReader

TapeReader::~TapeReader() {
  if (wipes()) base::secure_zero(decoded_.data(), decoded_.size());
}

const Tape::Node* TapeReader::peek() const noexcept {
  return ok() && next_ < nodes_.size() ? &nodes_[next_] : nullptr;
}

const Tape::Node* TapeReader::take(Kind kind, const char* otherwise) noexcept {
  const Tape::Node* node = peek();
  if (node == nullptr || node->kind != kind) {
    fail(otherwise);
    return nullptr;
  }
  ++next_;
  return node;
}

FieldReader::Kind TapeReader::kind() noexcept {
  const Tape::Node* node = peek();
  return node == nullptr ? Kind::nothing : node->kind;
}

bool TapeReader::null() {
  if (kind() != Kind::null) return false;
  ++next_;
  return true;
}

bool TapeReader::boolean(bool& to) {
  const Tape::Node* node = take(Kind::boolean, "a boolean was expected");
  if (node == nullptr) return false;
  to = node->bits != 0;
  return true;
}

bool TapeReader::integer(std::int64_t& to) {
  const Tape::Node* node = take(Kind::integer, "an integer was expected");
  if (node == nullptr) return false;
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!node->negative && node->bits > kMax) return fail("an integer is too large");
  to = static_cast<std::int64_t>(node->bits);
  return true;
}

bool TapeReader::natural(std::uint64_t& to) {
  const Tape::Node* node = take(Kind::integer, "an integer was expected");
  if (node == nullptr) return false;
  if (node->negative) return fail("an integer must not be negative");
  to = node->bits;
  return true;
}

bool TapeReader::number(double& to) {
  const Tape::Node* node = peek();
  if (node != nullptr && node->kind == Kind::integer) {
    to = node->negative ? static_cast<double>(static_cast<std::int64_t>(node->bits))
                        : static_cast<double>(node->bits);
    ++next_;
    return true;
  }
  if (node != nullptr && node->kind == Kind::text && dialect_ == Dialect::json) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const std::string_view text(node->data, node->size);
    if (text == "NaN") to = std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity") to = kInfinity;
    if (text == "-Infinity") to = -kInfinity;
    if (text != "NaN" && text != "Infinity" && text != "-Infinity") {
      return fail("a number was expected");
    }
    ++next_;
    return true;
  }
  node = take(Kind::number, "a number was expected");
  if (node == nullptr) return false;
  to = std::bit_cast<double>(node->bits);
  return true;
}

bool TapeReader::text(std::string_view& to) {
  const Tape::Node* node = take(Kind::text, "a text was expected");
  if (node == nullptr) return false;
  to = {node->data, node->size};
  return true;
}

bool TapeReader::bytes(std::span<const std::byte>& to) {
  const Kind kind = dialect_ == Dialect::json ? Kind::text : Kind::bytes;
  const Tape::Node* node = take(kind, "bytes were expected");
  if (node == nullptr) return false;
  std::string_view view(node->data, node->size);
  if (dialect_ == Dialect::json) {
    if (wipes()) base::secure_zero(decoded_.data(), decoded_.size());
    if (!from_base64(view, decoded_)) return fail("base64 was expected");
    view = decoded_;
  }
  to = std::as_bytes(std::span(view));
  return true;
}

bool TapeReader::begin(Kind kind, const char* otherwise) noexcept {
  const Tape::Node* node = take(kind, otherwise);
  if (node == nullptr || !enter()) return false;
  level() = {.entries = node->size, .after = node->after, .next_field = 0};
  return true;
}

bool TapeReader::begin_list(std::size_t& size) {
  if (!begin(Kind::list, "a list was expected")) return false;
  size = level().entries;
  return true;
}

bool TapeReader::begin_map(std::size_t& size) {
  if (!begin(Kind::map, "a map was expected")) return false;
  size = level().entries;
  return true;
}

bool TapeReader::begin_record() { return begin(Kind::map, "a record was expected"); }

bool TapeReader::advance() noexcept {
  if (!ok() || depth() == 0) return false;
  if (level().entries == 0) {
    next_ = level().after;
    leave();
    return false;
  }
  --level().entries;
  return true;
}

bool TapeReader::next_element() { return advance(); }

bool TapeReader::next_key(std::string_view& key) { return advance() && text(key); }

std::optional<std::size_t> TapeReader::next_field(std::span<const FieldName> names) {
  // Bounded by the entries of the record.
  for (std::string_view key; next_key(key);) {
    const std::size_t first = level().next_field;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::size_t index = first + i < names.size() ? first + i : first + i - names.size();
      if (names[index].text == key) {
        level().next_field = index + 1 == names.size() ? 0 : index + 1;
        return index;
      }
    }
    if (!skip()) break;
  }
  return std::nullopt;
}

bool TapeReader::skip() {
  const Tape::Node* node = peek();
  if (node == nullptr) return fail("a value was expected");
  next_ = node->after;
  return true;
}

}  // namespace larder::codec
