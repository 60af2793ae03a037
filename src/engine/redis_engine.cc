// The Redis engine's dispatch and its life.
// Thread safety: see redis_engine.h.
#include "engine/redis_engine.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "engine/redis_entries.h"
#include "engine/redis_keys.h"
#include "engine/redis_loader.h"
#include "engine/redis_search.h"
#include "engine/trampoline.h"
#include "flight/load_chain.h"
#include "larder/clock.h"

namespace larder::engine {
namespace {

class RedisProvider final : public Provider {
 public:
  explicit RedisProvider(std::shared_ptr<Scheduler> scheduler) : scheduler_(std::move(scheduler)) {}

  Result<std::shared_ptr<Engine>> open(const CacheSettings& settings,
                                       std::shared_ptr<const CacheTraits> traits) override {
    if (traits->ops->encode == nullptr) {
      return Error(Errc::invalid_config,
                   "provider: 'redis' stores bytes, and there is no larder::Codec for " +
                       std::string(traits->type_name));
    }
    auto client = client_for(settings);
    if (!client.ok()) return client.error();
    return std::shared_ptr<Engine>(std::make_shared<RedisEngine>(
        settings, std::move(traits), *std::move(client), scheduler_, loaders_));
  }

 private:
  Result<std::shared_ptr<RedisClient>> client_for(const CacheSettings& settings) {
    const std::string name = settings.redis_url + ' ' + std::to_string(settings.redis_connections) +
                             (settings.secure_wipe ? " wiped" : "");
    sync::MutexLock lock(mutex_);
    std::weak_ptr<RedisClient>& known = clients_[name];
    if (auto client = known.lock()) return client;
    auto target = redis::parse_url(settings.redis_url);
    if (!target.ok()) return target.error();
    RedisClientOptions options;
    options.target = *std::move(target);
    options.connections = settings.redis_connections;
    options.secure_wipe = settings.secure_wipe;
    auto client = RedisClient::create(std::move(options), default_clock());
    if (!client.ok()) return client.error();
    (*client)->start();
    known = *client;
    return client;
  }

