// Names of operations, and events in words for counterexamples. See event.h.
// Thread safety: pure functions.
#include "model/event.h"

#include <array>
#include <sstream>

namespace larder::model {
namespace {

constexpr std::array<std::string_view, kOpCount> kNames = {"get",
                                                           "get_ref",
                                                           "get_entry",
                                                           "contains",
                                                           "metadata",
                                                           "set",
                                                           "set_if_absent",
                                                           "set_if_present",
                                                           "compare_and_set",
                                                           "erase",
                                                           "take",
                                                           "touch",
                                                           "set_tags",
                                                           "rename",
                                                           "increment",
                                                           "decrement",
                                                           "update",
                                                           "get_or_set",
                                                           "get_many",
                                                           "metadata_many",
                                                           "set_many",
                                                           "erase_many",
                                                           "get_or_set_many",
                                                           "clear",
                                                           "erase_by_pattern",
                                                           "erase_by_index",
                                                           "erase_by_tag",
                                                           "add_index",
                                                           "remove_index",
                                                           "keys_by_pattern",
                                                           "scan",
                                                           "get_by_index",
                                                           "get_values_by_index",
                                                           "count_by_index"};

template <class Range, class Print>
void print_list(std::ostream& out, const Range& range, Print print) {
  const char* separator = "";
  for (const auto& element : range) {
    out << separator;
    print(element);
    separator = ", ";
  }
}

void print_ttl(std::ostream& out, const TtlArgument& ttl) {
  switch (ttl.kind) {
    case TtlArgument::Kind::standard:
      return;
    case TtlArgument::Kind::forever:
      out << " ttl=forever";
      return;
    case TtlArgument::Kind::keep:
      out << " ttl=keep";
      return;
    case TtlArgument::Kind::span:
      out << " ttl=" << ttl.span_ns << "ns";
      return;
  }
}

void print_arguments(std::ostream& out, const Event& event) {
  out << '(';
  print_list(out, event.keys, [&](const std::string& key) { out << '"' << key << '"'; });
  if (!event.pattern.empty()) out << " pattern=" << event.pattern;
  if (!event.index.empty()) out << ' ' << event.index << '=' << event.term;
  if (!event.values.empty()) {
    out << "; ";
    print_list(out, event.values, [&](std::int64_t value) { out << value; });
  }
  if (event.expected) out << " expected " << describe(*event.expected);
  if (!event.tags.empty()) {
    out << " tags=";
    print_list(out, event.tags, [&](const std::string& tag) { out << tag; });
  }
  print_ttl(out, event.ttl);
  out << ')';
}

void print_seen(std::ostream& out, const Seen& seen) {
  out << seen.key << (seen.hit ? ":hit" : ":miss");
  if (seen.value) out << ' ' << *seen.value;
  if (seen.version) out << ' ' << describe(*seen.version);
  if (seen.expires_at_ns) {
    out << " expires ";
    if (*seen.expires_at_ns == kForever) {
      out << "never";
    } else {
      out << *seen.expires_at_ns;
    }
  }
  if (seen.created_at_ns) out << " created " << *seen.created_at_ns;
  if (seen.tags) {
    out << " tags {";
    print_list(out, *seen.tags, [&](const std::string& tag) { out << tag; });
    out << '}';
  }
}

void print_updater(std::ostream& out, const UpdaterRun& run) {
  out << " updater(";
  if (run.old_value) {
    out << *run.old_value;
  } else {
    out << "nothing";
  }
  switch (run.decision) {
    case UpdaterRun::Decision::store:
      out << " => store " << run.new_value << ')';
      return;
    case UpdaterRun::Decision::keep:
      out << " => keep)";
      return;
    case UpdaterRun::Decision::erase:
      out << " => erase)";
      return;
  }
}

void print_results(std::ostream& out, const Event& event) {
  out << " ->";
  if (event.outcome == Outcome::unknown) out << " unknown";
  if (event.outcome == Outcome::error) out << " error";
  if (!event.error.empty()) out << ' ' << event.error;
  if (event.flag) out << (*event.flag ? " true" : " false");
  if (event.count) out << " count " << *event.count;
  if (event.number) out << ' ' << *event.number;
  if (event.version) out << ' ' << describe(*event.version);
  if (!event.seen.empty()) {
    out << " {";
    print_list(out, event.seen, [&](const Seen& seen) { print_seen(out, seen); });
    out << '}';
  }
  for (const Load& load : event.loads) {
    out << " loaded " << load.key << '=' << load.value << (load.ok ? "" : " (failed)") << " ["
        << load.begin_ns << ", " << load.end_ns << ']';
  }
  if (event.updater) print_updater(out, *event.updater);
}

}  // namespace

std::string_view op_name(Op op) { return kNames[static_cast<std::size_t>(op)]; }

std::optional<Op> op_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Op>(i);
  }
  return std::nullopt;
}

std::string DeclaredIndex::term_of(std::int64_t value) const {
  return "t" + std::to_string(((value % modulus) + modulus) % modulus);
}

std::string describe(const VersionId& version) {
  if (version.is_absent()) return "v-absent";
  return "v" + std::to_string(version.high) + ":" + std::to_string(version.low);
}

std::string describe(const Event& event) {
  std::ostringstream out;
  out << "client " << event.client << ' ' << op_name(event.op);
  print_arguments(out, event);
  print_results(out, event);
  out << " [" << event.call_ns << ", ";
  if (event.return_ns == kForever) {
    out << "open";
  } else {
    out << event.return_ns;
  }
  out << "] clock [" << event.call_clock_ns << ", " << event.return_clock_ns << ']';
  return out.str();
}

}  // namespace larder::model
