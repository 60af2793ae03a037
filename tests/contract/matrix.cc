// Printing the matrix, and finding what is missing in it.
//
// Thread safety: as in matrix.h.
#include "matrix.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "suite.h"

namespace larder::contract {
namespace {

constexpr int kRules = 21;

/// Which operations a rule speaks of, and why it does not speak of the others.
struct Scope {
  std::string_view calls;  ///< names separated by blanks; empty: none at all
  std::string_view reason;
};

constexpr std::string_view kAllKeyed =
    "get get_ref get_entry metadata contains set erase clear get_or_set get_or_set_ref update "
    "set_if_absent set_if_present compare_and_set increment decrement touch rename take set_tags "
    "get_many set_many erase_many metadata_many get_or_set_many add_index add_index_many "
    "remove_index remove_index_many get_by_index get_by_index_many get_values_by_index "
    "get_values_by_index_many count_by_index count_by_index_many erase_by_index "
    "erase_by_index_many erase_by_tag erase_by_tag_many keys_by_pattern erase_by_pattern scan "
    "scan_index";

constexpr std::array<Scope, kRules + 1> kScopes = {{
    {"", ""},
    {kAllKeyed, "takes no key, pattern, index or context"},
    {"get get_ref get_entry metadata contains set erase update get_or_set get_or_set_ref "
     "set_if_absent set_if_present compare_and_set increment decrement touch rename take set_tags "
     "get_many set_many erase_many metadata_many get_or_set_many add_index remove_index "
     "get_by_index get_values_by_index count_by_index erase_by_index erase_by_tag keys_by_pattern "
     "erase_by_pattern scan scan_index",
     "takes no time to live and looks at entries as its single form does"},
    {"get get_ref get_entry metadata contains set erase clear get_or_set get_or_set_ref "
     "set_if_absent set_if_present compare_and_set touch rename take set_tags get_many set_many "
     "erase_many metadata_many erase_by_tag erase_by_tag_many keys_by_pattern erase_by_pattern "
     "scan update stats",
     "has no miss of its own: rules 9 and 10"},
    {"get get_ref get_entry metadata contains set erase clear get_or_set update set_if_present "
     "compare_and_set increment decrement touch rename take set_tags get_many set_many erase_many "
     "metadata_many add_index get_by_index erase_by_index erase_by_tag erase_by_pattern",
     "neither begins, continues nor ends an entry, or does so as its single form does"},
    {"update get set", "is no update"},
    {"get_or_set get_or_set_ref get_or_set_many stats", "loads nothing"},
    {"get_or_set get_or_set_ref get_or_set_many set set_many set_if_absent set_if_present "
     "compare_and_set increment decrement update rename take erase erase_many clear set_tags "
     "erase_by_index erase_by_index_many erase_by_tag erase_by_tag_many erase_by_pattern",
     "writes and removes no value"},
    {"get get_entry get_many take set set_many set_if_absent update get_or_set get_or_set_ref "
     "get_or_set_many increment erase clear rename",
     "runs no user code of its own, or the same as another"},
    {"increment decrement get set update", "does not count"},
    {"add_index add_index_many remove_index remove_index_many get_by_index get_by_index_many "
     "get_values_by_index get_values_by_index_many count_by_index count_by_index_many "
     "erase_by_index erase_by_index_many erase_by_tag erase_by_tag_many scan_index set set_many "
     "set_if_absent set_if_present compare_and_set update get_or_set erase erase_many take "
     "erase_by_pattern clear",
     "changes and reads no index"},
    {"keys_by_pattern erase_by_pattern scan scan_index add_index add_index_many remove_index "
     "remove_index_many",
     "takes no pattern"},
    {"clear get_or_set set", "is not clear"},
    {"set set_many set_if_absent set_if_present compare_and_set increment decrement update "
     "get_or_set rename get get_ref stats resize",
     "takes no room"},
    {"", "bytes that cannot be used exist where bytes are stored: engines with a codec"},
    {kAllKeyed, "takes no context"},
    {"get get_ref get_entry metadata contains set erase clear get_or_set update set_if_absent "
     "set_if_present compare_and_set increment decrement touch rename take set_tags get_many "
     "set_many erase_many metadata_many get_or_set_many erase_by_index erase_by_tag "
     "erase_by_pattern",
     "has no hooks"},
    {kAllKeyed, "does not pass the seam"},
    {"get set get_or_set close contains erase get_many set_many erase_many metadata metadata_many "
     "update",
     "has nothing to do with providers and closing beyond rule 1"},
    {"", "about options, not operations"},
    {"get get_ref get_entry get_many contains metadata take get_or_set set erase clear update "
     "erase_by_pattern erase_by_tag close",
     "is neither padded nor removes a value of its own"},
    {"", "wire types: engines with a codec"},
}};

bool in_scope(int rule, Call call) {
  const std::string_view calls = kScopes[static_cast<std::size_t>(rule)].calls;
  const std::string_view name = to_string(call);
  for (std::size_t at = calls.find(name); at != std::string_view::npos;
       at = calls.find(name, at + 1)) {
    const bool begins = at == 0 || calls[at - 1] == ' ';
    const std::size_t end = at + name.size();
    if (begins && (end == calls.size() || calls[end] == ' ')) return true;
  }
  return false;
}

int seen(const EngineUnderTest& engine, FaceKind face, int rule, Call call) {
  const auto found = all_sightings().find({engine.name, face, rule, call});
  return found == all_sightings().end() ? 0 : found->second;
}

std::string cell(const EngineUnderTest& engine, int rule, Call call) {
  const int blocking = seen(engine, FaceKind::blocking, rule, call);
  const int coroutine = seen(engine, FaceKind::coroutine, rule, call);
  if (blocking + coroutine > 0) return std::to_string(blocking) + "/" + std::to_string(coroutine);
  if (!in_scope(rule, call)) return "·";
  return engine.capabilities.stores ? "?" : "s";
}

std::string two_digits(int rule) { return (rule < 10 ? "0" : "") + std::to_string(rule); }

void print_engine(std::ostream& out, const EngineUnderTest& engine) {
  out << "\n## " << engine.name << "\n\n| operation |";
  for (int rule = 1; rule <= kRules; ++rule) out << " " << two_digits(rule) << " |";
  out << "\n|---|";
  for (int rule = 1; rule <= kRules; ++rule) out << "---|";
  out << "\n";
  for (std::size_t i = 0; i < kCalls; ++i) {
    const Call call = static_cast<Call>(i);
    out << "| `" << to_string(call) << "` |";
    for (int rule = 1; rule <= kRules; ++rule) out << " " << cell(engine, rule, call) << " |";
    out << "\n";
  }
}

}  // namespace

void print_matrix(std::ostream& out) {
  out << "# Contract matrix\n\nMade by `contract_test --matrix`.\n\n"
         "Rules of the contract by operation. A cell counts the tests that called the operation\n"
         "through the blocking and the coroutine face, over all option sets. `s`: the engine\n"
         "stores nothing, and the rule is about what is stored. `·`: the rule does not speak of\n"
         "the operation, for the reason below.\n";
  for (const EngineUnderTest& engine : all_engines()) print_engine(out, engine);
  out << "\n## Why a cell is `·`\n\n| rule | the operation ... |\n|---|---|\n";
  for (int rule = 1; rule <= kRules; ++rule) {
    out << "| " << two_digits(rule) << " | " << kScopes[static_cast<std::size_t>(rule)].reason
        << " |\n";
  }
}

std::vector<std::string> matrix_gaps() {
  std::vector<std::string> gaps;
  for (const EngineUnderTest& engine : all_engines()) {
    if (!engine.missing.empty()) continue;
    for (int rule = 1; rule <= kRules; ++rule) {
      for (std::size_t i = 0; i < kCalls; ++i) {
        const Call call = static_cast<Call>(i);
        if (!engine.capabilities.stores || !in_scope(rule, call)) continue;
        for (const FaceKind face : {FaceKind::blocking, FaceKind::coroutine}) {
          if (seen(engine, face, rule, call) > 0) continue;
          gaps.push_back("no test of rule " + two_digits(rule) + " calls " +
                         std::string(to_string(call)) + " on " + engine.name + ", " +
                         std::string(to_string(face)));
        }
      }
    }
  }
  return gaps;
}

}  // namespace larder::contract
