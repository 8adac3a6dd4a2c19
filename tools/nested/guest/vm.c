// Virtual machines through /dev/kvm: memory, vCPUs, registers, and running to an exit (Linux, KVM API documentation).
#define _GNU_SOURCE
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "l2.h"

#define HUGE_PAGE (2ul << 20)

int kvm(void) {
  static int fd = -1;
  if (fd < 0) fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
  if (fd < 0) fail("/dev/kvm: %s", strerror(errno));
  return fd;
}

static void must(int result, const char *what) {
  if (result < 0) fail("%s: %s", what, strerror(errno));
}

void vm_slot(struct vm *vm, int slot, uint64_t address, void *memory, size_t size, uint32_t flags) {
  struct kvm_userspace_memory_region region = {
      .slot = slot,
      .flags = flags,
      .guest_phys_addr = address,
      .memory_size = size,
      .userspace_addr = (uintptr_t)memory,
  };
  must(ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
}

void vm_open(struct vm *vm, size_t size, enum backing backing) {
  *vm = (struct vm){.size = size};
  vm->fd = ioctl(kvm(), KVM_CREATE_VM, 0);
  must(vm->fd, "KVM_CREATE_VM");
  // A huge page can be behind the memory only where both addresses have the same offset in one.
  uint8_t *area = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (area == MAP_FAILED) fail("mmap: %s", strerror(errno));
  vm->memory = (uint8_t *)(((uintptr_t)area + HUGE_PAGE - 1) & -HUGE_PAGE);
  madvise(vm->memory, size, backing == HUGE_PAGES ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  memcpy(vm->memory, l2_image, l2_end - l2_image);
  vm_slot(vm, 0, 0, vm->memory, size, 0);
}

void vm_close(struct vm *vm) {
  close(vm->fd);
  munmap(vm->memory, vm->size);
}

uint64_t address_of(const void *label) {
  return (const char *)label - l2_image;
}

void cpu_open(struct cpu *cpu, struct vm *vm, int id) {
  *cpu = (struct cpu){.vm = vm, .id = id, .fd = ioctl(vm->fd, KVM_CREATE_VCPU, id)};
  must(cpu->fd, "KVM_CREATE_VCPU");
  int size = ioctl(kvm(), KVM_GET_VCPU_MMAP_SIZE, 0);
  cpu->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd, 0);
  if (cpu->run == MAP_FAILED) fail("mmap of a vCPU: %s", strerror(errno));
  struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR};
  must(ioctl(cpu->fd, KVM_ENABLE_CAP, &papr), "KVM_CAP_PPC_PAPR");
  cpu_set(cpu, KVM_REG_PPC_LPCR_64, cpu_get(cpu, KVM_REG_PPC_LPCR_64) | LPCR_ILE | LPCR_LD);
}

void cpu_close(struct cpu *cpu) {
  munmap(cpu->run, ioctl(kvm(), KVM_GET_VCPU_MMAP_SIZE, 0));
  close(cpu->fd);
}

static void one_register(struct cpu *cpu, unsigned long request, uint64_t id, uint64_t *value) {
  struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)value};
  if (ioctl(cpu->fd, request, &reg) < 0) fail("register 0x%llx: %s", (unsigned long long)id, strerror(errno));
}

void cpu_set(struct cpu *cpu, uint64_t id, uint64_t value) {
  one_register(cpu, KVM_SET_ONE_REG, id, &value);
}

uint64_t cpu_get(struct cpu *cpu, uint64_t id) {
  uint64_t value = 0;
  one_register(cpu, KVM_GET_ONE_REG, id, &value);
  return value;
}

