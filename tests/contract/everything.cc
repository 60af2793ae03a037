// One call of each operation.
//
// Thread safety: as in everything.h.
#include "everything.h"

#include <span>
#include <string_view>
#include <vector>

namespace larder::contract {
namespace {

template <class R>
std::optional<Errc> code_of(const R& answer) {
  return answer.ok() ? std::nullopt : std::optional(answer.error().code());
}

void call_keys(const Face<std::int64_t>& c, const std::string& key, Answers& answers) {
  const auto load = [] { return std::int64_t{1}; };
  const auto update = [](const std::int64_t*) { return std::int64_t{1}; };
  answers[Call::get] = code_of(c.get(key));
  answers[Call::get_ref] = code_of(c.get_ref(key));
  answers[Call::get_entry] = code_of(c.get_entry(key));
  answers[Call::metadata] = code_of(c.metadata(key));
  answers[Call::contains] = code_of(c.contains(key));
  answers[Call::set] = code_of(c.set(key, 1));
  answers[Call::get_or_set] = code_of(c.get_or_set(key, load));
  answers[Call::get_or_set_ref] = code_of(c.get_or_set_ref(key, load));
  answers[Call::update] = code_of(c.update(key, update));
  answers[Call::set_if_absent] = code_of(c.set_if_absent(key, 1));
  answers[Call::set_if_present] = code_of(c.set_if_present(key, 1));
  answers[Call::compare_and_set] = code_of(c.compare_and_set(key, Version::absent(), 1));
  answers[Call::increment] = code_of(c.increment(key));
  answers[Call::decrement] = code_of(c.decrement(key));
  answers[Call::touch] = code_of(c.touch(key, std::chrono::hours(1)));
  answers[Call::set_tags] = code_of(c.set_tags(key, {"tag"}));
  answers[Call::rename] = code_of(c.rename(key, "another"));
  answers[Call::erase] = code_of(c.erase(key));
  answers[Call::take] = code_of(c.take(key));
}

void call_batches(const Face<std::int64_t>& c, const std::string& key, Answers& answers) {
  const auto load = [](std::span<const std::string_view> missing) {
    return std::vector<std::int64_t>(missing.size(), 1);
  };
  answers[Call::get_many] = code_of(c.get_many({key}));
  answers[Call::set_many] = code_of(c.set_many({{key, 1}}));
  answers[Call::metadata_many] = code_of(c.metadata_many({key}));
  answers[Call::get_or_set_many] = code_of(c.get_or_set_many({key}, load));
  answers[Call::erase_many] = code_of(c.erase_many({key}));
}

void call_indexes(const Face<std::int64_t>& c, const Arguments& with, Answers& answers) {
  const auto& [key, pattern, index, term] = with;
  answers[Call::add_index] = code_of(c.add_index(index, pattern, term));
  answers[Call::add_index_many] = code_of(c.add_index_many(index, pattern, {term}));
  answers[Call::get_by_index] = code_of(c.get_by_index(index, term));
  answers[Call::get_by_index_many] = code_of(c.get_by_index_many(index, {term}));
  answers[Call::get_values_by_index] = code_of(c.get_values_by_index(index, term));
  answers[Call::get_values_by_index_many] = code_of(c.get_values_by_index_many(index, {term}));
  answers[Call::count_by_index] = code_of(c.count_by_index(index, term));
  answers[Call::count_by_index_many] = code_of(c.count_by_index_many(index, {term}));
  answers[Call::remove_index] = code_of(c.remove_index(index, pattern, term));
  answers[Call::remove_index_many] = code_of(c.remove_index_many(index, pattern, {term}));
  answers[Call::erase_by_index] = code_of(c.erase_by_index(index, term));
  answers[Call::erase_by_index_many] = code_of(c.erase_by_index_many(index, {term}));
  answers[Call::erase_by_tag] = code_of(c.erase_by_tag(term));
  answers[Call::erase_by_tag_many] = code_of(c.erase_by_tag_many({term}));
  answers[Call::scan_index] = code_of(c.scan_index(index, pattern, "", 10));
}

}  // namespace

Answers call_everything(const Face<std::int64_t>& cache, const Arguments& arguments) {
  Answers answers;
  call_keys(cache, arguments.key, answers);
  call_batches(cache, arguments.key, answers);
  call_indexes(cache, arguments, answers);
  answers[Call::keys_by_pattern] = code_of(cache.keys_by_pattern(arguments.pattern));
  answers[Call::scan] = code_of(cache.scan(arguments.pattern, "", 10));
  answers[Call::erase_by_pattern] = code_of(cache.erase_by_pattern(arguments.pattern));
  answers[Call::clear] = code_of(cache.clear());
  return answers;
}

bool names_keys(Call call) noexcept { return call <= Call::get_or_set_many && call != Call::clear; }

bool names_patterns(Call call) noexcept {
  return (call >= Call::add_index && call <= Call::remove_index_many) ||
         (call >= Call::keys_by_pattern && call <= Call::scan_index);
}

}  // namespace larder::contract
