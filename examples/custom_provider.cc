// A provider of one's own: an engine that answers from a constant table, under the same Cache<T>,
// hooks, middleware and rules as the engines that Larder brings.
#include <cstdio>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "larder/cache.h"
#include "larder/manager.h"

using namespace larder;

namespace {

using Table = std::map<std::string, std::string, std::less<>>;
const Table kCountries = {{"at", "Austria"}, {"de", "Germany"}};

// Read-only, so that it needs no lock. What it does not know is `not_supported`.
class TableEngine final : public Engine {
 public:
  Progress start(Operation& op) noexcept override {
    if (op.code == Opcode::get || op.code == Opcode::contains) {
      auto& reads = static_cast<KeyOperation&>(op);
      for (Item& item : reads.items) read(item, reads.deliver);
    } else {
      op.error = Error(Errc::not_supported, "the table is read-only");
    }
    return Progress::done;
  }
  bool leave(Operation&) noexcept override { return false; }  // nothing is ever pending
  bool closed() const noexcept override { return closed_.stop_requested(); }
  void collect(Stats& stats) const override { stats.entries += kCountries.size(); }
  Health health(const Context&) override { return {}; }
  Result<void> close(std::optional<std::int64_t>) override {
    closed_.request_stop();
    return {};
  }
  Result<void> resize(std::size_t, std::size_t) override { return {}; }
  void maintain() override {}
  std::string validate() const override { return {}; }

 private:
  static void read(Item& item, Deliver deliver) noexcept {
    const auto found = kCountries.find(item.key);
    if (found == kCountries.end()) return;
    item.hit = true;
    item.version = Version(1, 1);
    if (deliver == Deliver::copy) ::new (item.value) std::string(found->second);
    if (deliver == Deliver::pin) {  // the table is always there: nothing to give back
      item.pin = Pin(&found->second, nullptr, [](void*, const void*) noexcept {}, item.version);
    }
  }
  std::stop_source closed_;  // a flag that threads may share
};

struct TableProvider final : Provider {
  Result<std::shared_ptr<Engine>> open(const CacheSettings&,
                                       std::shared_ptr<const CacheTraits> traits) override {
    const bool strings = traits->ops == &kValueOps<std::string>;
    if (!strings) return Error(Errc::invalid_config, "the table holds strings");
    return std::shared_ptr<Engine>(std::make_shared<TableEngine>());
  }
};

}  // namespace

int main() {
  Manager manager;
  if (!manager.register_provider("table", std::make_shared<TableProvider>())) return 1;
  auto names = manager.open<std::string>("countries", {.settings = {.provider = "table"}}).value();
  const auto pinned = names.get_ref("de");
  const bool right = names.get("at").value_or("") == "Austria" && names.get("xx").miss() &&
                     names.set("fr", "France").code() == Errc::not_supported &&
                     names.get("").code() == Errc::invalid_key &&  // checked for every engine
                     !manager.open<int>("numbers", {.settings = {.provider = "table"}}).ok() &&
                     names.close().ok() && names.get("de").code() == Errc::closed;
  std::printf("de is %s: %s\n", (**pinned).c_str(), right ? "as expected" : "wrong");
  return right ? 0 : 1;
}