void cpu_start(struct cpu *cpu, const void *entry, uint64_t msr, const uint64_t arguments[6]) {
  struct kvm_regs regs;
  must(ioctl(cpu->fd, KVM_GET_REGS, &regs), "KVM_GET_REGS");
  regs.pc = address_of(entry);
  regs.msr = msr;
  memcpy(regs.gpr + 3, arguments, 6 * sizeof *arguments);
  regs.gpr[28] = msr & ~(uint64_t)(MSR_EE | MSR_PR | MSR_SE);
  regs.gpr[29] = LOG + cpu->id * LOG_SIZE;
  regs.gpr[31] = address_of(l2_back);
  must(ioctl(cpu->fd, KVM_SET_REGS, &regs), "KVM_SET_REGS");
  // No decrementer interrupt but those that the guest asks for.
  cpu_set(cpu, KVM_REG_PPC_DEC_EXPIRY, time_base() + (1ull << 50));
  // A report of an earlier run has been read: nothing goes back into the registers for it.
  cpu->run->papr_hcall.ret = arguments[0];
  memcpy(cpu->run->papr_hcall.args, arguments + 1, 5 * sizeof *arguments);
}

int cpu_run(struct cpu *cpu) {
  return ioctl(cpu->fd, KVM_RUN, 0) < 0 ? -errno : (int)cpu->run->exit_reason;
}

void cpu_run_to(struct cpu *cpu, uint64_t call) {
  int reason = cpu_run(cpu);
  struct kvm_regs regs;
  must(ioctl(cpu->fd, KVM_GET_REGS, &regs), "KVM_GET_REGS");
  unsigned long long pc = regs.pc;
  if (reason < 0) fail("running: %s at 0x%llx", reason == -EINTR ? "too long" : strerror(-reason), pc);
  if (reason != KVM_EXIT_PAPR_HCALL) fail("exit %d at 0x%llx in place of a hypercall", reason, pc);
  unsigned long long number = cpu->run->papr_hcall.nr;
  if (number == call) return;
  if (number != CAME_BACK) fail("hypercall 0x%llx in place of 0x%llx", number, (unsigned long long)call);
  struct interrupt last = logged(cpu, log_length(cpu) - 1);
  fail("interrupt 0x%llx at 0x%llx, DAR 0x%llx, DSISR 0x%llx in place of a report", (unsigned long long)last.vector,
       (unsigned long long)last.srr0, (unsigned long long)last.dar, (unsigned long long)last.dsisr);
}

uint64_t argument(struct cpu *cpu, int n) {
  return cpu->run->papr_hcall.args[n];
}

struct interrupt logged(struct cpu *cpu, int n) {
  struct interrupt noted;
  memcpy(&noted, cpu->vm->memory + LOG + cpu->id * LOG_SIZE + n * sizeof noted, sizeof noted);
  return noted;
}

int log_length(struct cpu *cpu) {
  return (argument(cpu, 0) - LOG - cpu->id * LOG_SIZE) / sizeof(struct interrupt);
}

uint64_t get64(struct vm *vm, uint64_t address) {
  uint64_t value;
  memcpy(&value, vm->memory + address, sizeof value);
  return value;
}

void put64(struct vm *vm, uint64_t address, uint64_t value) {
  memcpy(vm->memory + address, &value, sizeof value);
}

void xics_open(struct vm *vm, struct cpu *cpus, int count) {
  struct kvm_create_device device = {.type = KVM_DEV_TYPE_XICS};
  must(ioctl(vm->fd, KVM_CREATE_DEVICE, &device), "KVM_CREATE_DEVICE of an XICS");
  for (int n = 0; n < count; n++) {
    struct kvm_enable_cap connect = {.cap = KVM_CAP_IRQ_XICS, .args = {device.fd, n}};
    must(ioctl(cpus[n].fd, KVM_ENABLE_CAP, &connect), "KVM_CAP_IRQ_XICS");
  }
}

int has_tlbie(void) {
  // What client-architecture-support has agreed on: byte 26 has bit 0x40 with GTSE, and may be missing (PAPR, option vector 5).
  uint8_t vector[64] = {0};
  int fd = open("/proc/device-tree/chosen/ibm,architecture-vec-5", O_RDONLY | O_CLOEXEC);
  if (fd < 0 || read(fd, vector, sizeof vector) <= 0) fail("no option vector 5");
  close(fd);
  return (vector[26] & 0x40) != 0;
}
