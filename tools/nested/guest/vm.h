// What the checks share: virtual machines through /dev/kvm (Linux, KVM API documentation), and the verdict of a check.
#ifndef VM_H
#define VM_H
#include <linux/kvm.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/// Bits of the MSR (Power ISA, book III, machine state register).
enum {
  MSR_SF_SHIFT = 63,
  MSR_VEC = 1 << 25,
  MSR_VSX = 1 << 23,
  MSR_EE = 1 << 15,
  MSR_PR = 1 << 14,
  MSR_FP = 1 << 13,
  MSR_ME = 1 << 12,
  MSR_SE = 1 << 10,
  MSR_IR = 1 << 5,
  MSR_DR = 1 << 4,
  MSR_RI = 1 << 1,
  MSR_LE = 1 << 0,
};
#define MSR_SF (1ull << MSR_SF_SHIFT)
/// How the guests run: 64-bit, little-endian, translation off, interrupts off.
#define REAL_MODE (MSR_SF | MSR_ME | MSR_RI | MSR_LE)
#define TRANSLATED (REAL_MODE | MSR_IR | MSR_DR)
#define LPCR_ILE (1ull << 25)
#define LPCR_AIL3 (3ull << 23)
#define LPCR_LD (1ull << 17)

/// Where things are in the memory of a guest.
enum {
  LOG = 0x20000,            // of vCPU n: n * LOG_SIZE further on
  LOG_SIZE = 0x4000,
  DATA = 0x30000,
  PROCESS_TABLE = 0x40000,  // 64 KiB
  TABLES = 0x50000,         // the tree of a guest's translation grows from here
  TABLES_END = 0x100000,
  TEST_AREA = 0x200000,
};

/// Calls by which a guest reports: numbers that neither the kernel nor PAPR uses.
enum { REPORT = 0xf100, REPORT_2 = 0xf104, CAME_BACK = 0xf108 };

/// What an interrupt handler of a guest notes.
struct interrupt {
  uint64_t vector, srr0, srr1, dar, dsisr, msr;
};

struct vm {
  int fd;
  uint8_t *memory;
  size_t size;
  uint64_t next_table;
};

struct cpu {
  struct vm *vm;
  int fd, id;
  struct kvm_run *run;
};

/// How a guest's memory is backed.
enum backing { SMALL_PAGES, HUGE_PAGES };

/// Opens /dev/kvm; fails the check when that cannot be.
int kvm(void);
/// A machine with `size` bytes at real address 0 and the image of the small guests in it.
void vm_open(struct vm *vm, size_t size, enum backing backing);
void vm_close(struct vm *vm);
/// Adds or changes a slot; a size of 0 removes it.
void vm_slot(struct vm *vm, int slot, uint64_t address, void *memory, size_t size, uint32_t flags);
/// The time base: 512 ticks are a microsecond.
static inline uint64_t time_base(void) {
  uint64_t value;
  __asm__ volatile("mftb %0" : "=r"(value));
  return value;
}

/// Adds a vCPU with a large decrementer and interrupts in little-endian order.
void cpu_open(struct cpu *cpu, struct vm *vm, int id);
void cpu_close(struct cpu *cpu);
void cpu_set(struct cpu *cpu, uint64_t id, uint64_t value);
uint64_t cpu_get(struct cpu *cpu, uint64_t id);
/// Sets where the vCPU goes on, its MSR, and r3 to r8.
void cpu_start(struct cpu *cpu, const void *entry, uint64_t msr, const uint64_t arguments[6]);
#define ARGUMENTS(...) ((const uint64_t[6]){__VA_ARGS__})
/// Runs until an exit to this program: its reason, or a negative error number.
int cpu_run(struct cpu *cpu);
/// Runs to a hypercall of this number; anything else fails the check.
void cpu_run_to(struct cpu *cpu, uint64_t call);
/// Argument `n` (0: r4) of the hypercall.
uint64_t argument(struct cpu *cpu, int n);
/// The interrupt that the guest noted at place `n`.
struct interrupt logged(struct cpu *cpu, int n);
/// Number of interrupts that the guest has noted when it reports CAME_BACK.
int log_length(struct cpu *cpu);
/// The offset of a label of l2.S, which is its address in the guest.
uint64_t address_of(const void *label);

/// Gives vCPUs 0 to `count` - 1 the interrupt controller that KVM has itself.
void xics_open(struct vm *vm, struct cpu *cpus, int count);

/// Gives the guest a process table whose processes 0 and 1 have the empty tree that `map` fills.
void radix_open(struct vm *vm, uint64_t flags);
/// Maps a page (size 4 KiB, 64 KiB, 2 MiB or 1 GiB) for `process`. `bits`: R, C, attributes and access, as in the table.
/// Returns the real address of the table entry.
uint64_t radix_map(struct vm *vm, int process, uint64_t address, uint64_t real, uint64_t page_size, uint64_t bits);
enum { PTE_R = 0x100, PTE_C = 0x80, PTE_PRIVILEGED = 8, PTE_READ = 4, PTE_WRITE = 2, PTE_EXECUTE = 1 };
#define PTE_KERNEL (PTE_R | PTE_C | PTE_PRIVILEGED | PTE_READ | PTE_WRITE | PTE_EXECUTE)
#define PTE_USER (PTE_R | PTE_C | PTE_READ | PTE_WRITE | PTE_EXECUTE)
/// Maps the first 2 MiB of both processes onto themselves, for the kernel.
void radix_map_kernel(struct vm *vm);
uint64_t get64(struct vm *vm, uint64_t address);
void put64(struct vm *vm, uint64_t address, uint64_t value);

/// Ends the running check with a message.
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/// Ends the running check: the machine cannot do this, which is no mistake.
void skip(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/// What an ended check found out, shown behind its verdict. It is the same on every machine.
void detail(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define expect(condition) \
  do \
    if (!(condition)) fail("%s, line %d of %s", #condition, __LINE__, __FILE__); \
  while (0)
/// Fails unless both are the same.
#define same(actual, expected) expect_same(#actual, actual, expected)
void expect_same(const char *what, uint64_t actual, uint64_t expected);

/// This machine itself may use tlbie (GTSE). One that may not cannot let its guests: the hypervisor below gives them what it has.
int has_tlbie(void);

/// Runs an action: 0, or 1 when it failed, with its message.
int attempt(void (*action)(void *), void *context, char *message, size_t size);
/// Seconds from now on that the check may take; after them a signal comes, and timed_out() says so.
void time_limit(int seconds);
int timed_out(void);

/// Runs a vCPU in a thread of its own until it reports `call`; join gives the message of a failure, or NULL.
struct runner {
  pthread_t thread;
  struct cpu *cpu;
  uint64_t call;
  char failure[160];
};
void runner_start(struct runner *runner, struct cpu *cpu, uint64_t call);
void runner_join(struct runner *runner);

typedef void check_run(void);
extern char l2_image[], l2_end[];
#endif
