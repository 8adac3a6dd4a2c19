// What a guest computes, the registers that KVM gives it and takes from it, and its time.
#include <endian.h>
#include <string.h>
#include <sys/ioctl.h>

#include "checks.h"
#include "l2.h"

#define MEMORY (4ul << 20)

void check_extensions(void) {
  same(ioctl(kvm(), KVM_GET_API_VERSION, 0), 12);
  same(ioctl(kvm(), KVM_CHECK_EXTENSION, KVM_CAP_PPC_MMU_RADIX), 1);
  same(ioctl(kvm(), KVM_CHECK_EXTENSION, KVM_CAP_PPC_MMU_HASH_V3), 0);
  same(ioctl(kvm(), KVM_CHECK_EXTENSION, KVM_CAP_PPC_HTM), 0);
  detail("radix only");
}

/// What l2_compute does, in C.
static uint64_t generate(uint64_t x, uint64_t steps) {
  for (; steps > 0; steps--) {
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
  }
  return x;
}

static void compute(int big_endian) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  if (big_endian)
    for (uint64_t at = 0; at < (uint64_t)(l2_end - l2_image); at += 4) {
      uint32_t word;
      memcpy(&word, vm.memory + at, 4);
      word = htobe32(word);
      memcpy(vm.memory + at, &word, 4);
    }
  uint64_t seed = 0x0123456789abcdef, steps = 3000000;
  cpu_start(&cpu, l2_compute, big_endian ? REAL_MODE & ~(uint64_t)MSR_LE : REAL_MODE, ARGUMENTS(steps, seed));
  cpu_run_to(&cpu, REPORT);
  uint64_t result = argument(&cpu, 0);
  same(result, generate(seed, steps));
  for (int n = 1; n < 9; n++) same(argument(&cpu, n), 4 + n);
  uint64_t sum = cpu.run->papr_hcall.ret = 0xfedcba9876543210;
  for (int n = 0; n < 9; n++) {
    cpu.run->papr_hcall.args[n] = generate(n + 1, 20);
    sum = sum * 3 + generate(n + 1, 20);
  }
  cpu_run_to(&cpu, REPORT_2);
  same(argument(&cpu, 0), sum);
  detail("%016llx", (unsigned long long)result);
}

void check_compute(void) {
  compute(0);
}

void check_compute_big_endian(void) {
  compute(1);
}

/// The special registers of l2_registers, in its order, and what may be set in each.
static const struct {
  const char *name;
  /// Of the interface; 0: in struct kvm_regs.
  uint64_t id;
  uint64_t mask;
  /// The report itself, a system call, changes it.
  int volatile_in_calls;
} specials[] = {
    {"LR", 0, ~0ull, 0},
    {"CTR", 0, ~0ull, 0},
    {"XER", 0, 0xe00c007f, 0},
    {"SPRG0", 0, ~0ull, 0},
    {"SPRG1", 0, ~0ull, 0},
    {"SPRG2", 0, ~0ull, 0},
    {"SPRG3", 0, ~0ull, 0},
    {"SRR0", 0, ~3ull, 1},
    {"SRR1", 0, 0xffff, 1},
    {"DAR", KVM_REG_PPC_DAR, ~0ull, 0},
    {"DSISR", KVM_REG_PPC_DSISR, 0xffffffff, 0},
    {"DSCR", KVM_REG_PPC_DSCR, 0x1ffffff, 0},
    {"TAR", KVM_REG_PPC_TAR, ~0ull, 0},
    {"AMR", KVM_REG_PPC_AMR, ~0ull, 0},
    {"IAMR", KVM_REG_PPC_IAMR, 0x5555555555555555, 0},
    {"VRSAVE", KVM_REG_PPC_VRSAVE, 0xffffffff, 0},
    {"PID", KVM_REG_PPC_PID, 0xff, 0},
    {"PPR", KVM_REG_PPC_PPR, 0, 0},
};
enum { SPECIALS = sizeof specials / sizeof *specials };

