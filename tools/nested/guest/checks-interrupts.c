// Interrupts of a guest: those that it causes itself, which no hypervisor sees, and those that KVM injects.
#define _GNU_SOURCE
#include <signal.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>

#include "checks.h"
#include "l2.h"

#define MEMORY (16ul << 20)
#define ADDRESS 0x7000000000ull
/// Where a guest's programs find their code: mapped for problem state.
#define USER_CODE 0x10000000ull
#define LPCR_AIL (3ull << 23)

enum { DSISR_NO_TABLE = 0x40000000, DSISR_PROTECTION = 0x08000000, DSISR_STORE = 0x02000000, DSISR_WATCH = 0x00400000 };
enum { SRR1_NO_TABLE = 0x40000000, SRR1_NO_EXECUTE = 0x10000000, SRR1_PROTECTION = 0x08000000 };
enum { SRR1_ILLEGAL = 0x80000, SRR1_PRIVILEGED = 0x40000, SRR1_TRAP = 0x20000 };

static void open_translated(struct vm *vm, struct cpu *cpu) {
  vm_open(vm, MEMORY, SMALL_PAGES);
  cpu_open(cpu, vm, 0);
  radix_open(vm, KVM_PPC_MMUV3_GTSE);
  radix_map_kernel(vm);
  radix_map(vm, 1, USER_CODE, 0, 0x10000, PTE_USER);
  cpu_set(cpu, KVM_REG_PPC_PID, 1);
}

/// Runs to the one interrupt that is expected: its vector.
static struct interrupt interrupted(struct cpu *cpu, const void *entry, uint64_t msr, uint64_t argument) {
  cpu_start(cpu, entry, msr, ARGUMENTS(argument));
  cpu_run_to(cpu, CAME_BACK);
  same(log_length(cpu), 1);
  return logged(cpu, 0);
}

/// In problem state the code is elsewhere.
static struct interrupt user_interrupted(struct cpu *cpu, const void *entry, uint64_t argument) {
  cpu_start(cpu, entry, TRANSLATED, ARGUMENTS(argument));
  struct kvm_regs regs;
  expect(ioctl(cpu->fd, KVM_GET_REGS, &regs) == 0);
  regs.pc += USER_CODE;
  regs.msr |= MSR_PR | MSR_EE;
  expect(ioctl(cpu->fd, KVM_SET_REGS, &regs) == 0);
  cpu_run_to(cpu, CAME_BACK);
  same(log_length(cpu), 1);
  struct interrupt noted = logged(cpu, 0);
  expect((noted.srr1 & (MSR_PR | MSR_EE)) == (MSR_PR | MSR_EE));
  return noted;
}

static void data_storage(struct cpu *cpu, const void *entry, uint64_t address, uint64_t vector, uint64_t dsisr) {
  struct interrupt noted = interrupted(cpu, entry, TRANSLATED, address);
  same(noted.vector, vector);
  same(noted.srr0, address_of(entry));
  same(noted.srr1, TRANSLATED);
  same(noted.dar, address);
  if (vector == 0x300) same(noted.dsisr, dsisr);
  same(noted.msr, MSR_SF | MSR_ME | MSR_LE);
}

void check_data_storage(void) {
  struct vm vm;
  struct cpu cpu;
  open_translated(&vm, &cpu);
  data_storage(&cpu, l2_load, ADDRESS + 8, 0x300, DSISR_NO_TABLE);
  data_storage(&cpu, l2_store, ADDRESS + 8, 0x300, DSISR_NO_TABLE | DSISR_STORE);
  radix_map(&vm, 1, ADDRESS, TEST_AREA, 0x10000, PTE_KERNEL & ~(uint64_t)PTE_WRITE);
  put64(&vm, TEST_AREA, 123);
  data_storage(&cpu, l2_store, ADDRESS + 8, 0x300, DSISR_PROTECTION | DSISR_STORE);
  cpu_start(&cpu, l2_load, TRANSLATED, ARGUMENTS(ADDRESS));
  cpu_run_to(&cpu, REPORT);
  same(argument(&cpu, 0), 123);
  // Beyond the tree's 52 bits.
  data_storage(&cpu, l2_load, 1ull << 55, 0x380, 0);
}

