// JSON by Boost.JSON's push parser. Its own document would round numbers: the digits are read again
// here, exactly.
//
// Thread safety: as in the header.
#include "codec/json_parser.h"

#include <charconv>
#include <cstring>
#include <functional>
#include <limits>
#include <string>

#include <boost/json/basic_parser_impl.hpp>

#include "codec/utf8.h"

namespace larder::codec {
namespace {

namespace json = boost::json;

// Receives what the parser finds. Texts come in parts where they hold escapes; the parts are
// collected on the tape's arena.
class Handler {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;

  Handler(std::string_view input, Tape& tape) noexcept : input_(input), tape_(tape) {}

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_array_begin(json::error_code& fault) { return open(FieldReader::Kind::list, fault); }
  bool on_array_end(std::size_t size, json::error_code&) { return close(size); }
  bool on_object_begin(json::error_code& fault) { return open(FieldReader::Kind::map, fault); }
  bool on_object_end(std::size_t size, json::error_code&) { return close(size); }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return keep(part); }
  bool on_key(json::string_view part, std::size_t, json::error_code&) { return add_text(part); }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) { return keep(part); }
  bool on_string(json::string_view part, std::size_t, json::error_code&) { return add_text(part); }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t value, json::string_view, json::error_code&) {
    tape_.add_integer(value);
    return true;
  }
  bool on_uint64(std::uint64_t value, json::string_view, json::error_code&) {
    tape_.add_natural(value);
    return true;
  }
  bool on_double(double, json::string_view digits, json::error_code& fault) {
    double value = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, broken] = std::from_chars(digits.data(), end, value);
    if (broken != std::errc() || stop != end) {
      fault = json::error::exponent_overflow;
      return false;
    }
    tape_.add_number(value);
    return true;
  }
  bool on_bool(bool value, json::error_code&) {
    tape_.add_boolean(value);
    return true;
  }
  bool on_null(json::error_code&) {
    tape_.add_null();
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  bool open(FieldReader::Kind kind, json::error_code& fault) {
    if (tape_.open(kind)) return true;
    fault = json::error::too_deep;
    return false;
  }
  bool close(std::size_t size) {
    tape_.close(size);
    return true;
  }

  [[nodiscard]] bool is_in_input(json::string_view part) const noexcept {
    const std::less_equal<const char*> le;
    return le(input_.data(), part.data()) &&
           le(part.data() + part.size(), input_.data() + input_.size());
  }

  // Room for all texts that are not in the input as they are: never more than the input itself.
  bool keep(json::string_view part) {
    if (part.empty()) return true;
    if (room_ == nullptr) room_ = next_ = tape_.room(input_.size());
    std::memcpy(next_, part.data(), part.size());
    next_ += part.size();
    return true;
  }

  bool add_text(json::string_view part) {
    std::string_view text(part.data(), part.size());
    if (next_ != room_ || !is_in_input(part)) {
      keep(part);
      text = {room_, static_cast<std::size_t>(next_ - room_)};
      room_ = next_;
    }
    if (text.find('\xEE') != text.npos) text = restored(text);
    tape_.add_text(text);
    return true;
  }

  std::string_view restored(std::string_view text) {
    char* to = tape_.room(text.size());
    return {to, restore_raw_bytes(text, to)};
  }

  const std::string_view input_;
  Tape& tape_;
  char* room_ = nullptr;  // where the text that is being collected begins; null: none taken
  char* next_ = nullptr;  // and where its next part goes
};

}  // namespace

const char* parse_json(std::string_view text, Tape& tape) {
  json::parse_options options;
  options.max_depth = kMaxFieldDepth;
  json::basic_parser<Handler> parser(options, text, tape);
  json::error_code fault;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), fault);
  if (fault == json::error::too_deep) return "containers are nested too deep";
  if (fault) return "the JSON is malformed";
  return used == text.size() ? nullptr : "the JSON has a tail";
}

}  // namespace larder::codec