static uint64_t *field_of(struct kvm_regs *regs, int n) {
  uint64_t *const fields[] = {(uint64_t *)&regs->lr,    (uint64_t *)&regs->ctr,   (uint64_t *)&regs->xer,
                              (uint64_t *)&regs->sprg0, (uint64_t *)&regs->sprg1, (uint64_t *)&regs->sprg2,
                              (uint64_t *)&regs->sprg3, (uint64_t *)&regs->srr0,  (uint64_t *)&regs->srr1};
  return fields[n];
}

/// A value for register `n` of the first or second kind.
static uint64_t value_of(int n, int kind) {
  return generate(n * 2 + kind + 1, 30);
}

void check_registers(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  cpu_set(&cpu, KVM_REG_PPC_UAMOR, ~0ull);
  struct kvm_regs regs;
  cpu_start(&cpu, l2_registers, REAL_MODE, ARGUMENTS(DATA));
  expect(ioctl(cpu.fd, KVM_GET_REGS, &regs) == 0);
  for (int n = 4; n < 32; n++) {
    regs.gpr[n] = value_of(n, 0);
    put64(&vm, DATA + 2048 + 8 * n, value_of(n, 1));
  }
  regs.cr = (uint32_t)value_of(40, 0);
  put64(&vm, DATA + 2048, (uint32_t)value_of(40, 1));
  for (int n = 0; n < SPECIALS; n++) {
    uint64_t first = value_of(50 + n, 0) & specials[n].mask;
    if (specials[n].id == 0) *field_of(&regs, n) = first;
    else cpu_set(&cpu, specials[n].id, first);
    put64(&vm, DATA + 2048 + 256 + 8 * n, value_of(50 + n, 1) & specials[n].mask);
  }
  expect(ioctl(cpu.fd, KVM_SET_REGS, &regs) == 0);

  cpu_run_to(&cpu, REPORT);

  for (int n = 4; n < 32; n++)
    if (get64(&vm, DATA + 8 * n) != value_of(n, 0)) fail("the guest was not given r%d", n);
  same(get64(&vm, DATA), (uint32_t)value_of(40, 0));
  for (int n = 0; n < SPECIALS; n++)
    if (specials[n].mask != 0) expect_same(specials[n].name, get64(&vm, DATA + 256 + 8 * n), value_of(50 + n, 0) & specials[n].mask);
  expect(ioctl(cpu.fd, KVM_GET_REGS, &regs) == 0);
  for (int n = 4; n < 32; n++)
    if (regs.gpr[n] != value_of(n, 1)) fail("r%d of the guest is 0x%llx", n, (unsigned long long)regs.gpr[n]);
  same(regs.cr, (uint32_t)value_of(40, 1));
  for (int n = 0; n < SPECIALS; n++) {
    uint64_t now = specials[n].id == 0 ? *field_of(&regs, n) : cpu_get(&cpu, specials[n].id);
    if (specials[n].mask != 0 && !specials[n].volatile_in_calls)
      expect_same(specials[n].name, now, value_of(50 + n, 1) & specials[n].mask);
  }
  detail("29 general and %d special registers, both ways", SPECIALS - 1);
}

static void vector_register(struct cpu *cpu, unsigned long request, uint64_t id, uint64_t value[2]) {
  struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)value};
  if (ioctl(cpu->fd, request, &reg) != 0) fail("register 0x%llx", (unsigned long long)id);
}

/// A VSR as KVM has it on a little-endian host: the second doubleword first.
static void vsr_of(int n, int kind, uint64_t value[2]) {
  value[1] = value_of(200 + n, kind);
  value[0] = value_of(300 + n, kind);
}

/// Number of a VSR in the interface: those from 32 on are the vector registers.
static uint64_t vsr_id(int n) {
  return n < 32 ? KVM_REG_PPC_VSR(n) : KVM_REG_PPC_VR(n - 32);
}

