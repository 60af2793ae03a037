// The protocol of leases.
//
// A missing key is open until it is mine or has ended:
//   open --lease taken--> mine --the user's loader--> published, lost, fenced, failed: ended
//   open --a value is there--> ended             open --somebody else holds the lease--> open,
//   later
// Thread safety: see redis_loader.h.
#include "engine/redis_loader.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "base/prng.h"
#include "engine/heap_value.h"
#include "engine/redis_entries.h"
#include "engine/redis_lease_keeper.h"
#include "engine/retry.h"
#include "redis/open_part.h"

namespace larder::engine {
namespace {

using namespace std::chrono_literals;

// One key of a load.
struct Part {
  std::string_view key;  // the ticket's
  std::string entry;
  enum class State : std::uint8_t { open, mine, ended } state = State::open;
  Version token{};           // of the lease, once it is mine
  std::string generation;    // of erases, at the beginning
  bool unpublished = false;  // what lies there is foreign: loaded for the callers alone
  LoadedValue value;
  LoadOutcome outcome;
};

// What the user's loader answered for one key, out of its hands.
struct Answer {
  LoadOutcome::Kind kind = LoadOutcome::Kind::absent;
  std::optional<HeapValue> value;
  std::optional<Ttl> ttl;
  std::optional<std::vector<std::string>> tags;
  std::optional<Error> error;
};

// The user's loader while it runs for some keys: its session, and whoever waits for its end.
class UserLoad final : public LoadSession {
 public:
  UserLoad(const RedisSpace& space, std::vector<std::string_view> keys, const Context& context)
      : space_(space), keys_(std::move(keys)), context_(keys_, context) {}

  void finish(std::span<LoadOutcome> outcomes) noexcept override {
    for (LoadOutcome& outcome : outcomes) {
      Answer answer;
      answer.kind = outcome.kind;
      if (outcome.kind == LoadOutcome::Kind::value) {
        answer.value.emplace(*space_.traits->ops, outcome.value, space_.settings.secure_wipe);
      }
      answer.ttl = outcome.ttl;
      answer.tags = std::move(outcome.tags);
      answer.error = outcome.error;
      answers.push_back(std::move(answer));
    }
    // The flow that goes on destroys this session.
    if (const auto resume = std::move(on_end)) resume();
  }
  LoadContext& context() noexcept override { return context_; }

  std::vector<Answer> answers;
  std::function<void()> on_end;  // null: the loader ends on the thread that starts it

 private:
  const RedisSpace& space_;
  const std::vector<std::string_view> keys_;
  LoadContext context_;
};

// One load on its way: the operation that its round trips belong to, and its ticket.
struct RemoteLoad {
  RemoteLoad(LoadTicket&& given, const RedisLoadSetup& of, std::shared_ptr<Loader> loader,
             WriteOptions terms)
      : ticket(std::move(given)), setup(of), user(std::move(loader)), write(std::move(terms)) {}

  KeyOperation op{Opcode::get};
  LoadTicket ticket;
  const RedisLoadSetup setup;
  const std::shared_ptr<Loader> user;
  const WriteOptions write;
  std::vector<Part> parts;
  RedisTurn* turn = nullptr;  // owns the flow, and with it this

