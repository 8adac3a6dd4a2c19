// The guests' own translation: process table and trees (Power ISA 3.0, book III, radix tree translation).
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vm.h"

#define VALID (1ull << 63)
#define LEAF (1ull << 62)
/// The tree of 52 bits: RTS is 52 - 31, split in two fields; the root has 2^13 entries.
#define TREE_SIZE (2ull << 61 | 5ull << 5)
#define ROOT_BITS 13
#define REAL_ADDRESS 0x01fffffffffff000ull
#define TABLE_ADDRESS 0x01ffffffffffff00ull

static uint64_t entry_at(struct vm *vm, uint64_t address) {
  return __builtin_bswap64(get64(vm, address));
}

static void set_entry(struct vm *vm, uint64_t address, uint64_t value) {
  put64(vm, address, __builtin_bswap64(value));
}

/// A table of `bytes`, aligned to its size and empty.
static uint64_t new_table(struct vm *vm, uint64_t bytes) {
  uint64_t at = (vm->next_table + bytes - 1) & -bytes;
  if (at + bytes > TABLES_END) fail("the guest's tables are full");
  vm->next_table = at + bytes;
  return at;
}

void radix_open(struct vm *vm, uint64_t flags) {
  vm->next_table = TABLES;
  memset(vm->memory + PROCESS_TABLE, 0, TABLES_END - PROCESS_TABLE);
  for (int process = 0; process < 2; process++)
    set_entry(vm, PROCESS_TABLE + 16 * process, TREE_SIZE | new_table(vm, 8 << ROOT_BITS) | ROOT_BITS);
  // PRTS: 2^(12 + 4) bytes.
  struct kvm_ppc_mmuv3_cfg configuration = {.flags = KVM_PPC_MMUV3_RADIX | flags, .process_table = VALID | PROCESS_TABLE | 4};
  if (ioctl(vm->fd, KVM_PPC_CONFIGURE_V3_MMU, &configuration) < 0) fail("KVM_PPC_CONFIGURE_V3_MMU: %s", strerror(errno));
}

uint64_t radix_map(struct vm *vm, int process, uint64_t address, uint64_t real, uint64_t page_size, uint64_t bits) {
  uint64_t table = entry_at(vm, PROCESS_TABLE + 16 * process) & TABLE_ADDRESS;
  int shift = 52, width = ROOT_BITS;
  for (;;) {
    shift -= width;
    uint64_t at = table + 8 * (address >> shift & ((1ull << width) - 1));
    if (1ull << shift == page_size) {
      set_entry(vm, at, VALID | LEAF | (real & REAL_ADDRESS) | bits);
      return at;
    }
    // The last table has 4 KiB or 64 KiB pages.
    int next = shift == 21 && page_size == 0x10000 ? 5 : 9;
    if ((entry_at(vm, at) & VALID) == 0) set_entry(vm, at, VALID | new_table(vm, 8 << 9) | next);
    table = entry_at(vm, at) & TABLE_ADDRESS;
    width = entry_at(vm, at) & 31;
  }
}

void radix_map_kernel(struct vm *vm) {
  for (int process = 0; process < 2; process++) radix_map(vm, process, 0, 0, 2 << 20, PTE_KERNEL);
}
