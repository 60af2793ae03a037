// A model of the protocol of epoch.h that is explored exhaustively: every interleaving of readers
// and reclaimers on a machine that runs the instructions of a thread out of order wherever nothing
// in the protocol forbids it. Stress tests and ThreadSanitizer cannot show that a barrier is
// missing on a processor that happens to be strong, and the latter does not see fences at all; this
// can. Each wrong protocol at the end differs in one order from a right one, and must be found.
//
// Thread safety: a test program.
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "sync/weak_machine.h"

namespace larder::sync {
namespace {

using namespace model;  // the language of this file

// ---- the protocol in its instructions ----

constexpr int kSlot1 = kFirstSlot;
constexpr int kSlot2 = kFirstSlot + 1;

// Registers of a reclaimer: what it noted of each slot, the number of slots, the epoch before its
// own, the P of each slot. Of a reader: the epoch at its entry, its own P, the object found.
constexpr int kNoted1 = 0;
constexpr int kNoted2 = 1;
constexpr int kSlots = 2;
constexpr int kEpochBefore = 4;
constexpr int kParked1 = 5;
constexpr int kParked2 = 6;
constexpr int kEntered = 0;
constexpr int kOwnParked = 1;
constexpr int kFound = 3;

Instruction store(int word, int value, bool release = false) {
  return {.kind = Kind::kStore, .word = word, .value = value, .release = release};
}
Instruction add(int word, int value, bool acq_rel, int reg = kNoRegister) {
  return {.kind = Kind::kAdd,
          .word = word,
          .reg = reg,
          .value = value,
          .acquire = acq_rel,
          .release = acq_rel};
}
Instruction load(int word, int reg, bool acquire = false) {
  return {.kind = Kind::kLoad, .word = word, .reg = reg, .acquire = acquire};
}
Instruction use() { return {.kind = Kind::kUse, .reg = kFound}; }
Instruction find() { return load(kPointer, kFound); }
Instruction heavy_fence() { return {.kind = Kind::kHeavyFence}; }
Instruction await_moved(int word, int noted) {
  return {.kind = Kind::kAwaitMoved, .word = word, .reg = noted, .acquire = true};
}
Instruction free_object(int object) { return {.kind = Kind::kFree, .value = object}; }
Instruction unlink(int next_object) { return store(kPointer, next_object, true); }

Program operator+(Program left, const Program& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Instruction only_if(int reg, Check check, int against, Instruction i) {
  i.guard = reg;
  i.check = check;
  i.against = against;
  return i;
}

Instruction if_second_slot(const Instruction& i) { return only_if(kSlots, Check::kAtLeast, 2, i); }

constexpr int parked(int slot) { return kFirstParked + slot - kFirstSlot; }
constexpr int parked_register(int slot) { return slot == kSlot1 ? kParked1 : kParked2; }
constexpr int noted_register(int slot) { return slot == kSlot1 ? kNoted1 : kNoted2; }
Instruction unless_parked(int slot, const Instruction& i) {
  return only_if(parked_register(slot), Check::kNot, 1, i);
}

// R1, R2, R4, R6.
Instruction see_epoch() { return load(kEpoch, kEntered, true); }
Instruction announce(int slot, int by = 1) {
  return {.kind = Kind::kStoreSum, .word = slot, .reg = kEntered, .value = by, .release = true};
}
Instruction look_at_own(int slot) { return load(parked(slot), kOwnParked, true); }
Instruction unpark(int slot) {
  Instruction exchange = store(parked(slot), 0, true);
  exchange.acquire = true;  // with a full fence
  return only_if(kOwnParked, Check::kAtLeast, 1, exchange);
}
Instruction leave(int slot) { return announce(slot, 0); }

Program entry(int slot) { return {see_epoch(), announce(slot), look_at_own(slot), unpark(slot)}; }
Program section(int slot) { return entry(slot) + Program{find(), use(), leave(slot)}; }
Program reader(int slot) { return section(slot) + section(slot); }

// W2, W3 (a) and (b), F1, F3, F4.
Instruction raise() { return add(kEpoch, 2, true, kEpochBefore); }
Instruction look(int slot) { return load(parked(slot), parked_register(slot), true); }
Instruction await_work(int slot) {
  return unless_parked(
      slot,
      {.kind = Kind::kAwaitSum, .word = slot, .reg = kEpochBefore, .value = 2, .acquire = true});
}
Instruction ask(int slot, int request) {
  return unless_parked(slot, {.kind = Kind::kSwap,
                              .word = parked(slot),
                              .value = request,
                              .acquire = true,
                              .release = true,
                              .expected = 1,
                              .unless = true});
}
Instruction note(int slot) { return unless_parked(slot, load(slot, noted_register(slot), true)); }
Instruction park(int slot, int request) {
  return only_if(noted_register(slot), Check::kEven, 0,
                 {.kind = Kind::kSwap,
                  .word = parked(slot),
                  .value = 1,
                  .acquire = true,
                  .release = true,
                  .expected = request});
}
Instruction await_end(int slot) { return await_moved(slot, noted_register(slot)); }

// Grace periods that end by (a) or (b), and by (b) or (c). A request is the epoch of its period.
Program reclaim_by_work(int object, int slot) {
  return {unlink(object + 1), raise(), look(slot), await_work(slot), free_object(object)};
}
Program reclaim_by_fence(int object, int slot, int request) {
  return {unlink(object + 1),  raise(),         look(slot),
          ask(slot, request),  heavy_fence(),   note(slot),
          park(slot, request), await_end(slot), free_object(object)};
}
Program reclaim_both_by_fence(int object) {
  return {
      unlink(object + 1), raise(),           look(kSlot1),      look(kSlot2),       ask(kSlot1, 2),
      ask(kSlot2, 2),     heavy_fence(),     note(kSlot1),      note(kSlot2),       park(kSlot1, 2),
      park(kSlot2, 2),    await_end(kSlot1), await_end(kSlot2), free_object(object)};
}

// The same by read-modify-writes.
Program rmw_section(int slot) { return {add(slot, 1, true), find(), use(), add(slot, 1, true)}; }

Program rmw_reader(int slot) { return rmw_section(slot) + rmw_section(slot); }

Program rmw_snapshot() { return {add(kSlot1, 0, true, kNoted1), add(kSlot2, 0, true, kNoted2)}; }

Program await_both() { return {await_moved(kSlot1, kNoted1), await_moved(kSlot2, kNoted2)}; }

Program rmw_reclaim(int object) {
  return Program{unlink(object + 1)} + rmw_snapshot() + await_both() + Program{free_object(object)};
}

enum class Ends { kAlways, kSometimes };  // (a) alone waits for ever for a reader that is gone

void expect_safe(const std::vector<Program>& programs, std::uint8_t slots = 2,
                 Ends ends = Ends::kAlways) {
  const Explorer explorer(programs, slots);
  EXPECT_FALSE(explorer.violation);
  if (ends == Ends::kAlways) {
    EXPECT_FALSE(explorer.stuck);
  }
  EXPECT_GT(explorer.finished, 0);
  EXPECT_GT(explorer.states(), 100U);
  testing::Test::RecordProperty("states", static_cast<int>(explorer.states()));
}

void expect_found(const std::vector<Program>& programs, std::uint8_t slots = 2) {
  EXPECT_TRUE(Explorer(programs, slots).violation);
}

// ---- the right protocols ----

TEST(EpochModel, WorkOfTheReaderEndsAGracePeriod) {
  expect_safe({reclaim_by_work(1, kSlot1), reader(kSlot1)}, 2, Ends::kSometimes);
  expect_safe(
      {reclaim_by_work(1, kSlot1) + reclaim_by_work(2, kSlot1), reader(kSlot1) + section(kSlot1)},
      2, Ends::kSometimes);
}

TEST(EpochModel, HeavyFenceEndsAGracePeriod) {
  expect_safe({reclaim_by_fence(1, kSlot1, 2), reader(kSlot1)});
  expect_safe({reclaim_both_by_fence(1), section(kSlot1), section(kSlot2)});
}

TEST(EpochModel, ParkedReaderIsLeftAloneAndComesBackSafely) {
  expect_safe({reclaim_by_fence(1, kSlot1, 2) + reclaim_by_fence(2, kSlot1, 4), reader(kSlot1)});
  expect_safe({reclaim_by_fence(1, kSlot1, 2) + reclaim_by_work(2, kSlot1), reader(kSlot1)}, 2,
              Ends::kSometimes);
}

// The second reclaimer unlinks what the first one has linked, and both may ask at the same time.
Program after_unlinking(int object, const Program& program) {
  return Program{{.kind = Kind::kAwaitValue, .word = kPointer, .value = object, .acquire = true}} +
         program;
}
Program second_reclaimer(int request) {
  return after_unlinking(2, reclaim_by_fence(2, kSlot1, request) + reclaim_by_work(3, kSlot1));
}

TEST(EpochModel, TwoReclaimersMayAskAtTheSameTime) {
  expect_safe({reclaim_by_fence(1, kSlot1, 2), second_reclaimer(4), section(kSlot1)}, 2,
              Ends::kSometimes);
}

TEST(EpochModel, ReadModifyWritesProtectEverySection) {
  expect_safe({rmw_reclaim(1), rmw_reader(kSlot1), rmw_reader(kSlot2)});
  expect_safe({rmw_reclaim(1) + rmw_reclaim(2), rmw_reader(kSlot1), rmw_section(kSlot2)});
}

// The second slot is made while the reclaimer is at work.
Program claiming_reader(int slot) { return Program{add(kCount, 1, true)} + section(slot); }
Instruction count_slots() { return add(kCount, 0, true, kSlots); }
Program reclaim_counted() {
  return {unlink(2),
          raise(),
          count_slots(),
          if_second_slot(ask(kSlot2, 2)),
          heavy_fence(),
          if_second_slot(note(kSlot2)),
          if_second_slot(await_end(kSlot2)),
          free_object(1)};
}

TEST(EpochModel, SlotMadeMeanwhileIsCoveredOrSeesTheUnlinking) {
  expect_safe({reclaim_counted(), claiming_reader(kSlot2)}, 1);
  const Program by_rmw = Program{unlink(2),
                                 count_slots(),
                                 add(kSlot1, 0, true, kNoted1),
                                 if_second_slot(add(kSlot2, 0, true, kNoted2)),
                                 await_moved(kSlot1, kNoted1),
                                 if_second_slot(await_moved(kSlot2, kNoted2)),
                                 free_object(1)};
  expect_safe({by_rmw, rmw_section(kSlot1), Program{add(kCount, 1, true)} + rmw_section(kSlot2)},
              1);
}

// The registry's lock hands a slot from a thread that ends to one that begins.
constexpr int kHandedOver = kSlot2;
Instruction hand_over() { return store(kHandedOver, 2, true); }
Program after_hand_over(const Program& program) {
  const Instruction wait{
      .kind = Kind::kAwaitValue, .word = kHandedOver, .value = 2, .acquire = true};
  return Program{wait} + program;
}

TEST(EpochModel, SlotMayPassToAnotherThread) {
  expect_safe({reclaim_by_fence(1, kSlot1, 2), section(kSlot1) + Program{hand_over()},
               after_hand_over(section(kSlot1))});
}

TEST(EpochModel, NestedSectionIsPartOfTheOuterOne) {
  const Program nested =
      entry(kSlot1) + Program{find(), use(), find(), use(), use(), leave(kSlot1)};
  expect_safe({reclaim_by_fence(1, kSlot1, 2), nested});
}

TEST(EpochModel, ReclaimerInsideItsOwnSectionWaitsForItself) {
  Program own =
      entry(kSlot1) +
      Program{find(),        unlink(2), raise(),       heavy_fence(),     note(kSlot1),
              note(kSlot2),  use(),     leave(kSlot1), await_end(kSlot1), await_end(kSlot2),
              free_object(1)};
  // Its registers as a reader and as a reclaimer are not the same ones.
  for (Instruction& i : own) {
    if (i.kind == Kind::kLoad && i.word == kEpoch) i.reg = kRegisters - 1;
    if (i.kind == Kind::kStoreSum) i.reg = kRegisters - 1;
  }
  expect_safe({own, section(kSlot2)});
}

// ---- wrong protocols, each of which the model must find ----

void expect_found_by_fence(const Program& reclaimer) {
  expect_found({reclaimer + reclaim_by_work(2, kSlot1), reader(kSlot1)});
}
void expect_found_in(const Program& wrong_section) {
  expect_found({reclaim_by_fence(1, kSlot1, 2) + reclaim_by_fence(2, kSlot1, 4),
                wrong_section + wrong_section});
}

TEST(EpochModelFinds, NoHeavyFence) {
  expect_found_by_fence({unlink(2), raise(), look(kSlot1), ask(kSlot1, 2), note(kSlot1),
                         park(kSlot1, 2), await_end(kSlot1), free_object(1)});
}

TEST(EpochModelFinds, NotingBeforeTheFence) {
  expect_found_by_fence({unlink(2), raise(), look(kSlot1), ask(kSlot1, 2), note(kSlot1),
                         heavy_fence(), park(kSlot1, 2), await_end(kSlot1), free_object(1)});
}

TEST(EpochModelFinds, UnlinkingAfterNoting) {
  expect_found_by_fence({raise(), look(kSlot1), ask(kSlot1, 2), heavy_fence(), note(kSlot1),
                         unlink(2), park(kSlot1, 2), await_end(kSlot1), free_object(1)});
}

TEST(EpochModelFinds, UnlinkingAfterRaising) {
  expect_found({Program{raise(), unlink(2), look(kSlot1), await_work(kSlot1), free_object(1)},
                reader(kSlot1)});
}

TEST(EpochModelFinds, FreeingWithoutWaiting) {
  expect_found_by_fence({unlink(2), raise(), look(kSlot1), ask(kSlot1, 2), heavy_fence(),
                         note(kSlot1), park(kSlot1, 2), free_object(1)});
}

TEST(EpochModelFinds, WaitingForOneReaderOnly) {
  expect_found({reclaim_by_fence(1, kSlot1, 2), section(kSlot1), section(kSlot2)});
}

TEST(EpochModelFinds, FreeingAheadOfTheWait) {  // the polls are relaxed
  for (Program wrong : {reclaim_by_fence(1, kSlot1, 2), reclaim_by_work(1, kSlot1)}) {
    for (Instruction& i : wrong) {
      if (i.kind == Kind::kAwaitMoved || i.kind == Kind::kAwaitSum) i.acquire = false;
    }
    expect_found({wrong, reader(kSlot1)});
  }
}

// Without a fence a slot that has moved says nothing: its next section may have begun long ago.
TEST(EpochModelFinds, TakingAnyMoveForWork) {
  expect_found({Program{unlink(2), raise(), note(kSlot1), await_end(kSlot1), free_object(1)},
                reader(kSlot1)});
}

TEST(EpochModelFinds, WorkOfTheEpochBefore) {
  Program wrong = reclaim_by_work(1, kSlot1);
  for (Instruction& i : wrong) {
    if (i.kind == Kind::kAwaitSum) i.value = 1;
  }
  expect_found({wrong, reader(kSlot1)});
}

TEST(EpochModelFinds, ParkingWithoutARequest) {
  expect_found_by_fence({unlink(2), raise(), look(kSlot1), heavy_fence(), note(kSlot1),
                         park(kSlot1, 0), await_end(kSlot1), free_object(1)});
}

TEST(EpochModelFinds, AskingAfterTheFence) {
  expect_found_by_fence({unlink(2), raise(), look(kSlot1), heavy_fence(), ask(kSlot1, 2),
                         note(kSlot1), park(kSlot1, 2), await_end(kSlot1), free_object(1)});
}

// Another reclaimer takes the reader for idle.
TEST(EpochModelFinds, ParkingAReaderThatIsInside) {
  Program wrong = reclaim_by_fence(1, kSlot1, 2);
  for (Instruction& i : wrong) {
    if (i.kind == Kind::kSwap && i.check == Check::kEven) i.guard = kNoRegister;
  }
  const Program other = after_unlinking(2, reclaim_by_work(2, kSlot1));
  expect_found({wrong, other, section(kSlot1)});
  expect_safe({reclaim_by_fence(1, kSlot1, 2), other, section(kSlot1)}, 2, Ends::kSometimes);
}

TEST(EpochModelFinds, LookingAtTheParkedBeforeUnlinking) {
  const Program wrong{look(kSlot1), unlink(3), raise(), await_work(kSlot1), free_object(2)};
  expect_found({reclaim_by_fence(1, kSlot1, 2) + wrong, reader(kSlot1)});
}

TEST(EpochModelFinds, LookingAtTheParkedWithoutAFullFence) {
  Instruction relaxed = raise();
  relaxed.acquire = false;
  const Program wrong{unlink(3), relaxed, look(kSlot1), await_work(kSlot1), free_object(2)};
  expect_found({reclaim_by_fence(1, kSlot1, 2) + wrong, reader(kSlot1)});
}

// One reclaimer parks on the request of the other, whose fence is still to come.
TEST(EpochModelFinds, RequestsThatAreTheSame) {
  expect_found({reclaim_by_fence(1, kSlot1, 2), second_reclaimer(2), reader(kSlot1)});
}

TEST(EpochModelFinds, EntryAfterTheRead) {  // what the compiler may do without the light fence
  expect_found_in({see_epoch(), look_at_own(kSlot1), unpark(kSlot1), find(), announce(kSlot1),
                   use(), leave(kSlot1)});
}

TEST(EpochModelFinds, LookingAtTheOwnRequestBeforeTheEntry) {
  expect_found_in({see_epoch(), look_at_own(kSlot1), announce(kSlot1), unpark(kSlot1), find(),
                   use(), leave(kSlot1)});
}

TEST(EpochModelFinds, NoLookAtTheOwnRequest) {
  expect_found_in({see_epoch(), announce(kSlot1), find(), use(), leave(kSlot1)});
}

TEST(EpochModelFinds, ReadingAheadOfTheLookAtTheOwnRequest) {
  Instruction relaxed = look_at_own(kSlot1);
  relaxed.acquire = false;
  Instruction weak = unpark(kSlot1);
  weak.acquire = false;
  expect_found_in({see_epoch(), announce(kSlot1), relaxed, weak, find(), use(), leave(kSlot1)});
}

TEST(EpochModelFinds, ComingBackWithoutAFullFence) {
  Instruction weak = unpark(kSlot1);
  weak.acquire = false;
  expect_found_in(
      {see_epoch(), announce(kSlot1), look_at_own(kSlot1), weak, find(), use(), leave(kSlot1)});
}

TEST(EpochModelFinds, EpochThatIsNoAcquire) {
  Instruction relaxed = see_epoch();
  relaxed.acquire = false;
  const Program wrong =
      Program{relaxed} +
      Program{announce(kSlot1), look_at_own(kSlot1), unpark(kSlot1), find(), use(), leave(kSlot1)};
  expect_found({reclaim_by_work(1, kSlot1), wrong + wrong});
}

TEST(EpochModelFinds, ExitBeforeTheLastUse) {
  expect_found_in(entry(kSlot1) + Program{find(), leave(kSlot1), use()});
}

TEST(EpochModelFinds, ExitThatIsNoRelease) {
  Instruction relaxed = leave(kSlot1);
  relaxed.release = false;
  expect_found_in(entry(kSlot1) + Program{find(), use(), relaxed});
}

TEST(EpochModelFinds, NestedEntryThatWrites) {
  expect_found({reclaim_by_fence(1, kSlot1, 2),
                entry(kSlot1) +
                    Program{find(), leave(kSlot1), use(), announce(kSlot1), use(), leave(kSlot1)}});
}

TEST(EpochModelFinds, ReclaimerThatSkipsItsOwnSlot) {
  const Program wrong = entry(kSlot1) + Program{find(),         unlink(2),    raise(),
                                                heavy_fence(),  note(kSlot2), await_end(kSlot2),
                                                free_object(1), use(),        leave(kSlot1)};
  expect_found({wrong, section(kSlot2)});
}

TEST(EpochModelFinds, SlotPassedOnInsideASection) {
  const Program early = entry(kSlot1) + Program{find(), hand_over(), use()};
  expect_found(
      {reclaim_by_fence(1, kSlot1, 2), early, after_hand_over({leave(kSlot1), announce(kSlot1)})});
}

TEST(EpochModelFinds, SlotCountedAfterItsFirstEntry) {
  const Program wrong = entry(kSlot2) + Program{find(), add(kCount, 1, true), use(), leave(kSlot2)};
  expect_found({reclaim_counted(), wrong}, 1);
}

TEST(EpochModelFinds, SlotsCountedBeforeUnlinking) {
  Program wrong = reclaim_counted();
  wrong.erase(wrong.begin() + 2);
  wrong.insert(wrong.begin(), count_slots());
  expect_found({wrong, claiming_reader(kSlot2)}, 1);
}

TEST(EpochModelFinds, SnapshotByPlainReadsWithoutTheFence) {
  const Program wrong =
      Program{unlink(2), load(kSlot1, kNoted1, true), load(kSlot2, kNoted2, true)} + await_both() +
      Program{free_object(1)};
  expect_found({wrong, rmw_section(kSlot1), rmw_section(kSlot2)});
}

TEST(EpochModelFinds, EntryByPlainStoreWithoutTheFence) {
  const Program wrong{store(kSlot1, 1, true), find(), use(), add(kSlot1, 1, true)};
  expect_found({rmw_reclaim(1), wrong, rmw_section(kSlot2)});
}

TEST(EpochModelFinds, RelaxedEntryWithoutTheFence) {
  const Program wrong{add(kSlot1, 1, false), find(), use(), add(kSlot1, 1, true)};
  expect_found({rmw_reclaim(1), wrong, rmw_section(kSlot2)});
}

TEST(EpochModelFinds, RelaxedExitWithoutTheFence) {
  const Program wrong{add(kSlot1, 1, true), find(), use(), add(kSlot1, 1, false)};
  expect_found({rmw_reclaim(1), wrong, rmw_section(kSlot2)});
}

}  // namespace
}  // namespace larder::sync
