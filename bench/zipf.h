// Zipf(s) over n ranks: rank r, from 0, is drawn with a probability in proportion to 1 / (r + 1)^s.
// Used for the streams of requests.
//
// Thread safety: constant after construction; each thread brings its own Random.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/random.h"

namespace larder::bench {

// Exact, by the alias method: each of n columns holds a part of its own rank and, above a
// threshold, a part of one other rank. A draw is one column and one threshold. 8 bytes a rank.
class Zipf {
 public:
  // `count` at least 1; `exponent` 0 is the uniform distribution.
  Zipf(std::uint32_t count, double exponent);

  std::uint32_t draw(Random& random) const noexcept {
    const std::uint32_t column = random.below(static_cast<std::uint32_t>(columns_.size()));
    const Column& found = columns_[column];
    return static_cast<float>(random.unit()) < found.own ? column : found.other;
  }

  // Of one rank, from the definition.
  [[nodiscard]] double probability(std::uint32_t rank) const;
  // Of the `count` most popular ranks: the best hit ratio that a fixed content can have.
  [[nodiscard]] double probability_of_first(std::uint32_t count) const;

 private:
  struct Column {
    float own;  // the part of the column that is its own rank's
    std::uint32_t other;
  };

  double exponent_;
  double sum_ = 0;  // of the weights
  std::vector<Column> columns_;
};

}  // namespace larder::bench
