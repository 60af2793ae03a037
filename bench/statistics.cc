// Medians and ratios of rounds.
//
// Thread safety: see statistics.h.
#include "bench/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace larder::bench {
namespace {

// 1.25 and 0.8 are as far from 1.
double departure(double ratio) { return std::exp(std::abs(std::log(ratio))) - 1.0; }

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  if (values.size() % 2 == 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

bool Ratio::is_tie() const noexcept { return is_near(1.0); }

bool Ratio::is_near(double target) const noexcept {
  return value > 0 && departure(value / target) <= spread;
}

Ratio compare(std::span<const double> first, std::span<const double> second,
              std::span<const double> control) {
  const std::size_t rounds = std::min({first.size(), second.size(), control.size()});
  std::vector<double> ratios;
  Ratio result;
  for (std::size_t i = 0; i < rounds; ++i) {
    if (!(first[i] > 0 && second[i] > 0 && control[i] > 0)) continue;
    ratios.push_back((first[i] + control[i]) / 2 / second[i]);
    result.spread = std::max(result.spread, departure(first[i] / control[i]));
  }
  if (ratios.empty()) return result;
  result.lowest = *std::min_element(ratios.begin(), ratios.end());
  result.highest = *std::max_element(ratios.begin(), ratios.end());
  result.value = median(std::move(ratios));
  return result;
}

std::string_view verdict_of(const Ratio& ratio) noexcept {
  if (ratio.is_tie()) return "tie";
  return ratio.value > 1 ? "faster" : "slower";
}

}  // namespace larder::bench