  // constant
  const std::shared_ptr<Scheduler> scheduler_;
  const std::shared_ptr<LoaderThreads> loaders_ = std::make_shared<LoaderThreads>();
  sync::Mutex mutex_{sync::Rank::kManager};
  // By what makes a client; bound: the settings that a program opens caches with.
  std::map<std::string, std::weak_ptr<RedisClient>> clients_ LARDER_GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<Provider> redis_provider(std::shared_ptr<Scheduler> scheduler) {
  return std::make_shared<RedisProvider>(std::move(scheduler));
}

RedisEngine::RedisEngine(const CacheSettings& settings, std::shared_ptr<const CacheTraits> traits,
                         std::shared_ptr<RedisClient> client, std::shared_ptr<Scheduler> scheduler,
                         std::shared_ptr<LoaderThreads> loaders)
    : space_(settings, std::move(traits), std::move(client)),
      scheduler_(std::move(scheduler)),
      loader_threads_(std::move(loaders)),
      loads_(*this, space_.settings, space_.traits->clock, scheduler_) {}

RedisEngine::~RedisEngine() = default;

RedisTurnSetup RedisEngine::setup() {
  return {.client = *space_.client,
          .clock = *space_.traits->clock,
          .client_clock = *default_clock(),
          .scheduler = *scheduler_,
          .loaders = *loader_threads_,
          .timeout = space_.settings.redis_timeout,
          .owner = shared_from_this()};
}

Progress RedisEngine::start(Operation& op) noexcept {
  const auto turn = std::make_shared<RedisTurn>(op, setup());
  const RedisWay way{space_, *turn};
  if (!op.may_wait) op.engine_state = turn;
  if (op.code == Opcode::load) return start_load(static_cast<LoadOperation&>(op), turn);
  if (op.code <= Opcode::rename) return turn->run(run_keys(way, static_cast<KeyOperation&>(op)));
  if (op.code == Opcode::update) {
    return turn->run(run_update(way, static_cast<UpdateOperation&>(op)));
  }
  return turn->run(run_search(way, static_cast<SearchOperation&>(op)));
}

namespace {

// Hits are delivered; of the other keys it is noted which lease was seen there, and when.
Task<void> read_for_load(RedisWay way, LoadOperation& op) {
  const Version instant(way.space.flights.instant(), 1);
  std::vector<std::string> entries;
  std::vector<std::string_view> keys;
  for (Item& item : op.items) {
    item.expected = instant;
    entries.push_back(way.space.layout.entry(item.key));
    keys.push_back(item.key);
  }
  const auto opened = co_await read_entries(way, entries, keys);
  if (!opened.ok()) {
    op.error = opened.error();
    co_return;
  }
  op.error = co_await note_uses(way, entries, *opened);
  if (op.error) co_return;
  for (std::size_t i = 0; i < op.items.size(); ++i) {
    const Opened& one = (*opened)[i];
    way.space.tally.add(one.live() ? memory::Tally::kHits : memory::Tally::kMisses);
    if (!deliver(way.space, one, Deliver::pin, op.items[i])) op.items[i].version = one.lease;
  }
}

}  // namespace

Progress RedisEngine::start_load(LoadOperation& op, const std::shared_ptr<RedisTurn>& turn) {
  op.engine_state = turn;
  // Here, for the flow may go on where nothing is known of the loads that this call runs in.
  if (op.context.chain == nullptr) op.context.chain = flight::current_chain();
  op.loader = std::make_shared<RedisLoader>(RedisLoadSetup{space_, [this] { return setup(); }},
                                            op.loader, op.write);
  const auto share = std::make_shared<std::shared_ptr<LoadCall>>();
  RedisTurn::Sequel sequel{
      .start = [this, &op, share] { return loads_.start(op, shared_from_this(), share.get()); },
      .leave = [this, share] { return loads_.leave(*share); }};
  return turn->run(read_for_load({space_, *turn}, op), std::move(sequel));
}

bool RedisEngine::find_live_locked(const LoadPlace& place, Item& item) {
  space_.flights.compare_locked(place, item.version, item.expected.high());
  item.version = Version::absent();
  return false;
}

// The value was published by the RedisLoader that ran.
LoadEnd RedisEngine::publish(const LoadPlace&, flight::Flight&, LoadOutcome& outcome,
                             const WriteOptions&) {
  auto& loaded = *static_cast<LoadedValue*>(outcome.value);
  return {.value = std::move(loaded.pin), .error = {}, .fenced = loaded.fenced};
}

void RedisEngine::load_began() noexcept {
  sync::MutexLock lock(mutex_);
  ++loading_;
}

void RedisEngine::load_ended() noexcept {
  sync::MutexLock lock(mutex_);
  if (--loading_ == 0) idle_.notify_all();
}

void RedisEngine::count_end(const LoadEnd& end) noexcept {
  if (end.error) space_.tally.add(memory::Tally::kLoadFailures);
  if (end.fenced) space_.tally.add(memory::Tally::kLoadsFenced);
}

bool RedisEngine::leave(Operation& op) noexcept {
  const auto turn = std::static_pointer_cast<RedisTurn>(op.engine_state);
  return turn != nullptr && turn->leave();
}

void RedisEngine::collect(Stats& stats) const {
  space_.tally.report(stats);
  stats.hook_failures += space_.hook_failures.load_relaxed();
  space_.flights.report(stats.flights, stats.waiters);
}

Health RedisEngine::health(const Context& context) {
  const Clock& clock = *default_clock();
  const std::int64_t start_ns = clock.now_ns();
  std::int64_t limit_ns = space_.settings.redis_timeout.count() * 1'000'000;
  if (context.deadline_ns) {
    limit_ns = std::min(limit_ns, *context.deadline_ns - space_.traits->clock->now_ns());
  }
  std::vector<RedisCall::Ptr> calls;
  for (std::size_t i = 0; i < space_.settings.redis_connections; ++i) {
    calls.push_back(RedisCall::make());
    calls.back()->add(std::string_view("PING"));
    calls.back()->deadline_ns = start_ns + limit_ns;
    space_.client->send_on(i, *calls.back());
  }
  for (const RedisCall::Ptr& call : calls) call->over.wait_until(start_ns + limit_ns, clock);
  Health health = space_.client->health();
  health.latency = std::chrono::nanoseconds(clock.now_ns() - start_ns);
  for (const RedisCall::Ptr& call : calls) {
    if (!call->has_ended()) health.reasons.emplace_back("no answer to PING in time");
    if (call->has_ended() && call->error()) health.reasons.emplace_back(call->error()->message());
  }
  if (closed()) {
    health.state = Health::State::down;
    health.reasons.emplace_back("the cache is closed");
  }
  return health;
}

Result<void> RedisEngine::close(std::optional<std::int64_t> deadline_ns) {
  closed_.store_release(true);  // pairs with closed()
  loads_.close(Error(Errc::closed, "the cache was closed while the value was loaded"));
  Trampoline::flush();  // waiting for loaders must not hold up the callers that have their answer
  if (flight::current_chain() != nullptr)
    return {};  // called by a loader: it would wait for itself
  const Clock& clock = *space_.traits->clock;
  sync::UniqueLock lock(mutex_);
  while (loading_ != 0) {
    if (!idle_.wait_until(lock, deadline_ns.value_or(sync::kNoDeadlineNs), clock)) {
      return Error(Errc::deadline_exceeded, "loaders still run after the deadline of close");
    }
  }
  return {};
}

}  // namespace larder::engine
