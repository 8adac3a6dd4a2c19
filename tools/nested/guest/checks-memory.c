// Memory behind a guest: pages that appear when they are touched, change their place, are read-only, written, or no memory at all.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checks.h"
#include "l2.h"

#define MEMORY (64ul << 20)
#define PAGE 0x10000ul

/// The guest writes an area that was never touched, this program reads it; then the other way round.
static void touch(enum backing backing, uint64_t stride) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, backing);
  cpu_open(&cpu, &vm, 0);
  const uint64_t bytes = MEMORY - TEST_AREA, seed = 0x5555000000000000;
  cpu_start(&cpu, l2_fill, REAL_MODE, ARGUMENTS(TEST_AREA, seed, bytes, stride));
  cpu_run_to(&cpu, REPORT);
  for (uint64_t at = TEST_AREA; at < MEMORY; at += stride)
    if (get64(&vm, at) != seed + at) fail("0x%llx is 0x%llx", (unsigned long long)at, (unsigned long long)get64(&vm, at));
  uint64_t sum = 0;
  for (uint64_t at = TEST_AREA; at < MEMORY; at += stride) {
    put64(&vm, at, at * 0x9e3779b97f4a7c15);
    sum += at * 0x9e3779b97f4a7c15;
  }
  cpu_start(&cpu, l2_sum, REAL_MODE, ARGUMENTS(TEST_AREA, 0, bytes, stride));
  cpu_run_to(&cpu, REPORT);
  same(argument(&cpu, 0), sum);
  detail("%llu places", (unsigned long long)(bytes / stride));
}

void check_small_pages(void) {
  touch(SMALL_PAGES, 4096 - 8);
}

void check_huge_pages(void) {
  touch(HUGE_PAGES, 1000);
}

void check_read_only(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY / 2, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  uint64_t *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  vm_slot(&vm, 1, MEMORY, pages, 2 * PAGE, 0);
  for (uint64_t round = 1; round < 4; round++) {
    pages[1] = round;
    mprotect(pages, 2 * PAGE, PROT_READ);
    cpu_start(&cpu, l2_load, REAL_MODE, ARGUMENTS(MEMORY + 8));
    cpu_run_to(&cpu, REPORT);
    same(argument(&cpu, 0), round);
    // A store that this program could not do either ends the run; the instruction is done when it can.
    cpu_start(&cpu, l2_store, REAL_MODE, ARGUMENTS(MEMORY + 8, ~round));
    same(cpu_run(&cpu), -EFAULT);
    same(pages[1], round);
    mprotect(pages, 2 * PAGE, PROT_READ | PROT_WRITE);
    cpu_run_to(&cpu, REPORT);
    same(pages[1], ~round);
  }
}

/// What a device answers: different bytes everywhere.
static void device_bytes(uint64_t address, uint8_t *data, int length) {
  for (int n = 0; n < length; n++) data[n] = 0x91 + (address + n) * 7;
}

static uint64_t device_value(uint64_t address, int length) {
  uint64_t value = 0;
  device_bytes(address, (uint8_t *)&value, length);
  return value;
}

void check_device(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY / 2, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  const uint64_t at = MEMORY;
  for (int translated = 0; translated < 2; translated++) {
    uint64_t address = at;
    if (translated) {
      radix_open(&vm, KVM_PPC_MMUV3_GTSE);
      radix_map_kernel(&vm);
      cpu_set(&cpu, KVM_REG_PPC_PID, 1);
      address = 0x7000000000;
      radix_map(&vm, 1, address, at, PAGE, PTE_KERNEL);
    }
    cpu_start(&cpu, l2_device, translated ? TRANSLATED : REAL_MODE, ARGUMENTS(address));
    static const struct {
      int offset, length;
      uint64_t stored;
    } accesses[] = {{0, 1, 0}, {2, 2, 0}, {4, 2, 0}, {8, 4, 0}, {12, 4, 0}, {16, 8, 0}, {24, 4, 0}, {32, 8, 0},
                    {32, 1, 1}, {34, 2, 1}, {36, 4, 1}, {40, 8, 1}, {48, 4, 1}, {64, 8, 1}};
    for (size_t n = 0; n < sizeof accesses / sizeof *accesses; n++) {
      int reason = cpu_run(&cpu);
      if (reason != KVM_EXIT_MMIO) fail("access %zu: exit %d", n, reason);
      same(cpu.run->mmio.phys_addr, at + accesses[n].offset);
      same(cpu.run->mmio.len, accesses[n].length);
      same(cpu.run->mmio.is_write, accesses[n].stored);
      if (!accesses[n].stored) device_bytes(accesses[n].offset, cpu.run->mmio.data, accesses[n].length);
      else if (accesses[n].length == 8 && accesses[n].offset == 40) same(*(uint64_t *)cpu.run->mmio.data, device_value(16, 8));
      else if (accesses[n].offset == 48) same(*(uint32_t *)cpu.run->mmio.data, device_value(24, 4));
    }
    cpu_run_to(&cpu, REPORT);
    same(argument(&cpu, 0), device_value(0, 1));
    same(argument(&cpu, 1), device_value(2, 2));
    same(argument(&cpu, 2), (int64_t)(int16_t)device_value(4, 2));
    same(argument(&cpu, 3), device_value(8, 4));
    same(argument(&cpu, 4), (int64_t)(int32_t)device_value(12, 4));
    same(argument(&cpu, 5), device_value(16, 8));
    same(argument(&cpu, 6), __builtin_bswap32(device_value(24, 4)));
    same(argument(&cpu, 7), device_value(32, 8));
    same(argument(&cpu, 8), address + 64);
  }
  detail("28 accesses");
}

