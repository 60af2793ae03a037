// Judges each problem of a history, writes counterexamples and sums statistics. See checker.h.
// Thread safety: pure functions.
#include "model/checker.h"

#include <algorithm>
#include <iomanip>
#include <ostream>
#include <set>
#include <sstream>

#include "model/decompose.h"

namespace larder::model {
namespace {

constexpr std::size_t kShrinkBelow = 400;  // steps of a window that are worth shortening
constexpr std::size_t kShown = 60;         // steps of a window that are printed

/// The window between the last instant without open calls and the step that cannot be placed;
/// reads are left out as long as the rest alone is still impossible.
class Counterexample {
 public:
  Counterexample(const History& history, const Problem& problem, const Rules& rules,
                 const Limits& limits, Interner& names, const Search& failed)
      : history_(history),
        problem_(problem),
        rules_(rules),
        limits_(limits),
        names_(names),
        start_(failed.window_start()),
        atoms_(failed.window_atoms()),
        failed_(failed.failed_atom()),
        tried_(failed.tried()) {}

  std::string text() {
    if (atoms_.size() <= kShrinkBelow) shrink();
    std::ostringstream out;
    out << "no order explains these calls; keys:";
    for (const std::string& key : problem_.keys) out << " \"" << key << '"';
    out << "\n  before, one of:\n";
    for (std::size_t i = 0; i < std::min<std::size_t>(start_.size(), 8); ++i) {
      out << "    " << describe(start_[i], problem_, names_) << '\n';
    }
    if (start_.size() > 8) out << "    ... and " << start_.size() - 8 << " more\n";
    out << "  calls (* cannot have answered so):\n";
    print_calls(out);
    out << "  states tried when * returned:\n";
    for (const std::string& state : tried_) out << "    " << state << '\n';
    return out.str();
  }

 private:
  bool impossible(const std::vector<int>& atoms) {
    Search search(problem_, rules_, limits_, names_);
    if (search.run(start_, atoms, failed_).verdict != Verdict::violation) return false;
    failed_ = search.failed_atom();
    tried_ = search.tried();
    return true;
  }

  /// Leaving out a step that changes nothing takes a demand away and allows no order more: what
  /// stays impossible is a counterexample.
  void shrink() {
    if (!impossible(atoms_)) return;
    for (std::size_t i = atoms_.size(); i-- > 0;) {
      if (!problem_.atoms[atoms_[i]].pure || atoms_[i] == failed_) continue;
      std::vector<int> fewer = atoms_;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      if (impossible(fewer)) atoms_ = std::move(fewer);
      i = std::min(i, atoms_.size());
    }
  }

  void print_calls(std::ostream& out) const {
    const std::size_t hidden = atoms_.size() > kShown ? atoms_.size() - kShown : 0;
    if (hidden > 0) out << "      ... " << hidden << " earlier steps\n";
    std::set<int> printed;
    for (std::size_t i = hidden; i < atoms_.size(); ++i) {
      const Atom& atom = problem_.atoms[atoms_[i]];
      const bool marked = atoms_[i] == failed_;
      if (!printed.insert(atom.event).second && !marked) continue;
      out << (marked ? "    * " : "      ") << describe(history_.events[atom.event]);
      if (marked && problem_.keys.size() > 1) out << "  (key " << problem_.keys[atom.key] << ')';
      out << '\n';
    }
  }

