// Building the columns of a Zipf distribution.
//
// Thread safety: see zipf.h.
#include "bench/zipf.h"

#include <cmath>

namespace larder::bench {
namespace {

double weight(std::uint32_t rank, double exponent) {
  return std::pow(static_cast<double>(rank) + 1.0, -exponent);
}

}  // namespace

Zipf::Zipf(std::uint32_t count, double exponent) : exponent_(exponent), columns_(count) {
  std::vector<double> parts(count);  // in columns: 1 is a full one
  for (std::uint32_t rank = 0; rank < count; ++rank) {
    parts[rank] = weight(rank, exponent);
    sum_ += parts[rank];
  }
  std::vector<std::uint32_t> small;
  std::vector<std::uint32_t> large;
  for (std::uint32_t rank = 0; rank < count; ++rank) {
    parts[rank] *= count / sum_;
    (parts[rank] < 1.0 ? small : large).push_back(rank);
  }
  while (!small.empty() && !large.empty()) {
    const std::uint32_t poor = small.back();
    const std::uint32_t rich = large.back();
    small.pop_back();
    columns_[poor] = {static_cast<float>(parts[poor]), rich};
    parts[rich] -= 1.0 - parts[poor];
    if (parts[rich] < 1.0) {
      large.pop_back();
      small.push_back(rich);
    }
  }
  for (const std::uint32_t rank : small) columns_[rank] = {1.0F, rank};  // full but for rounding
  for (const std::uint32_t rank : large) columns_[rank] = {1.0F, rank};
}

double Zipf::probability(std::uint32_t rank) const { return weight(rank, exponent_) / sum_; }

double Zipf::probability_of_first(std::uint32_t count) const {
  double sum = 0;
  for (std::uint32_t rank = 0; rank < count && rank < columns_.size(); ++rank) {
    sum += weight(rank, exponent_);
  }
  return sum / sum_;
}

}  // namespace larder::bench