  [[nodiscard]] RedisWay way() const { return {setup.space, *turn}; }
  [[nodiscard]] std::vector<Part*> those(Part::State state) {
    std::vector<Part*> found;
    for (Part& part : parts) {
      if (part.state == state) found.push_back(&part);
    }
    return found;
  }
};

void end_with(Part& part, const Error& error) {
  part.state = Part::State::ended;
  part.outcome.kind = LoadOutcome::Kind::failed;
  part.outcome.error = error;
}

void end_with(Part& part, Pin pin, bool fenced) {
  part.state = Part::State::ended;
  part.value = {SharedPin(std::move(pin)), fenced};
  part.outcome.kind = LoadOutcome::Kind::value;
  part.outcome.value = &part.value;
}

// What is there now, if anything is.
Task<bool> end_with_published(RemoteLoad& load, Part& part) {
  const Result<Opened> opened = co_await read_entry(load.way(), part.key);
  if (!opened.ok()) {
    end_with(part, opened.error());
    co_return true;
  }
  if (!opened->live()) co_return false;
  auto pin = pinned(load.setup.space, *opened);
  if (pin.ok()) {
    end_with(part, *std::move(pin), false);
  } else {
    end_with(part, pin.error());
  }
  co_return true;
}

Task<void> take_lease(RemoteLoad& load, Part& part) {
  RedisSpace& space = load.setup.space;
  const Version token = space.next_version();
  const std::string bytes = redis::version_bytes(token);
  const std::string lease = std::to_string(space.settings.redis_lease.count());
  const std::vector<std::string> keys(1, part.entry);
  const std::vector<std::string_view> arguments = {bytes, lease};
  RedisCall::Ptr call;
  // A lease that was taken though its answer is lost runs out by itself.
  if (auto error = co_await run_script(load.way(), call, "lease", keys, arguments, Access::reads)) {
    end_with(part, *error);
    co_return;
  }
  const std::span<const resp::Value> answer = call->answer().items;
  const std::string_view found = answer[0].text;
  if (found == "live") {
    static_cast<void>(co_await end_with_published(load, part));  // gone again: it stays open
  } else if (found == "taken") {
    part.state = Part::State::mine;
    part.token = token;
    part.generation = answer[1].text;
    load.setup.space.flights.note_lease(part.key, token);
  } else if (found == "foreign") {
    part.state = Part::State::mine;
    part.unpublished = true;
  } else {
    part.token = redis::version_of(answer[1].text);
    load.setup.space.flights.note_lease(part.key, part.token);
  }
}

// Others may load at once. Sent whatever has become of the context; where it does not arrive the
// lease runs out by itself.
void give_up(const RemoteLoad& load, const Part& part) {
  if (!part.unpublished) give_up_lease(load.setup.space, {part.entry, part.token});
}

Task<void> store_answer(RemoteLoad& load, Part& part, Answer& answer) {
  RedisSpace& space = load.setup.space;
  const Version version = space.next_version();
  void* const value = answer.value->value();
  // Nobody may be told any more, or nobody waits any more.
  if (part.unpublished || ended_between(load.op, load.turn->setup().clock)) {
    give_up(load, part);
    end_with(part, answer.value->pin(version), true);
    co_return;
  }
  StoreItem one{.entry = part.entry,
                .sealed = {},
                .version = version,
                .expected = redis::version_bytes(part.token) + part.generation};
  auto sealed =
      space.values.seal(part.key, value, version, answer.tags ? *answer.tags : load.write.tags);
  if (!sealed.ok()) {
    end_with(part, sealed.error());
    give_up(load, part);
    co_return;
  }
  one.sealed = *std::move(sealed);
  const StoreTerms terms{.condition = "lease", .ttl = answer.ttl.value_or(load.write.ttl)};
  const auto stored = co_await store_entry(load.way(), terms, std::move(one));
  if (!stored.ok()) {
    // Who still waits while nobody needs to gets the value all the same.
    if (ended_between(load.op, load.turn->setup().clock)) {
      end_with(part, answer.value->pin(version), true);
    } else {
      end_with(part, stored.error());
    }
    co_return;
  }
  // Beaten by another lease: its value, if it has published. Beaten by a write of this process, or
  // by an erase: its own, for those that joined before.
  if (*stored == Stored::lease_lost && !load.setup.space.flights.was_fenced(part.key, part.token)) {
    const bool published = co_await end_with_published(load, part);
    if (published) co_return;
  }
  tell_stored(space, part.key, *stored);
  end_with(part, answer.value->pin(version), *stored <= Stored::refused);
}

Task<void> publish(RemoteLoad& load, Part& part, Answer& answer) {
  RedisSpace& space = load.setup.space;
  const CacheTraits& traits = *space.traits;
  if (auto refusal = ask_set(traits, part.key, answer.value->value(), space.hook_failures)) {
    end_with(part, *refusal);
    give_up(load, part);
    co_return;
  }
  co_await store_answer(load, part, answer);
  const bool is_value = part.outcome.kind == LoadOutcome::Kind::value;
  const Error* const error = part.outcome.error ? &*part.outcome.error : nullptr;
  call_post_set(traits, part.key, is_value ? part.value.pin.value() : nullptr,
                {is_value && !part.value.fenced, error}, space.hook_failures);
}

Task<void> finish_part(RemoteLoad& load, Part& part, Answer& answer) {
  if (answer.kind == LoadOutcome::Kind::value) {
    co_await publish(load, part, answer);
  } else {
    give_up(load, part);
    part.state = Part::State::ended;
    part.outcome.kind = answer.kind;
    part.outcome.error = answer.error;
  }
}

// Runs the user's loader to its end, wherever that is.
class UserLoadEnd {
 public:
  UserLoadEnd(RemoteLoad& load, UserLoad& session) : load_(load), session_(session) {}

