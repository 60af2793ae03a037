// Making, holding and unmaking entries.
// Thread safety: see nodes.h.
#include "memory/nodes.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/check.h"
#include "base/secure.h"

namespace larder::memory {
namespace {

constexpr std::size_t align_up(std::size_t offset, std::size_t alignment) {
  return (offset + alignment - 1) & ~(alignment - 1);
}

}  // namespace

bool Terms::has(std::uint32_t index, std::string_view text) const {
  return std::ranges::any_of(
      terms, [&](const Term& term) { return term.index == index && term.text == text; });
}

Nodes::Nodes(const NodeRules& rules)
    : rules_(rules),
      align_mask_(rules.ops->align_bytes - 1),
      boxed_(rules.ops->size_bytes > kMaxInlineBytes || rules.ops->align_bytes > kMaxInlineAlign),
      plain_(!boxed_ && !rules.track_access),
      arena_(this) {}

Nodes* Nodes::make(const NodeRules& rules) { return new Nodes(rules); }

void Nodes::drop() noexcept {
  // Pairs with the other drops: all their uses come before the arena goes.
  if (holders_.sub_acq_rel(1) == 1) delete this;
}

Nodes::Layout Nodes::far_layout(std::size_t key_bytes, bool is_alias) const noexcept {
  Layout layout{};
  std::size_t size = sizeof(Ref);
  std::size_t alignment = alignof(Ref);
  if (!is_alias && boxed_) {
    size = sizeof(void*);
    alignment = alignof(void*);
  } else if (!is_alias) {
    size = rules_.ops->size_bytes;
    alignment = rules_.ops->align_bytes;
  }
  layout.value = align_up(kKeyOffset + key_bytes, alignment);
  layout.access = layout.value + size;
  if (rules_.track_access) {
    layout.access = align_up(layout.access, alignof(Access));
    layout.bytes = layout.access + sizeof(Access);
  } else {
    layout.bytes = layout.access;
  }
  layout.bytes = std::max(layout.bytes, sizeof(Node));
  return layout;
}

std::byte* Nodes::payload(const Node& node) const noexcept {
  auto* const base = reinterpret_cast<std::byte*>(const_cast<Node*>(&node));
  return base + layout(node.key_bytes, node.is_alias != 0).value;
}

Node& Nodes::begin(std::string_view key, bool is_alias, Ref& ref) {
  const Layout shape = layout(key.size(), is_alias);
  ref = arena_.allocate(shape.bytes);
  Node& node = *new (arena_.at(ref)) Node;
  node.key_bytes = key.size();
  node.is_alias = is_alias ? 1 : 0;
  // One copy into the raw allocation: the key goes on past the declared four bytes.
  std::memcpy(reinterpret_cast<std::byte*>(&node) + kKeyOffset, key.data(), key.size());
  if (rules_.track_access) new (reinterpret_cast<std::byte*>(&node) + shape.access) Access;
  return node;
}

Ref Nodes::make(std::string_view key, void* value) {
  Ref ref = kNoRef;
  const ValueOps& ops = *rules_.ops;
  if (!boxed_) {
    ops.move(payload(begin(key, false, ref)), value);
  } else {
    void* const box = ::operator new(ops.size_bytes, std::align_val_t(ops.align_bytes));
    ops.move(box, value);
    std::memcpy(payload(begin(key, false, ref)), &box, sizeof box);
  }
  if (rules_.wipe) base::clear_registers();
  return ref;
}

Ref Nodes::make_alias(std::string_view key, Ref owner) {
  // An alias of an alias shows the first owner, so that chains do not grow.
  if (at(owner).is_alias != 0) std::memcpy(&owner, payload(at(owner)), sizeof owner);
  at(owner).holds.add_relaxed(1);
  Ref ref = kNoRef;
  std::memcpy(payload(begin(key, true, ref)), &owner, sizeof owner);
  if (rules_.wipe) base::clear_registers();
  return ref;
}

const void* Nodes::far_value(const Node& node) const noexcept {
  const std::byte* const at_payload = payload(node);
  if (node.is_alias == 0) {
    void* box = nullptr;
    std::memcpy(&box, at_payload, sizeof box);
    return box;
  }
  Ref owner = kNoRef;
  std::memcpy(&owner, at_payload, sizeof owner);
  return value(at(owner));
}

Access& Nodes::access(Node& node) const noexcept {
  CHECK(rules_.track_access);
  auto* const base = reinterpret_cast<std::byte*>(&node);
  return *reinterpret_cast<Access*>(base + layout(node.key_bytes, node.is_alias != 0).access);
}

Pin Nodes::pin(Node& node) noexcept {
  node.holds.add_relaxed(1);
  return {value(node), &node, &Nodes::release_pin, version(node)};
}

void Nodes::release_pin(void* owner, const void*) noexcept {
  auto& node = *static_cast<Node*>(owner);
  static_cast<Nodes*>(Arena::owner_of(&node))->release(node);
}

// Of a chain of renames one alias at a time has kShows: the one that is an entry, or was the last.
// A value counts as pinned once, with that alias while it lasts, then with the owner.
void Nodes::hand_over(Node& from, Node& to) noexcept {
  if (from.is_alias != 0) from.holds.sub_relaxed(Node::kShows);
  from.holds.add_relaxed(Node::kShown);
  to.holds.add_relaxed(Node::kShows);
}

// The last alias goes: who still pins the owner pins its bytes. Of this and give_up() the later one
// counts them.
void Nodes::uncover(Node& owner) noexcept {
  const std::uint32_t before = owner.holds.sub_relaxed(Node::kShown);
  if ((before & Node::kOrphan) != 0) pinned_bytes_.add_relaxed(owner.weight);
}

void Nodes::give_up(Ref ref) noexcept {
  Node& node = at(ref);
  // Nobody can take a new hold without having one, so one hold left is ours alone.
  // Pairs with release() of the others.
  if ((node.holds.load_acquire() & ~Node::kFlags) == 1) {
    destroy(node);
    return;
  }
  hold();
  const std::uint32_t before = node.holds.add_relaxed(Node::kOrphan);  // release() orders it
  if ((before & Node::kShown) == 0) pinned_bytes_.add_relaxed(node.weight);
  release(node);
}

void Nodes::release(Node& node) noexcept {
  // Pairs with every other release: the last holder sees all uses before it destroys.
  const std::uint32_t held = node.holds.sub_acq_rel(1);
  const bool orphan = (held & Node::kOrphan) != 0;
  if ((held & ~Node::kFlags) != 1) return;
  if (orphan && (held & Node::kShown) == 0) pinned_bytes_.sub_relaxed(node.weight);
  destroy(node);
  if (orphan) drop();
}

void Nodes::destroy(Node& node) noexcept {
  destroy_value(node);
  delete node.terms;
  const std::size_t bytes = layout(node.key_bytes, node.is_alias != 0).bytes;
  if (rules_.wipe) base::secure_zero(&node, bytes);
  arena_.free(Arena::ref_of(&node), bytes);
}

void Nodes::destroy_value(Node& node) noexcept {
  const ValueOps& ops = *rules_.ops;
  if (node.is_alias != 0) {
    Ref owner = kNoRef;
    std::memcpy(&owner, payload(node), sizeof owner);
    if ((node.holds.load_relaxed() & Node::kShows) != 0) uncover(at(owner));
    release(at(owner));
    return;
  }
  void* const object = const_cast<void*>(value(node));
  if (rules_.wipe && ops.wipe != nullptr) ops.wipe(object);
  ops.destroy(object);
  if (!boxed_) return;
  if (rules_.wipe) base::secure_zero(object, ops.size_bytes);
  ::operator delete(object, ops.size_bytes, std::align_val_t(ops.align_bytes));
}

}  // namespace larder::memory
