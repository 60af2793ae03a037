// MessagePack by msgpack-cxx's visitor.
//
// Thread safety: as in the header.
#include "codec/message_pack_parser.h"

#define MSGPACK_NO_BOOST  // its Boost would be another release than ours
#include <msgpack/null_visitor.hpp>
#include <msgpack/unpack.hpp>

namespace larder::codec {
namespace {

class Visitor : public msgpack::null_visitor {
 public:
  using Kind = FieldReader::Kind;

  explicit Visitor(Tape& tape) noexcept : tape_(tape) {}

  bool visit_nil() {
    tape_.add_null();
    return true;
  }
  bool visit_boolean(bool value) {
    tape_.add_boolean(value);
    return true;
  }
  bool visit_positive_integer(std::uint64_t value) {
    tape_.add_natural(value);
    return true;
  }
  bool visit_negative_integer(std::int64_t value) {
    tape_.add_integer(value);
    return true;
  }
  bool visit_float32(float value) {
    tape_.add_number(value);
    return true;
  }
  bool visit_float64(double value) {
    tape_.add_number(value);
    return true;
  }
  bool visit_str(const char* text, std::uint32_t size) {
    tape_.add_text({size == 0 ? nullptr : text, size});
    return true;
  }
  bool visit_bin(const char* bytes, std::uint32_t size) {
    tape_.add_bytes({size == 0 ? nullptr : bytes, size});
    return true;
  }
  bool visit_ext(const char*, std::uint32_t) { return refuse("extension types are not supported"); }
  bool start_array(std::uint32_t size) { return open(Kind::list, size); }
  bool end_array() { return close(); }
  bool start_map(std::uint32_t size) { return open(Kind::map, size); }
  bool end_map() { return close(); }

  [[nodiscard]] const char* reason() const noexcept { return reason_; }

 private:
  bool open(Kind kind, std::uint32_t size) {
    return tape_.open(kind, size) || refuse("containers are nested too deep");
  }
  bool close() {
    tape_.close();
    return true;
  }
  bool refuse(const char* reason) noexcept {
    reason_ = reason;
    return false;
  }

  Tape& tape_;
  const char* reason_ = "the MessagePack is malformed";
};

}  // namespace

const char* parse_message_pack(std::string_view bytes, Tape& tape) {
  Visitor visitor(tape);
  std::size_t used = 0;
  try {
    if (!msgpack::parse(bytes.data(), bytes.size(), used, visitor)) return visitor.reason();
  } catch (const msgpack::unpack_error&) {  // of sizes that no memory holds
    return visitor.reason();
  }
  return used == bytes.size() ? nullptr : "the MessagePack has a tail";
}

}  // namespace larder::codec
