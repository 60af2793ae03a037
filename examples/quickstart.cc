// Quickstart: a cache with a loader, times to live and tags.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "larder/cache.h"
#include "larder/manager.h"

namespace {

struct Product {
  std::string name;
  int cents;
};

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "wrong: %s\n", what);
  std::exit(1);
}

}  // namespace

int main() {
  using namespace std::chrono_literals;
  larder::Manager manager;
  auto opened = manager.open<Product>("products", {.settings = {.max_entries = 10'000}});
  if (!opened) {
    std::fprintf(stderr, "%s\n", std::string(opened.error().message()).c_str());
    return 1;
  }
  const larder::Cache<Product> products = *opened;

  // The loader runs once, however many threads ask at the same time.
  int loads = 0;
  const auto load = [&loads](larder::LoadContext& context) {
    ++loads;
    return larder::Loaded<Product>{.value = {"product " + std::string(context.key()), 1299},
                                   .ttl = 5min,
                                   .tags = {{"shop:berlin"}}};
  };
  for (int i = 0; i < 3; ++i) {
    const auto product = products.get_or_set("42", load);
    require(product.hit() && product->cents == 1299, "get_or_set answers the loaded value");
  }
  std::printf("3 calls, %d load\n", loads);
  require(loads == 1, "one load for all calls");

  // Writes say how long and under which tags they live.
  require(products.set("43", {"lamp", 4500}, {10min, {"shop:berlin", "sale"}}).ok(), "set");
  require(products.set("44", {"chair", 9900}, 1h).ok(), "set");
  const auto metadata = products.metadata("43");
  require(metadata.hit() && metadata->tags.size() == 2, "the entry knows its tags");

  // A miss is no error; an update is atomic and never brings back what is gone.
  require(products.get("nothing").miss(), "an absent key is a miss");
  const auto cheaper = products.update("44", [](const Product* old) -> larder::Change<Product> {
    if (old == nullptr) return larder::keep;
    return larder::store(Product{old->name, old->cents / 2});
  });
  require(cheaper.ok() && cheaper->value->cents == 4950, "update stores the new price");

  // Everything of one shop goes at once.
  const auto erased = products.erase_by_tag("shop:berlin");
  require(erased.ok() && *erased == 2, "erase_by_tag erases both");
  const auto left = products.keys_by_pattern("4?");
  require(left.ok() && left->size() == 1 && left->front() == "44", "the chair is left");
  std::printf("erased %zu by tag, left: %s; hit ratio %.2f\n", *erased, left->front().c_str(),
              products.stats().hit_ratio());
}
