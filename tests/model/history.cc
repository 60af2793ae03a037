// Events to JSON lines and back, field by field. See history.h and docs/history-format.md.
// Thread safety: a Recorder locks at registration and collection only.
#include "model/history.h"

#include <algorithm>
#include <charconv>
#include <istream>
#include <ostream>
#include <stdexcept>
#include <tuple>
#include <utility>

#include <boost/json.hpp>

namespace larder::model {
namespace {

namespace json = boost::json;

constexpr int kFormat = 1;

// Keys are bytes, JSON strings are code points: byte b is written as code point U+00b.
std::string to_text(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0 | (byte >> 6));
      text += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return text;
}

std::string to_bytes(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      bytes += text[i];
    } else if ((lead == 0xC2 || lead == 0xC3) && i + 1 < text.size()) {
      const auto next = static_cast<unsigned char>(text[++i]);
      bytes += static_cast<char>(((lead & 0x03) << 6) | (next & 0x3F));
    } else {
      throw std::runtime_error("a string holds a code point above U+00FF");
    }
  }
  return bytes;
}

json::array strings_to_json(const std::vector<std::string>& strings) {
  json::array array;
  for (const std::string& s : strings) array.emplace_back(to_text(s));
  return array;
}

std::vector<std::string> strings_from_json(const json::value& value) {
  std::vector<std::string> strings;
  for (const json::value& s : value.as_array()) strings.push_back(to_bytes(s.as_string()));
  return strings;
}

json::value version_to_json(const VersionId& version) {
  return json::value(std::to_string(version.high) + ":" + std::to_string(version.low));
}

VersionId version_from_json(const json::value& value) {
  const std::string_view text = value.as_string();
  VersionId version;
  const auto [colon, error] = std::from_chars(text.data(), text.data() + text.size(), version.high);
  if (error != std::errc{} || colon == text.data() + text.size() || *colon != ':') {
    throw std::runtime_error("a version is not \"<high>:<low>\"");
  }
  const char* end = text.data() + text.size();
  const auto [rest, low_error] = std::from_chars(colon + 1, end, version.low);
  if (low_error != std::errc{} || rest != end) {
    throw std::runtime_error("a version is not \"<high>:<low>\"");
  }
  return version;
}

// Instants that mean "never" are null.
json::value instant_to_json(std::int64_t instant) {
  return instant == kForever ? json::value(nullptr) : json::value(instant);
}
std::int64_t instant_from_json(const json::value& value) {
  return value.is_null() ? kForever : value.to_number<std::int64_t>();
}

json::object seen_to_json(const Seen& seen) {
  json::object object{{"key", to_text(seen.key)}, {"hit", seen.hit}};
  if (seen.value) object["value"] = *seen.value;
  if (seen.version) object["version"] = version_to_json(*seen.version);
  if (seen.expires_at_ns) object["expires_at"] = instant_to_json(*seen.expires_at_ns);
  if (seen.created_at_ns) object["created_at"] = *seen.created_at_ns;
  if (seen.tags) object["tags"] = strings_to_json(*seen.tags);
  return object;
}

Seen seen_from_json(const json::value& value) {
  const json::object& object = value.as_object();
  Seen seen;
  seen.key = to_bytes(object.at("key").as_string());
  seen.hit = object.at("hit").as_bool();
  if (const auto* v = object.if_contains("value")) seen.value = v->to_number<std::int64_t>();
  if (const auto* v = object.if_contains("version")) seen.version = version_from_json(*v);
  if (const auto* v = object.if_contains("expires_at")) seen.expires_at_ns = instant_from_json(*v);
  if (const auto* v = object.if_contains("created_at")) {
    seen.created_at_ns = v->to_number<std::int64_t>();
  }
  if (const auto* v = object.if_contains("tags")) seen.tags = strings_from_json(*v);
  return seen;
}

json::object load_to_json(const Load& load) {
  return {{"key", to_text(load.key)},
          {"value", load.value},
          {"begin", load.begin_ns},
          {"end", load.end_ns},
          {"ok", load.ok}};
}

Load load_from_json(const json::value& value) {
  const json::object& object = value.as_object();
  return {.key = to_bytes(object.at("key").as_string()),
          .value = object.at("value").to_number<std::int64_t>(),
          .begin_ns = object.at("begin").to_number<std::int64_t>(),
          .end_ns = object.at("end").to_number<std::int64_t>(),
          .ok = object.at("ok").as_bool()};
}