  const History& history_;
  const Problem& problem_;
  const Rules& rules_;
  const Limits& limits_;
  Interner& names_;
  std::vector<State> start_;
  std::vector<int> atoms_;
  int failed_;
  std::vector<std::string> tried_;
};

void measure_overlap(const History& history, Statistics& statistics) {
  std::vector<std::pair<std::int64_t, std::int64_t>> calls;
  for (const Event& event : history.events) {
    if (event.return_ns == kForever) continue;
    calls.emplace_back(event.call_ns, event.return_ns);
    statistics.open_ns += static_cast<long double>(event.return_ns - event.call_ns);
  }
  std::ranges::sort(calls);
  std::int64_t covered_until = std::numeric_limits<std::int64_t>::min();
  for (const auto& [from, until] : calls) {
    if (until <= covered_until) continue;
    statistics.covered_ns += static_cast<long double>(until - std::max(from, covered_until));
    covered_until = until;
  }
}

Statistics measure(const History& history) {
  Statistics statistics;
  statistics.histories = 1;
  statistics.events = history.events.size();
  for (const Event& event : history.events) {
    ++statistics.operations[static_cast<std::size_t>(event.op)];
    statistics.errors += event.outcome == Outcome::error ? 1 : 0;
    statistics.unknown_outcomes += event.outcome == Outcome::unknown ? 1 : 0;
    statistics.loads += event.loads.size();
  }
  measure_overlap(history, statistics);
  return statistics;
}

void check_problem(const History& history, const Problem& problem, const Rules& rules,
                   const CheckOptions& options, Interner& names, CheckReport& report) {
  Search search(problem, rules, options.limits, names);
  const SearchReport found = search.run();
  report.statistics.steps += found.steps;
  report.statistics.expiries += found.expiries;
  report.statistics.largest_frontier =
      std::max(report.statistics.largest_frontier, found.largest_frontier);
  if (found.verdict == Verdict::violation) {
    report.violations.push_back(
        Counterexample(history, problem, rules, options.limits, names, search).text());
  } else if (found.verdict == Verdict::undecided) {
    std::string keys = "keys";
    for (const std::string& key : problem.keys) keys += " \"" + key + "\"";
    report.undecided.push_back(keys + ": " + found.explanation);
  }
}

}  // namespace

CheckReport check(const History& history, const CheckOptions& options) {
  CheckReport report;
  report.statistics = measure(history);
  Interner names;
  Decomposition parts = decompose(history, names);
  report.violations = std::move(parts.violations);
  const CacheFacts& facts = history.facts;
  const Rules rules{.clock_tolerance_ns = facts.clock_tolerance_ns,
                    .standard_ttl_ns = facts.standard_ttl_ns,
                    .evictions = facts.evictions,
                    .one_load_per_flight = options.one_load_per_flight,
                    .declared = facts.declared};
  for (const Problem& problem : parts.problems) {
    check_problem(history, problem, rules, options, names, report);
  }
  if (!report.violations.empty()) {
    report.verdict = Verdict::violation;
  } else if (!report.undecided.empty()) {
    report.verdict = Verdict::undecided;
  }
  return report;
}

std::string CheckReport::text() const {
  std::ostringstream out;
  static constexpr std::string_view kVerdicts[] = {"linearizable", "VIOLATION", "UNDECIDED"};
  out << kVerdicts[static_cast<int>(verdict)] << '\n';
  for (const std::string& violation : violations) out << violation << '\n';
  for (const std::string& reason : undecided) out << "undecided: " << reason << '\n';
  return out.str();
}

void Statistics::add(const Statistics& other) {
  histories += other.histories;
  events += other.events;
  errors += other.errors;
  unknown_outcomes += other.unknown_outcomes;
  loads += other.loads;
  expiries += other.expiries;
  steps += other.steps;
  largest_frontier = std::max(largest_frontier, other.largest_frontier);
  for (std::size_t i = 0; i < operations.size(); ++i) operations[i] += other.operations[i];
  open_ns += other.open_ns;
  covered_ns += other.covered_ns;
}

std::ostream& operator<<(std::ostream& out, const Statistics& statistics) {
  out << "histories " << statistics.histories << ", operations " << statistics.events
      << ", mean overlap " << std::fixed << std::setprecision(2) << statistics.mean_overlap()
      << ", expiries " << statistics.expiries << ", loads " << statistics.loads << ", errors "
      << statistics.errors << ", unknown outcomes " << statistics.unknown_outcomes
      << "\nchecker: configurations " << statistics.steps << ", largest frontier "
      << statistics.largest_frontier << "\noperations:";
  for (int op = 0; op < kOpCount; ++op) {
    out << ' ' << op_name(static_cast<Op>(op)) << ' '
        << statistics.operations[static_cast<std::size_t>(op)];
  }
  return out << '\n';
}

}  // namespace larder::model
