// The checker against histories written by hand: each bad one is rejected, and the nearest good
// one is accepted, so that neither verdict is an accident.
#include "model/checker.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/history_builder.h"

namespace larder::model {
namespace {

using namespace build;  // NOLINT(google-build-using-namespace): the file is written in it

constexpr auto kKeep = UpdaterRun::Decision::keep;
constexpr auto kErase = UpdaterRun::Decision::erase;

struct Pair {
  std::string name;
  std::vector<Call> bad;
  std::vector<Call> good;
};

std::vector<Pair> single_key_pairs() {
  return {
      {"read_of_a_value_never_written",
       {{0, 1, set("a", 1)}, {2, 3, get("a", 2)}},
       {{0, 1, set("a", 2)}, {2, 3, get("a", 2)}}},
      {"stale_read_after_an_acknowledged_set",
       {{0, 1, set("a", 1)}, {2, 3, set("a", 2)}, {4, 5, get("a", 1)}},
       {{0, 1, set("a", 1)}, {2, 4, set("a", 2)}, {3, 5, get("a", 1)}}},
      {"reads_go_back_in_time",
       {{0, 1, set("a", 1)}, {2, 9, set("a", 2)}, {3, 4, get("a", 2)}, {5, 6, get("a", 1)}},
       {{0, 1, set("a", 1)}, {2, 9, set("a", 2)}, {3, 4, get("a", 1)}, {5, 6, get("a", 2)}}},
      {"miss_after_an_acknowledged_set",
       {{0, 1, set("a", 1)}, {2, 3, contains("a", false)}},
       {{0, 2, set("a", 1)}, {1, 3, contains("a", false)}}},
      {"hit_after_an_acknowledged_erase",
       {{0, 1, set("a", 1)}, {2, 3, erase("a", true)}, {4, 5, get("a", 1)}},
       {{0, 1, set("a", 1)}, {2, 4, erase("a", true)}, {3, 5, get("a", 1)}}},
      {"two_erases_claim_one_entry",
       {{0, 1, set("a", 1)}, {2, 5, erase("a", true)}, {3, 4, erase("a", true)}},
       {{0, 1, set("a", 1)}, {2, 5, erase("a", true)}, {3, 4, erase("a", false)}}},
      {"two_takes_get_one_entry",
       {{0, 1, set("a", 1)}, {2, 5, take("a", 1)}, {3, 4, take("a", 1)}},
       {{0, 1, set("a", 1)}, {2, 5, take("a", miss)}, {3, 4, take("a", 1)}}},
  };
}

std::vector<Pair> read_modify_write_pairs() {
  return {
      {"two_set_if_absent_win",
       {{0, 5, set_if_absent("a", 1, true)}, {1, 4, set_if_absent("a", 2, true)}},
       {{0, 5, set_if_absent("a", 1, true)},
        {1, 4, set_if_absent("a", 2, true)},
        {2, 3, erase("a", true)}}},
      {"set_if_absent_loses_against_nobody",
       {{0, 1, set_if_absent("a", 1, false)}, {2, 3, set("a", 2)}},
       {{0, 3, set_if_absent("a", 1, false)}, {1, 2, set("a", 2)}}},
      {"set_if_present_without_an_entry",
       {{0, 1, set_if_present("a", 1, true)}},
       {{0, 3, set_if_present("a", 1, true)}, {1, 2, set("a", 5)}}},
      {"touch_of_an_erased_entry",
       {{0, 1, set("a", 1)}, {2, 3, erase("a", true)}, {4, 5, touch("a", true)}},
       {{0, 1, set("a", 1)}, {2, 3, erase("a", true)}, {4, 5, touch("a", false)}}},
      {"increments_collide",
       {{0, 5, increment("a", 1, 1)}, {1, 4, increment("a", 1, 1)}},
       {{0, 5, increment("a", 1, 2)}, {1, 4, increment("a", 1, 1)}}},
      {"increment_of_another_sum",
       {{0, 1, set("a", 5)}, {2, 3, increment("a", 2, 8)}},
       {{0, 1, set("a", 5)}, {2, 3, increment("a", 2, 7)}}},
      {"overflow_far_from_the_limit",
       {{0, 1, set("a", 5)}, {2, 3, failed(increment("a", 1, 0), "out_of_range")}},
       {{0, 1, set("a", std::numeric_limits<std::int64_t>::max())},
        {2, 3, failed(increment("a", 1, 0), "out_of_range")}}},
      {"update_lost",
       {{0, 1, set("a", 1)}, {2, 6, update_store("a", 1, 2)}, {3, 5, update_store("a", 1, 3)}},
       {{0, 1, set("a", 1)}, {2, 6, update_store("a", 1, 2)}, {3, 5, update_store("a", 2, 3)}}},
      {"update_saw_what_was_erased",
       {{0, 1, set("a", 1)}, {2, 3, erase("a", true)}, {4, 5, update_store("a", 1, 2)}},
       {{0, 1, set("a", 1)}, {2, 3, erase("a", true)}, {4, 5, update_store("a", miss, 2)}}},
      {"update_erase_leaves_the_entry",
       {{0, 1, set("a", 1)}, {2, 3, update("a", 1, kErase)}, {4, 5, get("a", 1)}},
       {{0, 1, set("a", 1)}, {2, 3, update("a", 1, kErase)}, {4, 5, get("a", miss)}}},
      {"update_answers_what_it_did_not_store",
       {{0, 1, answering(update_store("a", miss, 2), 3)}},
       {{0, 1, answering(update_store("a", miss, 2), 2)}}},
      {"update_keep_saw_the_future",
       {{0, 1, update("a", 1, kKeep)}, {2, 3, set("a", 1)}},
       {{0, 3, update("a", 1, kKeep)}, {1, 2, set("a", 1)}}},
      {"failed_writes_have_no_effect",
       {{0, 1, failed(set("a", 1), "vetoed")}, {2, 3, get("a", 1)}},
       {{0, 1, failed(set("a", 1), "vetoed")}, {2, 3, get("a", miss)}}},
      {"set_tags_without_effect",
       {{0, 1, set("a", 1)}, {2, 3, set_tags("a", {"x"}, true)}, {4, 5, metadata("a", {})}},
       {{0, 1, set("a", 1)}, {2, 3, set_tags("a", {"x"}, true)}, {4, 5, metadata("a", {"x"})}}},
      {"tags_survive_an_overwrite",
       {{0, 1, with_tags(set("a", 1), {"x"})}, {2, 3, set("a", 2)}, {4, 5, metadata("a", {"x"})}},
       {{0, 1, with_tags(set("a", 1), {"x"})},
        {2, 3, increment("a", 1, 2)},
        {4, 5, metadata("a", {"x"})}}},
  };
}

std::vector<Pair> version_pairs() {
  return {
      {"cas_with_a_replaced_version",
       {{0, 1, set("a", 1, 1)}, {2, 3, set("a", 2, 2)}, {4, 5, cas("a", 1, 3, true)}},
       {{0, 1, set("a", 1, 1)}, {2, 3, set("a", 2, 2)}, {4, 5, cas("a", 2, 3, true)}}},
      {"cas_fails_with_the_right_version",
       {{0, 1, set("a", 1, 1)}, {2, 3, cas("a", 1, 3, false)}},
       {{0, 1, set("a", 1, 1)}, {2, 3, cas("a", 9, 3, false)}}},
      {"cas_absent_over_an_entry",
       {{0, 1, set("a", 1)}, {2, 3, cas("a", 0, 3, true)}},
       {{0, 1, erase("a", false)}, {2, 3, cas("a", 0, 3, true)}}},
      {"two_cas_win_with_one_version",
       {{0, 1, set("a", 1, 1)}, {2, 6, cas("a", 1, 2, true)}, {3, 5, cas("a", 1, 3, true)}},
       {{0, 1, set("a", 1, 1)}, {2, 6, cas("a", 1, 2, true)}, {3, 5, cas("a", 1, 3, false)}}},
      {"two_writes_answer_one_version",
       {{0, 1, set("a", 1, 1)}, {2, 3, set("a", 2, 1)}},
       {{0, 1, set("a", 1, 1)}, {2, 3, set("a", 2, 2)}}},
      {"one_version_on_two_keys",
       {{0, 1, set("a", 1, 1)}, {2, 3, set("b", 2)}, {4, 5, get_entry("b", 2, 1)}},
       {{0, 1, set("a", 1, 1)}, {2, 3, set("b", 2)}, {4, 5, get_entry("b", 2, 2)}}},
      {"an_unseen_version_returns_after_re_creation",
       {{0, 1, set("a", 1)},
        {2, 3, get_entry("a", 1, 7)},
        {4, 5, erase("a", true)},
        {6, 7, set("a", 1)},
        {8, 9, get_entry("a", 1, 7)}},
       {{0, 1, set("a", 1)},
        {2, 3, get_entry("a", 1, 7)},
        {4, 5, erase("a", true)},
        {6, 7, set("a", 1)},
        {8, 9, get_entry("a", 1, 8)}}},
      {"one_entry_shows_two_versions",
       {{0, 1, set("a", 1, 1)}, {2, 3, get_entry("a", 1, 2)}},
       {{0, 1, set("a", 1, 1)}, {2, 3, get_entry("a", 1, 1)}}},
      {"an_increment_keeps_the_version",
       {{0, 1, set("a", 1, 1)}, {2, 3, increment("a", 1, 2)}, {4, 5, get_entry("a", 2, 1)}},
       {{0, 1, set("a", 1, 1)}, {2, 3, increment("a", 1, 2)}, {4, 5, get_entry("a", 2, 5)}}},
      {"update_answers_the_version_of_an_older_write",
       {{0, 1, set("a", 1, 1)}, {2, 3, with_version(update_store("a", 1, 2), 1)}},
       {{0, 1, set("a", 1, 1)}, {2, 3, with_version(update_store("a", 1, 2), 2)}}},
  };
}

std::vector<Pair> time_pairs() {
  return {
      {"read_at_the_expiry_instant",
       {{0, 1, with_ttl(set("a", 1), 10)}, {2, 3, at_clock(get("a", 1), 10, 10)}},
       {{0, 1, with_ttl(set("a", 1), 10)}, {2, 3, at_clock(get("a", 1), 9, 9)}}},
      {"gone_before_the_expiry_instant",
       {{0, 1, with_ttl(set("a", 1), 10)}, {2, 3, at_clock(get("a", miss), 9, 9)}},
       {{0, 1, with_ttl(set("a", 1), 10)}, {2, 3, at_clock(get("a", miss), 9, 10)}}},
      {"touch_of_an_expired_entry",
       {{0, 1, with_ttl(set("a", 1), 10)}, {2, 3, at_clock(touch("a", true), 11, 11)}},
       {{0, 1, with_ttl(set("a", 1), 10)}, {2, 3, at_clock(touch("a", false), 11, 11)}}},
      {"touch_does_not_prolong",
       {{0, 1, with_ttl(set("a", 1), 10)},
        {2, 3, at_clock(with_ttl(touch("a", true), 10), 5, 5)},
        {4, 5, at_clock(get("a", miss), 12, 12)}},
       {{0, 1, with_ttl(set("a", 1), 10)},
        {2, 3, at_clock(with_ttl(touch("a", true), 10), 5, 5)},
        {4, 5, at_clock(get("a", miss), 15, 15)}}},
      {"increment_renews_the_expiry",
       {{0, 1, with_ttl(set("a", 1), 10)},
        {2, 3, at_clock(with_ttl(increment("a", 1, 2), 10), 5, 5)},
        {4, 5, at_clock(get("a", 2), 12, 12)}},
       {{0, 1, with_ttl(set("a", 1), 10)},
        {2, 3, at_clock(with_ttl(increment("a", 1, 2), 10), 5, 5)},
        {4, 5, at_clock(get("a", 2), 9, 9)}}},
      {"increment_counts_on_after_expiry",
       {{0, 1, with_ttl(set("a", 5), 10)}, {2, 3, at_clock(increment("a", 1, 6), 10, 10)}},
       {{0, 1, with_ttl(set("a", 5), 10)}, {2, 3, at_clock(increment("a", 1, 1), 10, 10)}}},
      {"keep_restarts_the_time_to_live",
       {{0, 1, with_ttl(set("a", 1, 1), 10)},
        {2, 3, at_clock(cas("a", 1, 2, true), 5, 5)},
        {4, 5, at_clock(get("a", 2), 10, 10)}},
       {{0, 1, with_ttl(set("a", 1, 1), 10)},
        {2, 3, at_clock(cas("a", 1, 2, true), 5, 5)},
        {4, 5, at_clock(get("a", 2), 5, 10)}}},
      {"reported_expiry_is_not_the_one_set",
       {{0, 1, with_ttl(set("a", 1), 10)}, {2, 3, seen_expiry(get_entry("a", 1, 1), 12)}},
       {{0, 1, with_ttl(set("a", 1), 10)}, {2, 3, seen_expiry(get_entry("a", 1, 1), 10)}}},
      {"two_different_expiries_reported",
       {{0, 1, at_clock(with_ttl(set("a", 1), 10), 0, 4)},
        {2, 3, seen_expiry(get_entry("a", 1, 1), 11)},
        {4, 5, seen_expiry(get_entry("a", 1, 1), 13)}},
       {{0, 1, at_clock(with_ttl(set("a", 1), 10), 0, 4)},
        {2, 3, seen_expiry(get_entry("a", 1, 1), 13)},
        {4, 5, seen_expiry(get_entry("a", 1, 1), 13)}}},
  };
}

std::vector<Pair> load_pairs() {
  return {
      {"a_load_begun_before_an_erase_is_published",
       {{0, 9, loaded("a", 7, 1, 6)}, {2, 3, erase("a", false)}, {10, 11, get("a", 7)}},
       {{0, 9, loaded("a", 7, 4, 6)}, {2, 3, erase("a", false)}, {10, 11, get("a", 7)}}},
      {"a_load_overwrites_a_set",
       {{0, 9, loaded("a", 7, 1, 6)}, {2, 3, set("a", 8)}, {10, 11, get("a", 7)}},
       {{0, 9, loaded("a", 7, 1, 6)}, {2, 3, set("a", 8)}, {10, 11, get("a", 8)}}},
      {"a_load_begun_before_clear_is_published",
       {{0, 9, loaded("a", 7, 1, 6)}, {2, 3, clear()}, {10, 11, get("a", 7)}},
       {{0, 9, loaded("a", 7, 1, 6)}, {5, 8, clear()}, {10, 11, get("a", miss)}}},
      {"a_load_escapes_a_tag_erase",
       {{0, 9, with_tags(loaded("a", 7, 1, 6), {"x"})},
        {2, 3, erase_by_tag("x", 0)},
        {10, 11, get("a", 7)}},
       {{0, 9, with_tags(loaded("a", 7, 1, 6), {"y"})},
        {2, 3, erase_by_tag("x", 0)},
        {10, 11, get("a", 7)}}},
      {"a_load_escapes_an_index_erase",
       {{0, 9, loaded("a", 7, 1, 6)},
        {2, 3, counted(by_index(Op::erase_by_index, "t3"), 0)},
        {10, 11, get("a", 7)}},
       {{0, 9, loaded("a", 7, 1, 6)},
        {2, 3, counted(by_index(Op::erase_by_index, "t2"), 0)},
        {10, 11, get("a", 7)}}},
      {"a_late_caller_joins_an_invalidated_load",
       {{0, 9, loaded("a", 7, 1, 6)}, {2, 3, erase("a", false)}, {4, 8, joined("a", 7)}},
       {{0, 9, loaded("a", 7, 1, 6)}, {3, 5, erase("a", false)}, {4, 8, joined("a", 7)}}},
      {"joined_nothing",
       {{0, 3, loaded("a", 7, 1, 2)}, {4, 5, erase("a", true)}, {6, 7, joined("a", 7)}},
       {{0, 3, loaded("a", 7, 1, 2)}, {4, 5, touch("a", true)}, {6, 7, joined("a", 7)}}},
      {"two_loads_at_once",
       {{0, 9, loaded("a", 7, 2, 6)}, {1, 8, loaded("a", 8, 3, 5)}},
       {{0, 20, loaded("a", 7, 2, 9)}, {3, 4, erase("a", false)}, {5, 8, loaded("a", 8, 6, 7)}}},
      {"a_load_although_the_key_was_there",
       {{0, 1, set("a", 1)}, {2, 9, loaded("a", 7, 3, 4)}},
       {{0, 1, set("a", 1)}, {2, 9, loaded("a", 7, 5, 6)}, {3, 4, erase("a", true)}}},
      {"an_undisturbed_load_is_not_kept",
       {{0, 3, loaded("a", 7, 1, 2)}, {4, 5, get("a", miss)}},
       {{0, 3, loaded("a", 7, 1, 2)}, {4, 5, get("a", 7)}}},
  };
}

std::vector<Pair> bulk_pairs() {
  return {
      {"clear_misses_a_key",
       {{0, 1, set("a", 1)}, {2, 3, clear()}, {4, 5, get("a", 1)}},
       {{0, 4, set("a", 1)}, {2, 3, clear()}, {4, 5, get("a", 1)}}},
      {"erase_many_counts_too_many",
       {{0, 1, set("a", 1)}, {2, 3, erase_many({"a", "b"}, 2)}},
       {{0, 1, set_many({{"a", 1}, {"b", 2}})}, {2, 3, erase_many({"a", "b"}, 2)}}},
      {"erase_many_counts_too_few",
       {{0, 1, set_many({{"a", 1}, {"b", 2}})}, {2, 3, erase_many({"a", "b"}, 0)}},
       {{0, 3, set_many({{"a", 1}, {"b", 2}})}, {2, 3, erase_many({"a", "b"}, 0)}}},
      {"counts_are_summed_within_a_rename_pair",
       {{0, 1, rename("a", "b", false)}, {2, 3, set("a", 1)}, {4, 5, erase_by_pattern("*", 0)}},
       {{0, 1, rename("a", "b", false)}, {2, 3, set("a", 1)}, {4, 5, erase_by_pattern("*", 1)}}},
      {"erase_by_pattern_spares_a_match",
       {{0, 1, set("ab", 1)}, {2, 3, erase_by_pattern("a?", 1)}, {4, 5, get("ab", 1)}},
       {{0, 1, set("ab", 1)}, {2, 3, erase_by_pattern("b?", 0)}, {4, 5, get("ab", 1)}}},
      {"erase_by_tag_takes_the_untagged",
       {{0, 1, set("a", 1)}, {2, 3, erase_by_tag("x", 1)}},
       {{0, 1, with_tags(set("a", 1), {"x"})}, {2, 3, erase_by_tag("x", 1)}}},
      {"listing_shows_what_is_gone",
       {{0, 1, set("a", 1)}, {2, 3, erase("a", true)}, {4, 5, keys_by_pattern("*", {"a"})}},
       {{0, 1, set("a", 1)}, {2, 4, erase("a", true)}, {3, 5, keys_by_pattern("*", {"a"})}}},
      {"listing_misses_a_key",
       {{0, 1, set("a", 1)}, {2, 3, keys_by_pattern("*", {})}},
       {{0, 1, set("a", 1)}, {2, 3, keys_by_pattern("b*", {})}}},
      {"listing_shows_a_key_twice",
       {{0, 1, set("a", 1)}, {2, 3, keys_by_pattern("*", {"a", "a"})}},
       {{0, 1, set("a", 1)}, {2, 3, keys_by_pattern("*", {"a"})}}},
      {"get_many_answers_for_the_wrong_key",
       {{0, 1, set_many({{"a", 1}, {"b", 2}})}, {2, 3, get_many({{"a", 2}, {"b", 1}})}},
       {{0, 1, set_many({{"a", 1}, {"b", 2}})}, {2, 3, get_many({{"a", 1}, {"b", 2}})}}},
  };
}

std::vector<Pair> index_pairs() {
  return {
      {"index_shows_the_former_value",
       {{0, 1, set("a", 1)}, {2, 3, set("a", 2)}, {4, 5, get_by_index("t1", {"a"})}},
       {{0, 1, set("a", 1)}, {2, 4, set("a", 2)}, {3, 5, get_by_index("t1", {"a"})}}},
      {"index_lacks_the_value",
       {{0, 1, set("a", 1)}, {2, 3, get_by_index("t1", {})}},
       {{0, 2, set("a", 1)}, {1, 3, get_by_index("t1", {})}}},
      {"index_shows_a_key_under_two_terms_for_good",
       {{0, 1, set("a", 1)}, {2, 3, counted(by_index(Op::count_by_index, "t2"), 1)}},
       {{0, 1, set("a", 1)}, {2, 3, counted(by_index(Op::count_by_index, "t1"), 1)}}},
      {"erase_by_index_takes_a_former_member",
       {{0, 1, set("a", 1)},
        {2, 3, set("a", 2)},
        {4, 5, counted(by_index(Op::erase_by_index, "t1"), 1)}},
       {{0, 1, set("a", 1)},
        {2, 5, set("a", 2)},
        {4, 6, counted(by_index(Op::erase_by_index, "t1"), 1)}}},
      {"values_by_index_shows_the_former_value",
       {{0, 1, set("a", 1)}, {2, 3, set("a", 5)}, {4, 5, values_by_index("t1", {1})}},
       {{0, 1, set("a", 1)}, {2, 3, set("a", 5)}, {4, 5, values_by_index("t1", {5})}}},
      {"values_by_index_lacks_a_member",
       {{0, 1, set_many({{"a", 1}, {"b", 5}})}, {4, 5, values_by_index("t1", {})}},
       {{0, 1, set_many({{"a", 1}, {"b", 5}})}, {4, 5, values_by_index("t1", {5, 1})}}},
      {"bound_terms_outlive_the_life",
       {{0, 1, set("a", 1)},
        {2, 3, in_bound_index(Op::add_index, "a", "x")},
        {4, 5, erase("a", true)},
        {6, 7, set("a", 2)},
        {8, 9, found(in_bound_index(Op::get_by_index, "", "x"), {"a"})}},
       {{0, 1, set("a", 1)},
        {2, 3, in_bound_index(Op::add_index, "a", "x")},
        {6, 7, set("a", 2)},
        {8, 9, found(in_bound_index(Op::get_by_index, "", "x"), {"a"})}}},
      {"removed_terms_stay",
       {{0, 1, set("a", 1)},
        {2, 3, in_bound_index(Op::add_index, "a", "x")},
        {4, 5, in_bound_index(Op::remove_index, "*", "x")},
        {8, 9, found(in_bound_index(Op::get_by_index, "", "x"), {"a"})}},
       {{0, 1, set("a", 1)},
        {2, 3, in_bound_index(Op::add_index, "a", "x")},
        {4, 5, in_bound_index(Op::remove_index, "b*", "x")},
        {8, 9, found(in_bound_index(Op::get_by_index, "", "x"), {"a"})}}},
  };
}

std::vector<Pair> rename_pairs() {
  return {
      {"rename_leaves_the_source",
       {{0, 1, set("a", 1)}, {2, 3, rename("a", "b", true)}, {4, 5, get("a", 1)}},
       {{0, 1, set("a", 1)}, {2, 3, rename("a", "b", true)}, {4, 5, get("b", 1)}}},
      {"rename_of_nothing", {{0, 1, rename("a", "b", true)}}, {{0, 1, rename("a", "b", false)}}},
      {"a_clear_that_is_over_takes_the_source_of_a_rename",
       {{0, 1, set("a", 1)},
        {2, 4, clear()},
        {3, 5, get("a", miss)},
        {6, 7, set("a", 2)},
        {8, 9, rename("a", "b", false)}},
       {{0, 1, set("a", 1)},
        {2, 10, clear()},
        {3, 5, get("a", miss)},
        {6, 7, set("a", 2)},
        {8, 9, rename("a", "b", false)}}},
      {"rename_spares_the_destination",
       {{0, 1, set_many({{"a", 1}, {"b", 2}})},
        {2, 3, rename("a", "b", true)},
        {4, 5, get("b", 2)}},
       {{0, 1, set_many({{"a", 1}, {"b", 2}})},
        {2, 3, rename("a", "b", true)},
        {4, 5, get("b", 1)}}},
      {"for_a_moment_at_neither_key",
       {{0, 1, set("a", 1)},
        {2, 9, rename("a", "b", true)},
        {3, 4, get("a", miss)},
        {5, 6, get("b", miss)}},
       {{0, 1, set("a", 1)},
        {2, 9, rename("a", "b", true)},
        {3, 4, get("b", miss)},
        {5, 6, get("a", miss)}}},
      {"for_a_moment_at_both_keys",
       {{0, 1, set("a", 1)},
        {2, 9, rename("a", "b", true)},
        {3, 4, get("b", 1)},
        {5, 6, get("a", 1)}},
       {{0, 1, set("a", 1)},
        {2, 9, rename("a", "b", true)},
        {3, 4, get("a", 1)},
        {5, 6, get("b", 1)}}},
      {"rename_renews_the_expiry",
       {{0, 1, with_ttl(set("a", 1), 10)},
        {2, 3, at_clock(rename("a", "b", true), 5, 5)},
        {4, 5, at_clock(get("b", 1), 10, 10)}},
       {{0, 1, with_ttl(set("a", 1), 10)},
        {2, 3, at_clock(rename("a", "b", true), 5, 5)},
        {4, 5, at_clock(get("b", 1), 9, 9)}}},
      {"a_load_overwrites_what_was_renamed_to_its_key",
       {{0, 1, set("a", 1)},
        {2, 9, loaded("b", 7, 3, 6)},
        {4, 5, rename("a", "b", true)},
        {10, 11, get("b", 7)}},
       {{0, 1, set("a", 1)},
        {2, 9, loaded("b", 7, 3, 6)},
        {4, 5, rename("a", "b", true)},
        {10, 11, get("b", 1)}}},
  };
}

std::vector<Pair> open_ended_pairs() {
  return {
      {"an_unknown_set_takes_effect_before_its_call",
       {{0, 1, get("a", 1)}, {2, 3, unknown(set("a", 1))}},
       {{2, 3, unknown(set("a", 1))}, {8, 9, get("a", 1)}}},
      {"an_unknown_set_happens_twice",
       {{0, 1, unknown(set("a", 1))},
        {2, 3, get("a", 1)},
        {4, 5, erase("a", true)},
        {6, 7, get("a", 1)}},
       {{0, 1, unknown(set("a", 1))},
        {2, 3, get("a", miss)},
        {4, 5, erase("a", false)},
        {6, 7, get("a", 1)}}},
      {"an_unknown_set_is_no_excuse_for_another_value",
       {{0, 1, unknown(set("a", 1))}, {2, 3, get("a", 2)}},
       {{0, 1, unknown(set("a", 1))}, {2, 3, get("a", miss)}}},
      {"an_unknown_increment_counts_once",
       {{0, 1, unknown(increment("a", 1, 0))}, {2, 3, increment("a", 1, 3)}},
       {{0, 1, unknown(increment("a", 1, 0))}, {2, 3, increment("a", 1, 2)}}},
      {"an_unknown_clear_takes_each_key_once",
       {{0, 1, set("a", 1)},
        {2, 3, unknown(clear())},
        {4, 5, get("a", miss)},
        {6, 7, set("a", 2)},
        {8, 9, get("a", miss)}},
       {{0, 1, set("a", 1)},
        {2, 3, unknown(clear())},
        {4, 5, get("a", 1)},
        {6, 7, set("a", 2)},
        {8, 9, get("a", miss)}}},
  };
}

std::vector<Pair> all_pairs() {
  std::vector<Pair> all;
  for (const auto& part :
       {single_key_pairs(), read_modify_write_pairs(), version_pairs(), time_pairs(), load_pairs(),
        bulk_pairs(), index_pairs(), rename_pairs(), open_ended_pairs()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

class HandWritten : public testing::TestWithParam<Pair> {};

TEST_P(HandWritten, BadIsRejected) {
  const CheckReport report = check(history_of(GetParam().bad));
  EXPECT_TRUE(report.verdict == Verdict::violation) << report.text();
  ASSERT_FALSE(report.violations.empty());
}

TEST_P(HandWritten, GoodIsAccepted) {
  const CheckReport report = check(history_of(GetParam().good));
  EXPECT_TRUE(report.ok()) << report.text();
}

INSTANTIATE_TEST_SUITE_P(Pairs, HandWritten, testing::ValuesIn(all_pairs()),
                         [](const auto& pair) { return pair.param.name; });

TEST(Checker, EvictionsAreAllowedOnlyWhereTheFactsSaySo) {
  History history = history_of({{0, 1, set("a", 1)}, {2, 3, get("a", miss)}});
  EXPECT_TRUE(check(history).verdict == Verdict::violation);
  history.facts.evictions = true;
  EXPECT_TRUE(check(history).ok());
  history = history_of({{0, 1, set("a", 1)}, {2, 3, get("a", miss)}, {4, 5, get("a", 1)}});
  history.facts.evictions = true;
  EXPECT_TRUE(check(history).verdict == Verdict::violation);
}

TEST(Checker, TheToleranceBoundsEarlyAndLateExpiry) {
  const auto verdict = [](Value value, std::int64_t clock, std::int64_t tolerance) {
    History history = history_of(
        {{0, 1, with_ttl(set("a", 1), 100)}, {2, 3, at_clock(get("a", value), clock, clock)}});
    history.facts.clock_tolerance_ns = tolerance;
    return check(history).verdict;
  };
  EXPECT_TRUE(verdict(1, 104, 2) == Verdict::violation);  // twice: when written and when read
  EXPECT_TRUE(verdict(1, 103, 2) == Verdict::linearizable);
  EXPECT_TRUE(verdict(miss, 95, 2) == Verdict::violation);
  EXPECT_TRUE(verdict(miss, 96, 2) == Verdict::linearizable);
}

TEST(Checker, StandardTimeToLiveIsAFact) {
  History history = history_of({{0, 1, set("a", 1)}, {2, 3, at_clock(get("a", miss), 1000, 1000)}});
  EXPECT_TRUE(check(history).verdict == Verdict::violation);
  history.facts.standard_ttl_ns = 1000;
  EXPECT_TRUE(check(history).ok());
}

TEST(Checker, TooMuchIsUndecidedAndNeverOk) {
  std::vector<Call> calls;
  for (int i = 0; i < 12; ++i) calls.push_back({0, 100, set("a", i)});
  calls.push_back({0, 100, get("a", 99)});
  CheckOptions options;
  options.limits.max_configurations = 50;
  const CheckReport report = check(history_of(calls), options);
  EXPECT_TRUE(report.verdict == Verdict::undecided);
  EXPECT_FALSE(report.ok());
  ASSERT_EQ(report.undecided.size(), 1U);
  EXPECT_NE(report.undecided[0].find("configurations"), std::string::npos);
  EXPECT_TRUE(check(history_of(calls)).verdict == Verdict::violation);

  options.limits = {.max_steps = 20};
  EXPECT_TRUE(check(history_of(calls), options).verdict == Verdict::undecided);
}

TEST(Checker, WhatIsLeftOutHidesNoViolationAndMakesNone) {
  std::vector<Call> calls;
  for (int i = 0; i < 12; ++i) calls.push_back({0, 100, set("a", i)});
  calls.push_back({101, 102, get("a", 3)});
  CheckOptions options;
  options.limits.max_configurations = 50;
  EXPECT_TRUE(check(history_of(calls), options).verdict != Verdict::violation);
  calls.back().event = get("a", 99);
  EXPECT_TRUE(check(history_of(calls), options).verdict == Verdict::undecided);
  EXPECT_TRUE(check(history_of(calls)).verdict == Verdict::violation);
}

TEST(Checker, TooManyOpenCallsAreUndecided) {
  std::vector<Call> calls;
  for (int i = 0; i < SlotSet::kSlots + 1; ++i) calls.push_back({0, 100, touch("a", false)});
  EXPECT_TRUE(check(history_of(calls)).verdict == Verdict::undecided);
}

TEST(Checker, AViolationOnOneKeyOutweighsAnUndecidedOne) {
  std::vector<Call> calls;
  for (int i = 0; i < 12; ++i) calls.push_back({0, 100, set("a", i)});
  calls.push_back({0, 100, get("a", 99)});
  calls.push_back({0, 1, get("b", 1)});
  CheckOptions options;
  options.limits.max_configurations = 50;
  const CheckReport report = check(history_of(calls), options);
  EXPECT_TRUE(report.verdict == Verdict::violation);
  EXPECT_EQ(report.undecided.size(), 1U);
}

TEST(Checker, CounterexamplesLeaveOutWhatIsNotNeeded) {
  std::vector<Call> calls = {{0, 99, set("a", 1)}};
  for (int i = 0; i < 20; ++i) calls.push_back({10 + i, 12 + i, contains("a", false)});
  calls.push_back({50, 51, get("a", 2)});
  const CheckReport report = check(history_of(calls));
  ASSERT_EQ(report.violations.size(), 1U);
  EXPECT_EQ(report.violations[0].find("contains"), std::string::npos) << report.violations[0];
  EXPECT_NE(report.violations[0].find("* client 21 get(\"a\") -> {a:hit 2}"), std::string::npos)
      << report.violations[0];
}

TEST(Checker, MeasuresOverlap) {
  const CheckReport report = check(history_of({{0, 10, contains("a", false)},
                                               {5, 15, contains("a", false)},
                                               {100, 105, contains("b", false)}}));
  EXPECT_DOUBLE_EQ(report.statistics.mean_overlap(), 25.0 / 20.0);
  EXPECT_EQ(report.statistics.operations[static_cast<std::size_t>(Op::contains)], 3U);
}

TEST(Checker, CountsExpiries) {
  const CheckReport report =
      check(history_of({{0, 1, with_ttl(set("a", 1), 10)},
                        {2, 3, at_clock(get("a", miss), 20, 20)},
                        {4, 5, at_clock(set_if_absent("a", 2, true), 20, 20)},
                        {6, 7, at_clock(get("a", 2), 20, 20)}}));
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.statistics.expiries, 2U);
}

}  // namespace
}  // namespace larder::model
