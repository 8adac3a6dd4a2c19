// The guest's own translation, on top of the hypervisor's: page sizes, processes, reference and change bits, invalidation.
#include <string.h>
#include <sys/ioctl.h>

#include "checks.h"
#include "l2.h"

#define MEMORY (64ul << 20)
#define ADDRESS 0x7000000000ull

/// A machine whose guest has tables of its own, and runs process 1.
static void open_translated(struct vm *vm, struct cpu *cpu, enum backing backing, uint64_t flags) {
  vm_open(vm, MEMORY, backing);
  cpu_open(cpu, vm, 0);
  radix_open(vm, flags);
  radix_map_kernel(vm);
  cpu_set(cpu, KVM_REG_PPC_PID, 1);
}

static uint64_t load(struct cpu *cpu, uint64_t address) {
  cpu_start(cpu, l2_load, TRANSLATED, ARGUMENTS(address));
  cpu_run_to(cpu, REPORT);
  return argument(cpu, 0);
}

static void store(struct cpu *cpu, uint64_t address, uint64_t value) {
  cpu_start(cpu, l2_store, TRANSLATED, ARGUMENTS(address, value));
  cpu_run_to(cpu, REPORT);
}

void check_translated(void) {
  for (int huge = 0; huge < 2; huge++) {
    struct vm vm;
    struct cpu cpu;
    open_translated(&vm, &cpu, huge ? HUGE_PAGES : SMALL_PAGES, KVM_PPC_MMUV3_GTSE);
    static const uint64_t sizes[] = {4096, 0x10000, 2ul << 20, 1ul << 30};
    for (int n = 0; n < 4; n++) {
      // Each size in a region of its own, 4 pages of it in another order than the memory's; 1 GiB: the beginning of all memory.
      uint64_t base = ADDRESS + ((uint64_t)n << 36), size = sizes[n];
      int pages = n < 3 ? 4 : 1;
      for (int page = 0; page < pages; page++) {
        uint64_t real = n < 3 ? TEST_AREA * (n + 2) + (page ^ 3) * size : 0;
        radix_map(&vm, 1, base + page * size, real, size, PTE_KERNEL);
      }
      for (int page = 0; page < pages; page++) {
        uint64_t real = n < 3 ? TEST_AREA * (n + 2) + (page ^ 3) * size : 0;
        for (uint64_t offset = n < 3 ? 8 : TEST_AREA * 8; offset < (n < 3 ? size : MEMORY); offset = offset * 3 & -8ul) {
          put64(&vm, real + offset, base + offset + page);
          same(load(&cpu, base + page * size + offset), base + offset + page);
          store(&cpu, base + page * size + offset, ~base);
          same(get64(&vm, real + offset), ~base);
        }
      }
    }
    // Quadrant 3 is process 0.
    radix_map(&vm, 0, ADDRESS, TEST_AREA, 4096, PTE_KERNEL);
    radix_map(&vm, 1, ADDRESS, TEST_AREA + 4096, 4096, PTE_KERNEL);
    put64(&vm, TEST_AREA, 100);
    put64(&vm, TEST_AREA + 4096, 101);
    same(load(&cpu, 0xc000000000000000 | ADDRESS), 100);
    // Many pages in a row, each touched once.
    for (uint64_t page = 0; page < 512; page++) radix_map(&vm, 1, (1ull << 40) + page * 0x10000, page * 0x10000, 0x10000, PTE_KERNEL);
    cpu_start(&cpu, l2_fill, TRANSLATED, ARGUMENTS((1ull << 40) + 4 * TEST_AREA, 7, TEST_AREA * 12, 8192));
    cpu_run_to(&cpu, REPORT);
    for (uint64_t at = 4 * TEST_AREA; at < 16 * TEST_AREA; at += 8192) same(get64(&vm, at), (1ull << 40) + at + 7);
    vm_close(&vm);
  }
  detail("4 sizes on 2 kinds of memory");
}

void check_processes(void) {
  struct vm vm;
  struct cpu cpu;
  open_translated(&vm, &cpu, SMALL_PAGES, KVM_PPC_MMUV3_GTSE);
  for (int process = 0; process < 2; process++) {
    radix_map(&vm, process, ADDRESS, TEST_AREA + process * 0x10000, 0x10000, PTE_KERNEL);
    put64(&vm, TEST_AREA + process * 0x10000, 1000 + process);
  }
  for (int round = 0; round < 50; round++) {
    int process = round * 7 % 5 % 2;
    cpu_set(&cpu, KVM_REG_PPC_PID, process);
    same(load(&cpu, ADDRESS), 1000 + process);
  }
}