constexpr std::string_view kDecisions[] = {"store", "keep", "erase"};
constexpr std::string_view kOutcomes[] = {"ok", "error", "unknown"};
constexpr std::string_view kTtlKinds[] = {"standard", "forever", "keep"};

template <class Enum, std::size_t N>
Enum from_name(const std::string_view (&names)[N], std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  throw std::runtime_error("unknown word \"" + std::string(name) + "\"");
}
template <class Enum, std::size_t N>
std::string_view to_name(const std::string_view (&names)[N], Enum value) {
  return names[static_cast<std::size_t>(value)];
}

json::value ttl_to_json(const TtlArgument& ttl) {
  if (ttl.kind == TtlArgument::Kind::span) return json::value(ttl.span_ns);
  return json::value(to_name(kTtlKinds, ttl.kind));
}

TtlArgument ttl_from_json(const json::value& value) {
  if (value.is_string()) {
    return {.kind = from_name<TtlArgument::Kind>(kTtlKinds, value.as_string())};
  }
  return {.kind = TtlArgument::Kind::span, .span_ns = value.to_number<std::int64_t>()};
}

json::object updater_to_json(const UpdaterRun& run) {
  json::object object{{"decision", to_name(kDecisions, run.decision)}};
  if (run.old_value) object["old"] = *run.old_value;
  if (run.decision == UpdaterRun::Decision::store) object["new"] = run.new_value;
  return object;
}

UpdaterRun updater_from_json(const json::value& value) {
  const json::object& object = value.as_object();
  UpdaterRun run;
  run.decision = from_name<UpdaterRun::Decision>(kDecisions, object.at("decision").as_string());
  if (const auto* v = object.if_contains("old")) run.old_value = v->to_number<std::int64_t>();
  if (const auto* v = object.if_contains("new")) run.new_value = v->to_number<std::int64_t>();
  return run;
}

void arguments_to_json(const Event& event, json::object& object) {
  if (!event.keys.empty()) object["keys"] = strings_to_json(event.keys);
  if (!event.values.empty())
    object["values"] = json::array(event.values.begin(), event.values.end());
  if (event.expected) object["expected"] = version_to_json(*event.expected);
  if (event.ttl != TtlArgument{}) object["ttl"] = ttl_to_json(event.ttl);
  if (!event.tags.empty()) object["tags"] = strings_to_json(event.tags);
  if (!event.pattern.empty()) object["pattern"] = to_text(event.pattern);
  if (!event.index.empty()) object["index"] = to_text(event.index);
  if (!event.term.empty()) object["term"] = to_text(event.term);
}

void results_to_json(const Event& event, json::object& object) {
  if (!event.error.empty()) object["error"] = event.error;
  if (event.flag) object["flag"] = *event.flag;
  if (event.count) object["count"] = *event.count;
  if (event.number) object["number"] = *event.number;
  if (event.version) object["version"] = version_to_json(*event.version);
  if (!event.seen.empty()) {
    json::array array;
    for (const Seen& seen : event.seen) array.emplace_back(seen_to_json(seen));
    object["seen"] = std::move(array);
  }
  if (!event.loads.empty()) {
    json::array array;
    for (const Load& load : event.loads) array.emplace_back(load_to_json(load));
    object["loads"] = std::move(array);
  }
  if (event.updater) object["updater"] = updater_to_json(*event.updater);
}

json::object event_to_json(const Event& event) {
  json::object object{{"client", event.client},
                      {"op", op_name(event.op)},
                      {"call", event.call_ns},
                      {"return", instant_to_json(event.return_ns)},
                      {"clock_call", event.call_clock_ns},
                      {"clock_return", event.return_clock_ns},
                      {"outcome", to_name(kOutcomes, event.outcome)}};
  arguments_to_json(event, object);
  results_to_json(event, object);
  return object;
}

void arguments_from_json(const json::object& object, Event& event) {
  if (const auto* v = object.if_contains("keys")) event.keys = strings_from_json(*v);
  if (const auto* v = object.if_contains("values")) {
    for (const json::value& n : v->as_array()) event.values.push_back(n.to_number<std::int64_t>());
  }
  if (const auto* v = object.if_contains("expected")) event.expected = version_from_json(*v);
  if (const auto* v = object.if_contains("ttl")) event.ttl = ttl_from_json(*v);
  if (const auto* v = object.if_contains("tags")) event.tags = strings_from_json(*v);
  if (const auto* v = object.if_contains("pattern")) event.pattern = to_bytes(v->as_string());
  if (const auto* v = object.if_contains("index")) event.index = to_bytes(v->as_string());
  if (const auto* v = object.if_contains("term")) event.term = to_bytes(v->as_string());
}

