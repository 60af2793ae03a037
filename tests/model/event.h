// Event: one operation of one client as it was called and as it answered. Recorders write events,
// the checker judges them; docs/history-format.md spells them as JSON lines.
// Thread safety: values.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace larder::model {

/// "No expiry" wherever an expiry instant stands; also the return instant of open-ended events.
inline constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

/// The operations of the contract. Names in histories are those of op_name().
enum class Op : std::uint8_t {
  get,
  get_ref,
  get_entry,
  contains,
  metadata,
  set,
  set_if_absent,
  set_if_present,
  compare_and_set,
  erase,
  take,
  touch,
  set_tags,
  rename,
  increment,
  decrement,
  update,
  get_or_set,
  get_many,
  metadata_many,
  set_many,
  erase_many,
  get_or_set_many,
  clear,
  erase_by_pattern,
  erase_by_index,
  erase_by_tag,
  add_index,
  remove_index,
  keys_by_pattern,
  scan,
  get_by_index,
  get_values_by_index,
  count_by_index,
};
inline constexpr int kOpCount = static_cast<int>(Op::count_by_index) + 1;

std::string_view op_name(Op op);
std::optional<Op> op_from_name(std::string_view name);

/// How the call ended.
enum class Outcome : std::uint8_t {
  ok,       ///< answered; results are binding
  error,    ///< refused or failed, with certainty without effect
  unknown,  ///< may take effect at any instant after the call, or never
};

/// An opaque version: equality and uniqueness are all the checker knows of it.
struct VersionId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  [[nodiscard]] bool is_absent() const { return high == 0 && low == 0; }
  friend bool operator==(const VersionId&, const VersionId&) = default;
  friend auto operator<=>(const VersionId&, const VersionId&) = default;
};

/// A time to live as it was passed.
struct TtlArgument {
  enum class Kind : std::uint8_t { standard, forever, keep, span };
  Kind kind = Kind::standard;
  std::int64_t span_ns = 0;  ///< with Kind::span

  friend bool operator==(const TtlArgument&, const TtlArgument&) = default;
};

/// What a read saw of one key. Fields the operation does not report stay empty.
struct Seen {
  std::string key{};
  bool hit = false;
  std::optional<std::int64_t> value{};
  std::optional<VersionId> version{};
  std::optional<std::int64_t> expires_at_ns{};  ///< cache clock; kForever for none
  std::optional<std::int64_t> created_at_ns{};  ///< cache clock
  std::optional<std::vector<std::string>> tags{};

  friend bool operator==(const Seen&, const Seen&) = default;
};

/// One run of a loader inside a get_or_set (or, per key, a get_or_set_many).
struct Load {
  std::string key{};
  std::int64_t value = 0;     ///< what it returned; unique among the loads of a history
  std::int64_t begin_ns = 0;  ///< order clock, read first in the loader
  std::int64_t end_ns = 0;    ///< order clock, read last in the loader
  bool ok = true;             ///< false: it answered absent or an error

  friend bool operator==(const Load&, const Load&) = default;
};

/// What an updater saw and decided in its last run.
struct UpdaterRun {
  enum class Decision : std::uint8_t { store, keep, erase };
  std::optional<std::int64_t> old_value{};
  Decision decision = Decision::keep;
  std::int64_t new_value = 0;  ///< with Decision::store

  friend bool operator==(const UpdaterRun&, const UpdaterRun&) = default;
};

struct Event {
  int client = 0;
  Op op = Op::get;

  // Order clock: any clock common to all clients whose readings respect real time.
  std::int64_t call_ns = 0;
  std::int64_t return_ns = 0;
  // Cache clock: the clock that expiry follows, read before the call and after the return.
  std::int64_t call_clock_ns = 0;
  std::int64_t return_clock_ns = 0;

  // arguments
  std::vector<std::string> keys{};      ///< rename: {from, to}; erase_by_index: the excepted
  std::vector<std::int64_t> values{};   ///< written values; increment, decrement: {delta}
  std::optional<VersionId> expected{};  ///< compare_and_set
  TtlArgument ttl{};
  std::vector<std::string> tags{};  ///< set*, get_or_set, set_tags; erase_by_tag: {tag}
  std::string pattern{};
  std::string index{};
  std::string term{};  ///< the index key

  // results
  Outcome outcome = Outcome::ok;
  std::string error{};                   ///< the error's code by name
  std::optional<bool> flag{};            ///< bool results
  std::optional<std::int64_t> count{};   ///< size_t results
  std::optional<std::int64_t> number{};  ///< increment, decrement, get_or_set, update
  std::optional<VersionId> version{};    ///< set, update
  std::vector<Seen> seen{};              ///< reads; listings: the keys found
  std::vector<Load> loads{};             ///< loaders that ran inside this call
  std::optional<UpdaterRun> updater{};

  friend bool operator==(const Event&, const Event&) = default;
};

/// The index that the cache declared over its values: a value's term is "t<value mod modulus>"
/// (the non-negative remainder).
struct DeclaredIndex {
  std::string name = "by_residue";
  std::int64_t modulus = 4;

  [[nodiscard]] std::string term_of(std::int64_t value) const;
  friend bool operator==(const DeclaredIndex&, const DeclaredIndex&) = default;
};

/// One line about an event, for people: `client 2 set("a", 7) -> v1:9 [10, 14]`.
std::string describe(const Event& event);
std::string describe(const VersionId& version);

}  // namespace larder::model
