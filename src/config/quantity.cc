// The two tables of units and the readers and printers over them.
//
// Thread safety: pure functions.
#include "config/quantity.h"

#include <charconv>
#include <limits>
#include <span>
#include <system_error>

namespace larder::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Both tables rise, so that printing finds the largest fitting unit from the end.
constexpr Unit kDurations[] = {
    {"ns", 1},
    {"us", 1'000},
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"min", 60'000'000'000},
    {"h", 3'600'000'000'000},
    {"d", 86'400'000'000'000},
};
constexpr Unit kDecimalSizes[] = {
    {"kB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}, {"TB", 1'000'000'000'000}};
constexpr Unit kBinarySizes[] = {{"B", 1},
                                 {"KiB", std::uint64_t{1} << 10},
                                 {"MiB", std::uint64_t{1} << 20},
                                 {"GiB", std::uint64_t{1} << 30},
                                 {"TiB", std::uint64_t{1} << 40}};

struct Quantity {
  std::uint64_t number;
  std::string_view unit;  // empty: none
};

std::optional<Quantity> split(std::string_view text) {
  Quantity quantity{};
  const char* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, quantity.number);
  if (failure != std::errc()) return std::nullopt;
  quantity.unit = text.substr(static_cast<std::size_t>(rest - text.data()));
  const std::size_t blanks = quantity.unit.find_first_not_of(' ');
  if (blanks == std::string_view::npos) {
    if (!quantity.unit.empty()) return std::nullopt;  // blanks at the end
  } else {
    quantity.unit.remove_prefix(blanks);
  }
  return quantity;
}

const Unit* find_unit(std::span<const Unit> units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

std::optional<std::uint64_t> scale(std::uint64_t number, const Unit* unit, std::uint64_t most) {
  if (unit == nullptr || number > most / unit->factor) return std::nullopt;
  return number * unit->factor;
}

std::string print(std::uint64_t number, std::span<const Unit> units) {
  for (std::size_t i = units.size(); i-- > 0;) {
    if (number % units[i].factor == 0 && (number != 0 || i == 0)) {
      return std::to_string(number / units[i].factor).append(units[i].name);
    }
  }
  return std::to_string(number);
}

}  // namespace

std::optional<std::int64_t> parse_duration_ns(std::string_view text) {
  const std::optional<Quantity> quantity = split(text);
  if (!quantity) return std::nullopt;
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  const auto scaled = scale(quantity->number, find_unit(kDurations, quantity->unit), kMost);
  if (!scaled) return std::nullopt;
  return static_cast<std::int64_t>(*scaled);
}

std::string print_duration(std::int64_t duration_ns) {
  if (duration_ns == 0) return "0s";
  if (duration_ns > 0) return print(static_cast<std::uint64_t>(duration_ns), kDurations);
  return "-" + print(0 - static_cast<std::uint64_t>(duration_ns), kDurations);
}

std::optional<std::uint64_t> parse_count(std::string_view text, bool allow_unit) {
  const std::optional<Quantity> quantity = split(text);
  if (!quantity) return std::nullopt;
  if (quantity->unit.empty()) return quantity->number;
  if (!allow_unit) return std::nullopt;
  const Unit* unit = find_unit(kBinarySizes, quantity->unit);
  if (unit == nullptr) unit = find_unit(kDecimalSizes, quantity->unit);
  return scale(quantity->number, unit, std::numeric_limits<std::uint64_t>::max());
}

std::string print_count(std::uint64_t count, bool use_unit) {
  return use_unit ? print(count, kBinarySizes) : std::to_string(count);
}

}  // namespace larder::config
