// Several vCPUs and several machines at a time.
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>

#include "checks.h"
#include "l2.h"

#define MEMORY (16ul << 20)
enum { LOCK_WORD = DATA, WAITING = DATA + 128, COUNTER = DATA + 256, READY = DATA + 384 };

void check_lock(void) {
  struct vm vm;
  struct cpu cpus[2];
  struct runner runners[2];
  vm_open(&vm, MEMORY, SMALL_PAGES);
  for (int n = 0; n < 2; n++) cpu_open(&cpus[n], &vm, n);
  const uint64_t rounds = 100000;
  for (int n = 0; n < 2; n++) {
    cpu_start(&cpus[n], l2_lock, REAL_MODE, ARGUMENTS(LOCK_WORD, COUNTER, rounds, WAITING, 2));
    runner_start(&runners[n], &cpus[n], REPORT);
  }
  for (int n = 0; n < 2; n++) runner_join(&runners[n]);
  same(get64(&vm, COUNTER), 2 * rounds);
  detail("%llu additions under a lock", (unsigned long long)(2 * rounds));
}

void check_interprocessor(void) {
  struct vm vm;
  struct cpu cpus[2];
  struct runner runner;
  vm_open(&vm, MEMORY, SMALL_PAGES);
  for (int n = 0; n < 2; n++) cpu_open(&cpus[n], &vm, n);
  xics_open(&vm, cpus, 2);
  for (int round = 0; round < 10; round++) {
    put64(&vm, READY, 0);
    cpu_start(&cpus[1], l2_ipi_receive, REAL_MODE, ARGUMENTS(READY));
    runner_start(&runner, &cpus[1], CAME_BACK);
    while (*(volatile uint64_t *)(vm.memory + READY) == 0) sched_yield();
    cpu_start(&cpus[0], l2_ipi_send, REAL_MODE, ARGUMENTS(1));
    cpu_run_to(&cpus[0], REPORT);
    same(argument(&cpus[0], 0), 0);
    runner_join(&runner);
    same(log_length(&cpus[1]), 1);
    same(logged(&cpus[1], 0).vector, 0x500);
    cpu_start(&cpus[1], l2_ipi_accept, REAL_MODE, ARGUMENTS(0));
    struct kvm_regs regs;
    expect(ioctl(cpus[1].fd, KVM_GET_REGS, &regs) == 0);
    regs.gpr[14] = 1;
    expect(ioctl(cpus[1].fd, KVM_SET_REGS, &regs) == 0);
    cpu_run_to(&cpus[1], REPORT);
    // Source 2 is the call of another processor; the priority was open.
    same(argument(&cpus[1], 0), 0xff000002);
    same(argument(&cpus[1], 1), 0);
  }
}

static uint64_t load(struct cpu *cpu, uint64_t address) {
  cpu_start(cpu, l2_load, REAL_MODE, ARGUMENTS(address));
  cpu_run_to(cpu, REPORT);
  return argument(cpu, 0);
}

void check_two_machines(void) {
  struct vm vms[2];
  struct cpu cpus[2];
  for (int n = 0; n < 2; n++) {
    vm_open(&vms[n], MEMORY, SMALL_PAGES);
    cpu_open(&cpus[n], &vms[n], 0);
    put64(&vms[n], TEST_AREA, n);
  }
  for (int round = 0; round < 100; round++) same(load(&cpus[round % 2], TEST_AREA), round % 2);
  // The same code page with other code in it.
  for (int n = 0; n < 2; n++) cpu_start(&cpus[n], l2_compute, REAL_MODE, ARGUMENTS(1000, 7));
  uint32_t *words = (uint32_t *)(vms[1].memory + address_of(l2_compute));
  for (int at = 0; at < 12; at++)
    // `srdi r5, r4, 12` becomes `addi r5, r4, 12`.
    if (words[at] == 0x7885a302) words[at] = 0x38a4000c;
  cpu_run_to(&cpus[0], REPORT);
  cpu_run_to(&cpus[1], REPORT);
  expect(argument(&cpus[0], 0) != argument(&cpus[1], 0));
}

void check_many_machines(void) {
  for (int round = 0; round < 40; round++) {
    struct vm vm;
    struct cpu cpu;
    vm_open(&vm, MEMORY, round % 2 ? HUGE_PAGES : SMALL_PAGES);
    cpu_open(&cpu, &vm, 0);
    same(load(&cpu, TEST_AREA), 0);
    put64(&vm, TEST_AREA, round);
    same(load(&cpu, TEST_AREA), round);
    cpu_close(&cpu);
    vm_close(&vm);
  }
}
