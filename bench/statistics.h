// The statistics of repeated rounds: medians, and what may be said of a ratio of two subjects.
//
// Thread safety: pure functions.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace larder::bench {

// The middle value, of an even number the mean of the two in the middle; 0 of none.
double median(std::vector<double> values);

// How two subjects compare, with a third series of the first one's kind as the control.
struct Ratio {
  double value = 0;   // median over rounds of first to second
  double spread = 0;  // largest departure of the control: 0.05 says that equals differed by 5 %
  double lowest = 0;  // of the rounds
  double highest = 0;

  // Equals have differed by as much.
  [[nodiscard]] bool is_tie() const noexcept;
  // The same of the distance to `target`.
  [[nodiscard]] bool is_near(double target) const noexcept;
};

// Per round: the mean of `first` and `control` over `second`; the spread from `first` over
// `control`. All three are of the same length, which is the number of rounds, and above zero.
Ratio compare(std::span<const double> first, std::span<const double> second,
              std::span<const double> control);

// Of a ratio to a peer: "faster", "slower", or "tie" where is_tie().
std::string_view verdict_of(const Ratio& ratio) noexcept;

}  // namespace larder::bench