void check_instruction_storage(void) {
  struct vm vm;
  struct cpu cpu;
  open_translated(&vm, &cpu);
  struct interrupt noted = interrupted(&cpu, l2_jump, TRANSLATED, ADDRESS);
  same(noted.vector, 0x400);
  same(noted.srr0, ADDRESS);
  same(noted.srr1, TRANSLATED | SRR1_NO_TABLE);
  radix_map(&vm, 1, ADDRESS, 0, 0x10000, PTE_KERNEL & ~(uint64_t)PTE_EXECUTE);
  noted = interrupted(&cpu, l2_jump, TRANSLATED, ADDRESS);
  same(noted.vector, 0x400);
  same(noted.srr1, TRANSLATED | SRR1_NO_EXECUTE);
  noted = interrupted(&cpu, l2_jump, TRANSLATED, 1ull << 55);
  same(noted.vector, 0x480);
  same(noted.srr0, 1ull << 55);
}

void check_user(void) {
  struct vm vm;
  struct cpu cpu;
  open_translated(&vm, &cpu);
  radix_map(&vm, 1, ADDRESS, TEST_AREA, 0x10000, PTE_KERNEL);
  struct interrupt noted = user_interrupted(&cpu, l2_load, ADDRESS);
  same(noted.vector, 0x300);
  same(noted.srr0, USER_CODE + address_of(l2_load));
  same(noted.dar, ADDRESS);
  same(noted.dsisr, DSISR_PROTECTION);
  noted = user_interrupted(&cpu, l2_jump, ADDRESS);
  same(noted.vector, 0x400);
  // Which of the two bits a page of the supervisor's sets for problem state is another test's subject.
  expect((noted.srr1 & (SRR1_NO_EXECUTE | SRR1_PROTECTION)) != 0);
  noted = user_interrupted(&cpu, l2_privileged, 0);
  same(noted.vector, 0x700);
  same(noted.srr1 & 0xf0000, SRR1_PRIVILEGED);
  // A hypercall of problem state never gets to KVM's user: it is a program interrupt.
  noted = user_interrupted(&cpu, l2_hypercall, REPORT);
  same(noted.vector, 0x700);
  same(noted.srr1 & 0xf0000, SRR1_PRIVILEGED);
  // TAR is a facility of its own (FSCR): its number is in the register's first byte.
  cpu_start(&cpu, l2_set_fscr, TRANSLATED, ARGUMENTS(0));
  cpu_run_to(&cpu, REPORT);
  same(user_interrupted(&cpu, l2_target, 0).vector, 0xf60);
}

void check_system_calls(void) {
  struct vm vm;
  struct cpu cpu;
  open_translated(&vm, &cpu);
  struct interrupt noted = interrupted(&cpu, l2_sc, REAL_MODE, 0);
  same(noted.vector, 0xc00);
  same(noted.srr0, address_of(l2_sc) + 4);
  same(noted.srr1, REAL_MODE);
  noted = user_interrupted(&cpu, l2_sc, 0);
  same(noted.vector, 0xc00);
  same(noted.srr0, USER_CODE + address_of(l2_sc) + 4);
  // FSCR[SCV]: without it the facility is unavailable.
  noted = interrupted(&cpu, l2_scv_enabled, REAL_MODE, 0);
  same(noted.vector, 0xf60);
  const uint64_t scv = 1 << 12;
  noted = interrupted(&cpu, l2_scv_enabled, REAL_MODE, scv);
  same(noted.vector, 0x17000);
  noted = user_interrupted(&cpu, l2_scv, 0);
  same(noted.vector, 0x17000);
  same(noted.srr0, USER_CODE + address_of(l2_scv) + 4);
}

void check_program(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  struct interrupt noted = interrupted(&cpu, l2_trap, REAL_MODE, 0);
  same(noted.vector, 0x700);
  same(noted.srr0, address_of(l2_trap));
  same(noted.srr1, REAL_MODE | SRR1_TRAP);
  // Seen by KVM first (hypervisor emulation assistance), which injects it.
  noted = interrupted(&cpu, l2_illegal, REAL_MODE, 0);
  same(noted.vector, 0x700);
  same(noted.srr0, address_of(l2_illegal));
  same(noted.srr1, REAL_MODE | SRR1_ILLEGAL);
}

void check_unavailable(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  same(interrupted(&cpu, l2_floating, REAL_MODE, 0).vector, 0x800);
  same(interrupted(&cpu, l2_vector, REAL_MODE, 0).vector, 0xf20);
  same(interrupted(&cpu, l2_vsx, REAL_MODE, 0).vector, 0xf40);
  struct interrupt noted = interrupted(&cpu, l2_floating, REAL_MODE | MSR_VEC | MSR_VSX, 0);
  same(noted.srr0, address_of(l2_floating));
  same(noted.srr1, REAL_MODE | MSR_VEC | MSR_VSX);
}

