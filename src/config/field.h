// The table of settings: for each field of CacheSettings its name, meaning, range, reader and
// printer. The single source for CacheSettings::problems(), TOML, the environment and the reference
// documentation.
//
// Thread safety: the table is constant; the functions touch only what they are handed.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "larder/options.h"

namespace larder::config {

// A value as its source gives it.
struct RawValue {
  enum class Kind {
    kText,         // a string in TOML
    kInteger,      // a whole number in TOML, in decimal
    kBoolean,      // "true" or "false" in TOML
    kVariable,     // a variable of the environment: any of the above
    kUnsupported,  // another kind of TOML value; the text says which
  };
  Kind kind;
  std::string text;
};

// The kinds of fields. Bounds are inclusive.
struct TextField {
  std::string CacheSettings::* member;
};
struct TtlField {
  Ttl CacheSettings::* member;
};
struct CountField {
  std::size_t CacheSettings::* member;
  std::size_t least;
  std::size_t most;  // kUnlimited: also written "unlimited"
  bool is_bytes;
};
struct OnFullField {
  OnFull CacheSettings::* member;
};
struct FlagField {
  bool CacheSettings::* member;
};
template <class Duration>
struct DurationField {
  Duration CacheSettings::* member;
  Duration least;
  Duration most;
};

struct Field {
  std::string_view name;
  std::variant<TextField, TtlField, CountField, OnFullField, FlagField,
               DurationField<std::chrono::milliseconds>, DurationField<std::chrono::nanoseconds>>
      kind;
  std::string_view meaning;
};

// All fields, in the order of CacheSettings.
std::span<const Field> fields();

// Null: there is no such field.
const Field* find_field(std::string_view name);

// What the field takes, in words.
std::string accepted(const Field& field);

// The field's value as one would write it.
std::string print(const Field& field, const CacheSettings& settings);

// Whether the field's value is in its range.
bool is_valid(const Field& field, const CacheSettings& settings);

// Reads `raw` into the field. False, and nothing changed: malformed or out of range.
bool assign(const Field& field, const RawValue& raw, CacheSettings& settings);

// One problem: where, the value (shortened, in printable form) and what is accepted.
std::string problem(std::string_view where, std::string_view value, const Field& field);

// `text` in printable form, at most kMaxShownBytes of it.
inline constexpr std::size_t kMaxShownBytes = 80;
std::string shown(std::string_view text);

}  // namespace larder::config