/// Puts a new page in the place of one that the guest has used.
static void replace(struct vm *vm, uint64_t at, uint64_t value) {
  uint64_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) fail("mmap");
  page[0] = value;
  if (mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, vm->memory + at) == MAP_FAILED) fail("mremap");
}

void check_remap(void) {
  for (int huge = 0; huge < 2; huge++) {
    struct vm vm;
    struct cpu cpu;
    vm_open(&vm, MEMORY, huge ? HUGE_PAGES : SMALL_PAGES);
    cpu_open(&cpu, &vm, 0);
    for (uint64_t value = 1; value < 200; value++) {
      uint64_t at = TEST_AREA + value % 3 * PAGE;
      replace(&vm, at, value);
      cpu_start(&cpu, l2_load, REAL_MODE, ARGUMENTS(at));
      cpu_run_to(&cpu, REPORT);
      same(argument(&cpu, 0), value);
      cpu_start(&cpu, l2_store, REAL_MODE, ARGUMENTS(at, -value));
      cpu_run_to(&cpu, REPORT);
      same(get64(&vm, at), -value);
    }
  }
}

void check_remap_running(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  for (uint64_t value = 1; value < 20; value++) {
    put64(&vm, DATA, 0);
    cpu_start(&cpu, l2_poll, REAL_MODE, ARGUMENTS(TEST_AREA, value, DATA));
    struct runner runner;
    runner_start(&runner, &cpu, REPORT);
    while (*(volatile uint64_t *)(vm.memory + DATA) == 0) sched_yield();
    replace(&vm, TEST_AREA, value);
    runner_join(&runner);
  }
}

void check_discard(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, HUGE_PAGES);
  cpu_open(&cpu, &vm, 0);
  for (int round = 0; round < 5; round++) {
    cpu_start(&cpu, l2_fill, REAL_MODE, ARGUMENTS(TEST_AREA, 1, 8ul << 20, 512));
    cpu_run_to(&cpu, REPORT);
    madvise(vm.memory + TEST_AREA, 4ul << 20, MADV_DONTNEED);
    cpu_start(&cpu, l2_sum, REAL_MODE, ARGUMENTS(TEST_AREA, 0, 4ul << 20, 512));
    cpu_run_to(&cpu, REPORT);
    same(argument(&cpu, 0), 0);
  }
}

void check_move_slot(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY / 2, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  uint64_t *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  pages[0] = 0xabc;
  for (int round = 0; round < 3; round++) {
    uint64_t here = MEMORY + round * 16 * PAGE;
    vm_slot(&vm, 1, here, pages, 2 * PAGE, 0);
    cpu_start(&cpu, l2_load, REAL_MODE, ARGUMENTS(here));
    cpu_run_to(&cpu, REPORT);
    same(argument(&cpu, 0), 0xabc);
    vm_slot(&vm, 1, here, pages, 0, 0);
    cpu_start(&cpu, l2_load, REAL_MODE, ARGUMENTS(here));
    same(cpu_run(&cpu), KVM_EXIT_MMIO);
    memset(cpu.run->mmio.data, 0x11, 8);
    cpu_run_to(&cpu, REPORT);
    same(argument(&cpu, 0), 0x1111111111111111);
  }
}