void check_alignment(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  struct interrupt noted = interrupted(&cpu, l2_reserve, REAL_MODE, TEST_AREA + 2);
  same(noted.vector, 0x600);
  same(noted.srr0, address_of(l2_reserve));
  same(noted.dar, TEST_AREA + 2);
}

void check_trace(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  struct interrupt noted = interrupted(&cpu, l2_nothing, REAL_MODE | MSR_SE, 0);
  same(noted.vector, 0xd00);
  same(noted.srr0, address_of(l2_nothing) + 4);
}

void check_alternate_location(void) {
  struct vm vm;
  struct cpu cpu;
  open_translated(&vm, &cpu);
  cpu_set(&cpu, KVM_REG_PPC_LPCR_64, cpu_get(&cpu, KVM_REG_PPC_LPCR_64) | LPCR_AIL);
  struct interrupt noted = interrupted(&cpu, l2_load, TRANSLATED, ADDRESS);
  same(noted.vector, 0x4300);
  same(noted.msr, MSR_SF | MSR_ME | MSR_LE | MSR_IR | MSR_DR);
  same(user_interrupted(&cpu, l2_sc, 0).vector, 0x4c00);
  same(interrupted(&cpu, l2_decrementer, TRANSLATED, 1000).vector, 0x4900);
  // What KVM injects goes there, too.
  same(interrupted(&cpu, l2_illegal, TRANSLATED, 0).vector, 0x4700);
  // With translation off nothing is moved.
  noted = interrupted(&cpu, l2_trap, REAL_MODE, 0);
  same(noted.vector, 0x700);
  noted = interrupted(&cpu, l2_scv_enabled, TRANSLATED, 1 << 12);
  same(noted.vector, 0x3000);
}

void check_decrementer(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  static const uint64_t ticks[] = {0, 1, 1000, 100000, 20000000};
  for (int large = 0; large < 2; large++) {
    uint64_t lpcr = cpu_get(&cpu, KVM_REG_PPC_LPCR_64);
    cpu_set(&cpu, KVM_REG_PPC_LPCR_64, large ? lpcr | LPCR_LD : lpcr & ~LPCR_LD);
    for (size_t n = 0; n < sizeof ticks / sizeof *ticks; n++) {
      uint64_t start = time_base();
      struct interrupt noted = interrupted(&cpu, l2_decrementer, REAL_MODE, ticks[n]);
      uint64_t passed = time_base() - start;
      same(noted.vector, 0x900);
      expect((noted.srr1 & MSR_EE) != 0);
      if (passed < ticks[n]) fail("%llu ticks, not %llu", (unsigned long long)passed, (unsigned long long)ticks[n]);
    }
  }
}

void check_cede(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  for (uint64_t ticks = 1; ticks < 10000000; ticks = ticks * 20 + 1)
    same(interrupted(&cpu, l2_cede, REAL_MODE, ticks).vector, 0x900);
}

void check_external(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  struct kvm_interrupt set = {.irq = KVM_INTERRUPT_SET_LEVEL}, unset = {.irq = KVM_INTERRUPT_UNSET};
  for (uint64_t rounds = 1; rounds < 1000000; rounds *= 30) {
    // Interrupts are off at first: the hypervisor has the guest come out when it turns them on (LPCR[MER]).
    expect(ioctl(cpu.fd, KVM_INTERRUPT, &set) == 0);
    struct interrupt noted = interrupted(&cpu, l2_wait, REAL_MODE, rounds);
    same(noted.vector, 0x500);
    expect((noted.srr1 & MSR_EE) != 0);
    expect(ioctl(cpu.fd, KVM_INTERRUPT, &unset) == 0);
    // Taken away before they are turned on: nothing comes but the decrementer.
    expect(ioctl(cpu.fd, KVM_INTERRUPT, &set) == 0);
    expect(ioctl(cpu.fd, KVM_INTERRUPT, &unset) == 0);
    same(interrupted(&cpu, l2_decrementer, REAL_MODE, 100).vector, 0x900);
  }
  // While it runs.
  cpu_start(&cpu, l2_wait, REAL_MODE, ARGUMENTS(10));
  struct runner runner;
  struct kvm_regs regs;
  expect(ioctl(cpu.fd, KVM_GET_REGS, &regs) == 0);
  regs.msr |= MSR_EE;
  expect(ioctl(cpu.fd, KVM_SET_REGS, &regs) == 0);
  runner_start(&runner, &cpu, CAME_BACK);
  struct timespec pause = {.tv_nsec = 20000000};
  nanosleep(&pause, NULL);
  expect(ioctl(cpu.fd, KVM_INTERRUPT, &set) == 0);
  runner_join(&runner);
  same(logged(&cpu, 0).vector, 0x500);
}

