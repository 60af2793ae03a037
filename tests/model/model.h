// The sequential specification: what one atomic step ("atom") may do to the keys it concerns.
// decompose() makes atoms of events; the checker asks apply() which states an atom leads to.
// Thread safety: values and pure functions; an Interner belongs to one check.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/event.h"

namespace larder::model {

/// How the contract's silences are judged. Defaults accept every reading of the contract.
struct Rules {
  std::int64_t clock_tolerance_ns = 0;
  std::int64_t standard_ttl_ns = 0;
  bool evictions = false;           ///< a key may vanish at any instant
  bool one_load_per_flight = true;  ///< no second load while an unfenced one runs (rule 6)
  DeclaredIndex declared{};
};

/// Numbers for strings, versions and sets, so that states are small and compare fast. 0 is "none".
class Interner {
 public:
  int version(const VersionId& version);
  /// A sorted set of small ids, itself numbered; 0 is the empty set.
  int set_of(std::vector<int> members);
  [[nodiscard]] const std::vector<int>& members(int set) const { return sets_by_id_[set]; }
  int tag(const std::string& name) { return word("tag:" + name); }
  /// A term bound by add_index.
  int bound(const std::string& index, const std::string& term) {
    return word("term:" + index + "=" + term);
  }
  int tag_set(const std::vector<std::string>& tags);
  [[nodiscard]] bool contains(int set, int member) const;
  int with(int set, int member);
  int without(int set, int member);
  int united(int a, int b);
  [[nodiscard]] const std::string& word_text(int word) const { return words_by_id_[word]; }
  [[nodiscard]] const VersionId& version_id(int version) const { return versions_by_id_[version]; }

 private:
  int word(const std::string& text);

  std::map<VersionId, int> versions_;
  std::vector<VersionId> versions_by_id_{VersionId{}};
  std::map<std::string, int> words_;
  std::vector<std::string> words_by_id_{""};
  std::map<std::vector<int>, int> sets_{{{}, 0}};
  std::vector<std::vector<int>> sets_by_id_{{}};
};

/// One key. Absent: every field but `present` is zero. Instants are of the cache clock and stand
/// as the interval in which the true one lies.
struct KeyState {
  bool present = false;
  std::int64_t value = 0;
  int version = 0;  ///< 0: written, and not yet seen by anybody
  std::int64_t expires_low_ns = 0;
  std::int64_t expires_high_ns = 0;
  std::int64_t created_low_ns = 0;
  std::int64_t created_high_ns = 0;
  int tags = 0;   ///< a set
  int bound = 0;  ///< a set: terms bound by add_index

  friend auto operator<=>(const KeyState&, const KeyState&) = default;
};

/// Whether a load in flight may still publish.
enum class Fence : std::uint8_t { open, maybe, fenced };

/// A load between its begin and its end.
struct OpenLoad {
  int load = 0;  ///< index into Problem::loads
  Fence fence = Fence::open;

  friend auto operator<=>(const OpenLoad&, const OpenLoad&) = default;
};

/// How far the per-key steps of one counting bulk operation have come.
struct OpenCount {
  int group = 0;
  int done = 0;
  int counted = 0;

  friend auto operator<=>(const OpenCount&, const OpenCount&) = default;
};

/// The joint state of the keys that are checked together.
struct State {
  std::vector<KeyState> keys;
  std::vector<OpenLoad> loads;    ///< by load
  std::vector<OpenCount> counts;  ///< by group

  friend auto operator<=>(const State&, const State&) = default;
};

enum class Step : std::uint8_t {
  observe,       ///< a read of one key
  passive_load,  ///< get_or_set without a load of its own: a hit, or joined a flight
  load_begin,    ///< get_or_set saw nothing and registers its flight
  load_end,      ///< its loader has returned: published, or not because fenced
  put,
  remove,
  touch,
  add,
  update,
  set_tags,
  bind,
  unbind,
  rename,
};

enum class Condition : std::uint8_t { always, absent, present, version, member, tagged };

/// A two- or more-valued expectation about a yes/no answer.
enum class Expect : std::uint8_t { any, no, yes };

/// One atomic step, anywhere in [call_ns, return_ns].
struct Atom {
  Step step = Step::observe;
  int event = 0;
  int key = 0;                ///< slot in State::keys
  int destination = 0;        ///< rename
  bool beside_clear = false;  ///< rename: a clear() was open meanwhile
  std::int64_t call_ns = 0;
  std::int64_t return_ns = 0;  ///< kForever: open-ended
  std::int64_t clock_low_ns = 0;
  std::int64_t clock_high_ns = 0;
  bool optional = false;  ///< may also never happen (outcome unknown)

  // arguments
  Condition condition = Condition::always;
  std::int64_t value = 0;    ///< written value or delta
  int expected_version = 0;  ///< Condition::version; 0 means absent
  TtlArgument ttl{};
  int tags = 0;
  int word = 0;        ///< tag or bound term
  std::string term{};  ///< the declared term meant by Condition::member; empty: none
  int load = -1;       ///< load_begin, load_end
  UpdaterRun::Decision decision = UpdaterRun::Decision::keep;

  // expected results
  Expect success = Expect::any;  ///< hit, true, counted
  bool old_known = false;        ///< update: old_value is binding
  std::optional<std::int64_t> old_value{};
  std::optional<std::int64_t> result{};  ///< value seen or returned
  std::vector<std::int64_t> one_of{};    ///< value seen, of a listing that names no keys; sorted
  int version = 0;                       ///< version returned or seen; 0: not reported
  std::optional<std::int64_t> expires_at_ns{};
  std::optional<std::int64_t> created_at_ns{};
  std::optional<int> tags_seen{};
  int group = -1;                   ///< its success is counted there
  bool overflowed = false;          ///< add: refused as out_of_range
  Fence miss_fence = Fence::maybe;  ///< remove: what it does to loads where it finds nothing

  /// Given its recorded answer it never changes a state, whatever the state.
  bool pure = false;
};

/// A load as the model sees it: the value is known beforehand, from the record.
struct ModelLoad {
  int key = 0;
  std::int64_t value = 0;
  bool ok = true;
  int tags = 0;
};

/// The steps of a counting bulk operation among these keys. Its other keys give the slack.
struct CountGroup {
  int steps = 0;
  int at_least = 0;
  int at_most = 0;
};

/// Keys that are checked together, and all that happened to them.
struct Problem {
  std::vector<std::string> keys;
  std::vector<Atom> atoms;
  std::vector<ModelLoad> loads;
  std::vector<CountGroup> groups;
};

struct Successor {
  State state;
  bool by_expiry = false;  ///< the step took a present entry for expired
};

/// Every state that `atom`, with its recorded answer, may lead to from `state`; empty if the
/// answer is impossible here.
std::vector<Successor> apply(const State& state, const Atom& atom, const Problem& problem,
                             const Rules& rules, Interner& names);

std::string describe(const State& state, const Problem& problem, const Interner& names);

}  // namespace larder::model