void check_reference_change(void) {
  struct vm vm;
  struct cpu cpu;
  open_translated(&vm, &cpu, SMALL_PAGES, KVM_PPC_MMUV3_GTSE);
  uint64_t bits = PTE_KERNEL & ~(uint64_t)(PTE_R | PTE_C);
  uint64_t entry = radix_map(&vm, 1, ADDRESS, TEST_AREA, 0x10000, bits);
  uint64_t empty = __builtin_bswap64(get64(&vm, entry));
  put64(&vm, TEST_AREA, 5);
  same(load(&cpu, ADDRESS), 5);
  same(__builtin_bswap64(get64(&vm, entry)), empty | PTE_R);
  store(&cpu, ADDRESS + 8, 6);
  same(__builtin_bswap64(get64(&vm, entry)), empty | PTE_R | PTE_C);
}

/// A table entry in the byte order of a register that the guest stores.
static uint64_t entry_for(struct vm *vm, uint64_t address, uint64_t real) {
  uint64_t at = radix_map(vm, 1, address, real, 0x10000, PTE_KERNEL);
  return get64(vm, at);
}

void check_invalidate(void) {
  struct vm vm;
  struct cpu cpu;
  open_translated(&vm, &cpu, SMALL_PAGES, KVM_PPC_MMUV3_GTSE);
  for (int round = 0; round < 20; round++) {
    put64(&vm, TEST_AREA, round);
    put64(&vm, TEST_AREA + 0x10000, 100 + round);
    uint64_t second = entry_for(&vm, ADDRESS, TEST_AREA + 0x10000);
    uint64_t at = radix_map(&vm, 1, ADDRESS, TEST_AREA, 0x10000, PTE_KERNEL);
    // RB: the page's number and its size (AP 5: 64 KiB); RS: the process.
    cpu_start(&cpu, l2_invalidate, TRANSLATED, ARGUMENTS(ADDRESS, at, second, ADDRESS | 5 << 5, 1ull << 32));
    if (!has_tlbie()) {
      cpu_run_to(&cpu, CAME_BACK);
      same(logged(&cpu, 0).vector, 0x700);
      same(logged(&cpu, 0).srr1 & 0xf0000, 0x40000);
      detail("privileged");
      return;
    }
    cpu_run_to(&cpu, REPORT);
    same(argument(&cpu, 0), round);
    same(argument(&cpu, 1), 100 + round);
    // The first translation again, for the next round.
    cpu_start(&cpu, l2_invalidate, TRANSLATED,
              ARGUMENTS(ADDRESS, at, entry_for(&vm, ADDRESS, TEST_AREA), ADDRESS | 5 << 5, 1ull << 32));
    cpu_run_to(&cpu, REPORT);
    same(argument(&cpu, 1), round);
  }
}

void check_invalidate_by_call(void) {
  struct vm vm;
  struct cpu cpu;
  open_translated(&vm, &cpu, SMALL_PAGES, 0);
  put64(&vm, TEST_AREA, 10);
  put64(&vm, TEST_AREA + 0x10000, 11);
  uint64_t second = entry_for(&vm, ADDRESS, TEST_AREA + 0x10000);
  uint64_t at = radix_map(&vm, 1, ADDRESS, TEST_AREA, 0x10000, PTE_KERNEL);
  cpu_start(&cpu, l2_invalidate_by_call, TRANSLATED, ARGUMENTS(ADDRESS, at, second, 1));
  int reason = cpu_run(&cpu);
  same(reason, KVM_EXIT_PAPR_HCALL);
  // The hypervisor below serves the call of a guest's guest; one that does not leaves it to KVM, which leaves it to this program.
  if (cpu.run->papr_hcall.nr == 0x448) skip("the hypervisor below does not serve H_RPT_INVALIDATE");
  same(cpu.run->papr_hcall.nr, REPORT);
  same(argument(&cpu, 0), 10);
  same(argument(&cpu, 2), 0);
  same(argument(&cpu, 1), 11);
}