void check_doorbell(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  // Message type 5, thread 0 of the core.
  same(interrupted(&cpu, l2_doorbell, REAL_MODE, 5 << 27).vector, 0xa00);
}

static void nothing(int number) {
  (void)number;
}

void check_signal(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  struct sigaction action = {.sa_handler = nothing};
  sigaction(SIGVTALRM, &action, NULL);
  cpu_start(&cpu, l2_spin, REAL_MODE, ARGUMENTS(0));
  uint64_t count = 0;
  for (int round = 0; round < 5; round++) {
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGVTALRM};
    struct itimerspec when = {.it_value = {.tv_nsec = 30000000}};
    expect(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    expect(timer_settime(timer, 0, &when, NULL) == 0);
    same(cpu_run(&cpu), -EINTR);
    timer_delete(timer);
    struct kvm_regs regs;
    expect(ioctl(cpu.fd, KVM_GET_REGS, &regs) == 0);
    expect(regs.pc >= address_of(l2_spin) && regs.pc <= address_of(l2_spin) + 8);
    expect(regs.gpr[4] > count);
    count = regs.gpr[4];
  }
}

void check_breakpoint(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  struct kvm_guest_debug debug = {.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP};
  expect(ioctl(cpu.fd, KVM_SET_GUEST_DEBUG, &debug) == 0);
  cpu_start(&cpu, l2_breakpoint, REAL_MODE, ARGUMENTS(0));
  int reason = cpu_run(&cpu);
  // KVM takes the instruction from the state that the hypervisor below gives it (HEIR).
  if (reason == KVM_EXIT_PAPR_HCALL) skip("the hypervisor below does not tell which instruction was illegal");
  same(reason, KVM_EXIT_DEBUG);
  same(cpu.run->debug.arch.address, address_of(l2_breakpoint));
  // Another illegal instruction is the guest's own.
  same(interrupted(&cpu, l2_illegal, REAL_MODE, 0).vector, 0x700);
}

void check_watchpoint(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  // Reads and writes of one doubleword, translation ignored, in supervisor state.
  cpu_set(&cpu, KVM_REG_PPC_DAWR, TEST_AREA + 64);
  cpu_set(&cpu, KVM_REG_PPC_DAWRX, 0x62);
  put64(&vm, TEST_AREA + 72, 9);
  cpu_start(&cpu, l2_load, REAL_MODE, ARGUMENTS(TEST_AREA + 72));
  cpu_run_to(&cpu, REPORT);
  cpu_start(&cpu, l2_load, REAL_MODE, ARGUMENTS(TEST_AREA + 64));
  same(cpu_run(&cpu), KVM_EXIT_PAPR_HCALL);
  if (cpu.run->papr_hcall.nr == REPORT) skip("no watchpoints here");
  struct interrupt noted = logged(&cpu, 0);
  same(noted.vector, 0x300);
  same(noted.dar, TEST_AREA + 64);
  same(noted.dsisr, DSISR_WATCH);
}

void check_breakpoint_register(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  // CIABR: the address of the second instruction, in supervisor state (2); the interrupt comes behind it.
  cpu_set(&cpu, KVM_REG_PPC_CIABR, (address_of(l2_nothing) + 4) | 2);
  cpu_start(&cpu, l2_nothing, REAL_MODE, ARGUMENTS(0));
  same(cpu_run(&cpu), KVM_EXIT_PAPR_HCALL);
  if (cpu.run->papr_hcall.nr == REPORT) skip("no breakpoint register here");
  struct interrupt noted = logged(&cpu, 0);
  same(noted.vector, 0xd00);
  same(noted.srr0, address_of(l2_nothing) + 8);
}

void check_monitor(void) {
  struct vm vm;
  struct cpu cpu;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  cpu_open(&cpu, &vm, 0);
  for (uint64_t value = 1; value < 1000000; value *= 30) {
    cpu_start(&cpu, l2_monitor, REAL_MODE, ARGUMENTS(value));
    cpu_run_to(&cpu, REPORT);
    same(argument(&cpu, 0), value);
  }
}