  bool await_ready() {
    if (!load_.turn->may_wait()) return false;
    load_.user->start(LoadTicket(session_));  // CALLBACK: the loader; it ends before it returns
    return true;
  }
  void await_suspend(std::coroutine_handle<> flow) {
    session_.on_end = load_.turn->suspended(flow);  // nobody leaves a load's own turn
    const std::shared_ptr<Loader> user = load_.user;
    user->start(LoadTicket(session_));  // CALLBACK: the loader
  }
  void await_resume() const noexcept {}

 private:
  RemoteLoad& load_;
  UserLoad& session_;
};

Task<void> load_mine(RemoteLoad& load, const std::vector<Part*>& mine) {
  RedisSpace& space = load.setup.space;
  std::vector<std::string_view> keys;
  std::vector<LeasedKey> leases;
  for (const Part* part : mine) {
    keys.push_back(part->key);
    if (!part->unpublished) leases.push_back({part->entry, part->token});
  }
  // The loader is asked to stop when nobody waits any more, and when a lease is lost.
  std::stop_source stop;
  const std::stop_callback forward(load.op.context.stop, [&stop] { stop.request_stop(); });
  Context context = load.op.context;
  context.stop = stop.get_token();
  UserLoad session(space, std::move(keys), context);
  {
    const LeaseKeeper keeper(load.setup.space, load.turn->setup().scheduler, std::move(leases),
                             stop);
    space.tally.add(memory::Tally::kLoads);
    co_await UserLoadEnd(load, session);
  }
  for (std::size_t i = 0; i < mine.size(); ++i) {
    co_await finish_part(load, *mine[i], session.answers[i]);
  }
}

// Between two looks at a lease that somebody else holds; jittered, so that waiters do not meet.
std::chrono::nanoseconds pause_after(int looks, base::Prng& random) {
  constexpr std::chrono::nanoseconds kFirst = 2ms;
  constexpr std::chrono::nanoseconds kMost = 50ms;
  const auto longest = std::min(kMost, kFirst * (1 << std::min(looks, 5)));
  return longest / 2 +
         std::chrono::nanoseconds(random.below(static_cast<std::uint64_t>(longest.count() / 2)));
}

Task<void> run_load(RemoteLoad& load) {
  base::Prng random(load.setup.space.next_version().low() ^ load.setup.space.origin);
  for (int looks = 0;; ++looks) {  // bound: the load's own deadline
    for (Part* part : load.those(Part::State::open)) co_await take_lease(load, *part);
    const std::vector<Part*> mine = load.those(Part::State::mine);
    if (!mine.empty()) co_await load_mine(load, mine);
    if (load.those(Part::State::open).empty()) co_return;
    if (!mine.empty()) looks = 0;
    co_await load.turn->pause(pause_after(looks, random));
    if (const auto ended = ended_between(load.op, load.turn->setup().clock)) {
      for (Part* part : load.those(Part::State::open)) end_with(*part, *ended);
      co_return;
    }
  }
}

Task<void> run_to_ticket(std::shared_ptr<RemoteLoad> load) {
  co_await run_load(*load);
  std::vector<LoadOutcome> outcomes;
  for (Part& part : load->parts) {
    load->setup.space.flights.forget_lease(part.key, part.token);
    outcomes.push_back(std::move(part.outcome));
  }
  std::move(load->ticket).finish(outcomes);
}

}  // namespace

RedisLoader::RedisLoader(RedisLoadSetup setup, std::shared_ptr<Loader> user,
                         const WriteOptions* write)
    : setup_(std::move(setup)),
      user_(std::move(user)),
      write_(write != nullptr ? *write : WriteOptions{}) {}

void RedisLoader::start(LoadTicket ticket) noexcept {
  const auto load = std::make_shared<RemoteLoad>(std::move(ticket), setup_, user_, write_);
  LoadContext& context = load->ticket.context();
  load->op.context = context.context();
  load->op.may_wait = is_synchronous();
  for (const std::string_view key : context.keys()) {
    Part& part = load->parts.emplace_back();
    part.key = key;
    part.entry = setup_.space.layout.entry(key);
  }
  // From here on whoever resumes the flow keeps the turn.
  const auto turn = std::make_shared<RedisTurn>(load->op, setup_.turn());
  load->turn = turn.get();
  static_cast<void>(turn->run(run_to_ticket(load)));
}

}  // namespace larder::engine