void check_vectors(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  cpu_start(&cpu, l2_vectors, REAL_MODE | MSR_FP | MSR_VEC | MSR_VSX, ARGUMENTS(DATA));
  uint64_t value[2], fpscr = 0xa1;
  for (int n = 0; n < 64; n++) {
    vsr_of(n, 0, value);
    vector_register(&cpu, KVM_SET_ONE_REG, vsr_id(n), value);
    put64(&vm, DATA + 2048 + 1024 + 16 * n, value_of(200 + n, 1));
    put64(&vm, DATA + 2048 + 1024 + 16 * n + 8, value_of(300 + n, 1));
  }
  cpu_set(&cpu, KVM_REG_PPC_FPSCR, fpscr);
  put64(&vm, DATA + 2048, 0x42);

  cpu_run_to(&cpu, REPORT);

  for (int n = 0; n < 64; n++) {
    if (get64(&vm, DATA + 1024 + 16 * n) != value_of(200 + n, 0)) fail("the guest was not given VSR %d", n);
    if (get64(&vm, DATA + 1024 + 16 * n + 8) != value_of(300 + n, 0)) fail("the guest was not given VSR %d", n);
    vector_register(&cpu, KVM_GET_ONE_REG, vsr_id(n), value);
    uint64_t wanted[2];
    vsr_of(n, 1, wanted);
    if (memcmp(value, wanted, sizeof value) != 0) fail("VSR %d of the guest", n);
  }
  same(get64(&vm, DATA), fpscr);
  same(cpu_get(&cpu, KVM_REG_PPC_FPSCR), 0x42);
  detail("64 VSRs and FPSCR, both ways");
}

void check_time(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  // The offset is a multiple of 2^24 ticks.
  const uint64_t offset = 0x123456000000, ticks = 2000000;
  uint64_t last = 0;
  for (int round = 0; round < 3; round++) {
    uint64_t moved = round == 1 ? offset : round == 2 ? -offset : 0;
    cpu_set(&cpu, KVM_REG_PPC_TB_OFFSET, moved);
    cpu_start(&cpu, l2_time, REAL_MODE, ARGUMENTS(ticks));
    uint64_t before = time_base();
    cpu_run_to(&cpu, REPORT);
    uint64_t after = time_base();
    uint64_t start = argument(&cpu, 0) - moved, end = argument(&cpu, 1) - moved;
    if (before > start || start + ticks > end || end > after)
      fail("offset 0x%llx: the guest ran from 0x%llx to 0x%llx, between 0x%llx and 0x%llx", (unsigned long long)moved,
           (unsigned long long)start, (unsigned long long)end, (unsigned long long)before, (unsigned long long)after);
    expect(argument(&cpu, 2) >= last);
    expect(argument(&cpu, 3) >= argument(&cpu, 2));
    last = argument(&cpu, 3);
  }
  expect(last <= 3 * time_base());
  detail("three offsets");
}

void check_hypercalls(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  // Calls that no kernel serves for this machine come to this program: the guest's hypervisor is KVM alone.
  static const uint64_t numbers[] = {0x58 /* H_PUT_TERM_CHAR */, 0xf800 + 0x100, 0xf000 /* H_RTAS */, 0x31c /* H_SET_MODE */};
  for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
    cpu_start(&cpu, l2_hypercall, REAL_MODE, ARGUMENTS(numbers[n], 44, 55, 66));
    cpu_run_to(&cpu, numbers[n]);
    same(argument(&cpu, 0), 44);
    same(argument(&cpu, 2), 66);
    cpu.run->papr_hcall.ret = -2;
    cpu.run->papr_hcall.args[0] = 77;
    cpu_run_to(&cpu, REPORT);
    same(argument(&cpu, 0), 77);
    same(argument(&cpu, 1), -2ull);
  }
  // The four calls of nested guests: KVM refuses them for a machine without KVM_CAP_PPC_NESTED_HV.
  for (uint64_t number = 0xf800; number <= 0xf80c; number += 4) {
    cpu_start(&cpu, l2_hypercall, REAL_MODE, ARGUMENTS(number, 0, 0, 0));
    cpu_run_to(&cpu, REPORT);
    same(argument(&cpu, 1), -2ull);
  }
  detail("4 to this program, 4 refused");
}