void check_dirty_log(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY / 2, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  const int count = 64;
  uint8_t *pages = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(pages, 1, count * PAGE);
  vm_slot(&vm, 1, MEMORY, pages, count * PAGE, KVM_MEM_LOG_DIRTY_PAGES);
  // The first answer has all pages that this program itself has written.
  for (int round = -1; round < 4; round++) {
    uint64_t wanted = 0;
    cpu_start(&cpu, l2_sum, REAL_MODE, ARGUMENTS(MEMORY, 0, count * PAGE, PAGE));
    cpu_run_to(&cpu, REPORT);
    for (int page = round & 3; page < count; page += 5 + 2 * round) {
      cpu_start(&cpu, l2_store, REAL_MODE, ARGUMENTS(MEMORY + page * PAGE + 64, page));
      cpu_run_to(&cpu, REPORT);
      wanted |= 1ull << page;
    }
    uint64_t bits = 0;
    struct kvm_dirty_log log = {.slot = 1, .dirty_bitmap = &bits};
    expect(ioctl(vm.fd, KVM_GET_DIRTY_LOG, &log) == 0);
    if (round >= 0) same(bits, wanted);
  }
}

static void write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) fail("%s: %s", path, strerror(errno));
  close(fd);
}

static long number_in(const char *path) {
  char text[32] = {0};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || read(fd, text, sizeof text - 1) < 0) fail("%s: %s", path, strerror(errno));
  close(fd);
  return atol(text);
}

/// Pages of the same content become one (KSM); a store gives its page back to itself.
void check_merged(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  const int count = 64;
  uint8_t *area = vm.memory + TEST_AREA;
  memset(area, 0x5a, count * PAGE);
  cpu_start(&cpu, l2_sum, REAL_MODE, ARGUMENTS(TEST_AREA, 0, count * PAGE, PAGE));
  cpu_run_to(&cpu, REPORT);
  uint64_t all = argument(&cpu, 0);
  same(all, count * 0x5a5a5a5a5a5a5a5aull);
  expect(madvise(area, count * PAGE, MADV_MERGEABLE) == 0);
  write_file("/sys/kernel/mm/ksm/pages_to_scan", "1000");
  write_file("/sys/kernel/mm/ksm/sleep_millisecs", "2");
  write_file("/sys/kernel/mm/ksm/run", "1");
  for (int wait = 0; number_in("/sys/kernel/mm/ksm/pages_sharing") < count - 2; wait++) {
    if (wait > 1000) fail("%ld pages were merged", number_in("/sys/kernel/mm/ksm/pages_sharing"));
    usleep(10000);
  }
  for (int page = 0; page < count; page += 7) {
    cpu_start(&cpu, l2_sum, REAL_MODE, ARGUMENTS(TEST_AREA, 0, count * PAGE, PAGE));
    cpu_run_to(&cpu, REPORT);
    same(argument(&cpu, 0), all);
    cpu_start(&cpu, l2_store, REAL_MODE, ARGUMENTS(TEST_AREA + page * PAGE, page));
    cpu_run_to(&cpu, REPORT);
    all += page - 0x5a5a5a5a5a5a5a5aull;
    for (int other = 0; other < count; other++)
      same(get64(&vm, TEST_AREA + other * PAGE), other <= page && other % 7 == 0 ? (uint64_t)other : 0x5a5a5a5a5a5a5a5a);
  }
  write_file("/sys/kernel/mm/ksm/run", "2");
  detail("%d pages", count);
}

void check_reserved_huge_pages(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY / 2, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  const uint64_t size = 8ul << 20;
  write_file("/proc/sys/vm/nr_hugepages", "4");
  uint8_t *pages =
      mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
  if (pages == MAP_FAILED) fail("mmap: %s", strerror(errno));
  vm_slot(&vm, 1, MEMORY, pages, size, 0);
  cpu_start(&cpu, l2_fill, REAL_MODE, ARGUMENTS(MEMORY, 3, size, 1024));
  cpu_run_to(&cpu, REPORT);
  for (uint64_t at = 0; at < size; at += 1024) same(*(uint64_t *)(pages + at), MEMORY + at + 3);
  vm_slot(&vm, 1, MEMORY, pages, 0, 0);
  munmap(pages, size);
  write_file("/proc/sys/vm/nr_hugepages", "0");
}