void results_from_json(const json::object& object, Event& event) {
  if (const auto* v = object.if_contains("error")) event.error = std::string(v->as_string());
  if (const auto* v = object.if_contains("flag")) event.flag = v->as_bool();
  if (const auto* v = object.if_contains("count")) event.count = v->to_number<std::int64_t>();
  if (const auto* v = object.if_contains("number")) event.number = v->to_number<std::int64_t>();
  if (const auto* v = object.if_contains("version")) event.version = version_from_json(*v);
  if (const auto* v = object.if_contains("seen")) {
    for (const json::value& seen : v->as_array()) event.seen.push_back(seen_from_json(seen));
  }
  if (const auto* v = object.if_contains("loads")) {
    for (const json::value& load : v->as_array()) event.loads.push_back(load_from_json(load));
  }
  if (const auto* v = object.if_contains("updater")) event.updater = updater_from_json(*v);
}

Event event_from_json(const json::object& object) {
  Event event;
  event.client = object.at("client").to_number<int>();
  const std::string_view name = object.at("op").as_string();
  const auto op = op_from_name(name);
  if (!op) throw std::runtime_error("unknown operation \"" + std::string(name) + "\"");
  event.op = *op;
  event.call_ns = object.at("call").to_number<std::int64_t>();
  event.return_ns = instant_from_json(object.at("return"));
  event.call_clock_ns = object.at("clock_call").to_number<std::int64_t>();
  event.return_clock_ns = object.at("clock_return").to_number<std::int64_t>();
  event.outcome = from_name<Outcome>(kOutcomes, object.at("outcome").as_string());
  arguments_from_json(object, event);
  results_from_json(object, event);
  return event;
}

json::object header_to_json(const History& history) {
  const CacheFacts& facts = history.facts;
  return {{"larder_history", kFormat},
          {"name", history.name},
          {"seed", history.seed},
          {"events", history.events.size()},
          {"keys", strings_to_json(facts.keys)},
          {"declared_index", to_text(facts.declared.name)},
          {"declared_modulus", facts.declared.modulus},
          {"standard_ttl", instant_to_json(facts.standard_ttl_ns)},
          {"clock_tolerance", facts.clock_tolerance_ns},
          {"evictions", facts.evictions}};
}

History header_from_json(const json::object& object) {
  if (object.at("larder_history").to_number<int>() != kFormat) {
    throw std::runtime_error("unknown history format");
  }
  History history;
  history.name = std::string(object.at("name").as_string());
  history.seed = object.at("seed").to_number<std::uint64_t>();
  history.facts.keys = strings_from_json(object.at("keys"));
  history.facts.declared.name = to_bytes(object.at("declared_index").as_string());
  history.facts.declared.modulus = object.at("declared_modulus").to_number<std::int64_t>();
  history.facts.standard_ttl_ns = instant_from_json(object.at("standard_ttl"));
  history.facts.clock_tolerance_ns = object.at("clock_tolerance").to_number<std::int64_t>();
  history.facts.evictions = object.at("evictions").as_bool();
  return history;
}

void add_line(const std::string& line, std::vector<History>& histories) {
  const json::value value = json::parse(line);
  const json::object& object = value.as_object();
  if (object.contains("larder_history")) {
    histories.push_back(header_from_json(object));
    return;
  }
  if (histories.empty()) throw std::runtime_error("an event stands before the header");
  histories.back().events.push_back(event_from_json(object));
}

}  // namespace

ClientLog& Recorder::add_client() {
  const std::lock_guard lock(mutex_);
  return logs_.emplace_back(static_cast<int>(logs_.size()));
}

std::vector<Event> Recorder::collect() const {
  const std::lock_guard lock(mutex_);
  std::vector<Event> all;
  for (const ClientLog& log : logs_) {
    all.insert(all.end(), log.events().begin(), log.events().end());
  }
  std::ranges::sort(all, {}, [](const Event& event) {
    return std::tuple(event.call_ns, event.client, event.return_ns);
  });
  return all;
}

void write_history(std::ostream& out, const History& history) {
  out << json::serialize(header_to_json(history)) << '\n';
  for (const Event& event : history.events) out << json::serialize(event_to_json(event)) << '\n';
}

std::vector<History> read_histories(std::istream& in) {
  std::vector<History> histories;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    try {
      add_line(line, histories);
    } catch (const std::exception& error) {
      throw std::runtime_error("history line " + std::to_string(number) + ": " + error.what());
    }
  }
  return histories;
}

}  // namespace larder::model
