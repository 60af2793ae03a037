// The operations on named keys, and updates, on a memory store. Used by the memory engine.
//
// Thread safety: a MemoryKeys is a view of its store; every member from any thread. User code runs
// with no lock held.
#pragma once

#include "engine/hook_calls.h"
#include "larder/engine.h"
#include "memory/store.h"

namespace larder::engine {

class MemoryKeys {
 public:
  MemoryKeys(memory::Store& store, HookFailures& failures) noexcept
      : store_(store), failures_(failures) {}

  void run(KeyOperation& op);
  void run(UpdateOperation& op);
  void put(Put& put);

 private:
  using Spots = std::span<const memory::KeySpot>;

  void read(KeyOperation& op);
  void read_one(const KeyOperation& op, const memory::KeySpot& spot, Item& item);
  void contains(Item& item);
  void metadata(Item& item);
  void take(const KeyOperation& op, Item& item);
  // One turn of a take, of a rename: true when it is over.
  bool try_take(const KeyOperation& op, const memory::KeySpot& spot, Item& item);
  bool try_rename(const memory::KeySpot& from, const memory::KeySpot& to, Item& item);
  std::optional<Error> store(std::string_view key, void* value, const memory::Condition& condition,
                             memory::Draft& draft, memory::Commit& result);
  void store_one(const KeyOperation& op, Item& item);
  void store_all(KeyOperation& op);
  void increment(KeyOperation& op, Item& item);
  void rename(KeyOperation& op);
  // False: the copy threw, item.error says so.
  bool deliver(Deliver how, memory::Node& node, Item& item);

  void update(UpdateOperation& op, bool hooked);
  // One try of an update: true when it is over.
  bool try_update(UpdateOperation& op, const memory::KeySpot& spot, bool hooked);
  bool try_store(UpdateOperation& op, const memory::KeySpot& spot, memory::Ref node,
                 Updater::Decision& decision, bool hooked);
  bool try_commit(UpdateOperation& op, const memory::KeySpot& spot, memory::Ref node,
                  Updater::Decision& decision);
  bool try_erase(UpdateOperation& op, const memory::KeySpot& spot, const Pin& old,
                 memory::Ref node);
  // Pins what lives at the key.
  Pin pin_live(const memory::KeySpot& spot, memory::Ref& ref);

  memory::Store& store_;
  HookFailures& failures_;
};

// What a commit that did not store means to the caller.
Error commit_error(memory::Commit result, const memory::Store& store);

}  // namespace larder::engine
