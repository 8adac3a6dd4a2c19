/* Checks of what big-endian problem state sees, run in each ABI: byte order of every width, multiple and string accesses, floating
   point, vectors, atomics, system calls, signals, memory, CPUs, and a change to little-endian and back. */
#include "calls.h"

enum { tagPageSize = 6, tagPlatform = 15, tagHwcap = 16, tagHwcap2 = 26, tagDataLine = 19, tagBase = 24 };
/* PPC_FEATURE_* and PPC_FEATURE2_* of the kernel's user ABI. */
#define HAS_ALTIVEC 0x10000000
#define HAS_VSX 0x00000080
#define HAS_ISA207 0x80000000u
#define HAS_ISA300 0x00800000
#define HAS_SCV 0x00100000

static word hwcap, hwcap2, pageSize;

static void *map(word bytes) {
  /* PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS. */
  return (void *)call6(sysMap, 0, (long)bytes, 3, 0x22, -1, 0);
}

static void byteOrder(void) {
  static const u8 bytes[8] __attribute__((aligned(8))) = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};
  const volatile u8 *at = bytes;
  check("halfword", *(const volatile unsigned short *)at, 0x0102);
  check("word", *(const volatile u32 *)at, 0x01020304);
  check("doubleword", *(const volatile u64 *)at, 0x0102030405060708ull);
  u32 reversed;
  __asm__("lwbrx %0,0,%1" : "=r"(reversed) : "b"(bytes) : "memory");
  check("lwbrx", reversed, 0x04030201);
  __asm__("lhbrx %0,0,%1" : "=r"(reversed) : "b"(bytes) : "memory");
  check("lhbrx", reversed, 0x0201);
  /* Unaligned, and across the end of a page. */
  u8 *pages = map(2 * pageSize);
  for (int i = -8; i < 8; i++) pages[(long)pageSize + i] = (u8)(0x10 + i);
  check("word across pages", *(volatile u32 *)(pages + pageSize - 3), 0x0d0e0f10);
  check("doubleword across pages", *(volatile u64 *)(pages + pageSize - 5), 0x0b0c0d0e0f101112ull);
  *(volatile u64 *)(pages + pageSize - 1) = 0xa1a2a3a4a5a6a7a8ull;
  check("stored across pages", *(volatile u32 *)(pages + pageSize - 2), 0x0ea1a2a3);
  call(sysMunmap, pages, 2 * pageSize, 0);
}

static void multiples(void) {
  static const u8 bytes[12] __attribute__((aligned(8))) = "ABCDEFGHIJKL";
  static u8 copy[12] __attribute__((aligned(8)));
  u32 a, b, c;
  __asm__("lmw 29,0(%3)\n\tmr %0,29\n\tmr %1,30\n\tmr %2,31\n\tstmw 29,0(%4)"
          : "=&r"(a), "=&r"(b), "=&r"(c)
          : "b"(bytes), "b"(copy)
          : "r29", "r30", "r31", "memory");
  check("lmw first", a, 0x41424344);
  check("lmw last", c, 0x494a4b4c);
  check("stmw", copy[0] == 'A' && copy[11] == 'L' && copy[5] == 'F', 1);
  __asm__("lswi 29,%3,10\n\tmr %0,29\n\tmr %1,30\n\tmr %2,31\n\tstswi 29,%4,7"
          : "=&r"(a), "=&r"(b), "=&r"(c)
          : "b"(bytes + 1), "b"(copy)
          : "r29", "r30", "r31", "memory");
  check("lswi", ((u64)a << 32 | b) ^ c, 0x4243444546474849ull ^ 0x4a4b0000);
  check("stswi", *(volatile u32 *)copy, 0x42434445);
  check("stswi stops", copy[6] << 8 | copy[7], 0x4848);
}

static void floatingPoint(void) {
  volatile double two = 2, result;
  double root;
  __asm__("fmadd %0,%1,%1,%1" : "=f"(root) : "f"(two));
  result = root / 7;
  check("double", *(volatile u64 *)&result, 0x3feb6db6db6db6dbull);
  volatile float single = (float)result;
  check("single", *(volatile u32 *)&single, 0x3f5b6db7);
  static volatile u64 integer;
  double converted = -5.75;
  __asm__("fctidz %0,%1" : "=f"(converted) : "f"(converted));
  *(volatile double *)&integer = converted;
  check("fctidz", integer, (u64)-5);
}

static void vectors(void) {
  static const u8 bytes[16] __attribute__((aligned(16))) = "0123456789abcdef";
  static u8 to[16] __attribute__((aligned(16)));
  volatile u64 *doublewords = (volatile u64 *)to;
  if (hwcap & HAS_ALTIVEC) {
    __asm__ volatile(".machine push\n\t.machine power7\n\tlvx 0,0,%0\n\tvspltb 1,0,1\n\tstvx 1,0,%1\n\t.machine pop" ::"b"(bytes), "b"(to)
                     : "v0", "v1", "memory");
    check("vspltb takes the second byte", doublewords[0], 0x3131313131313131ull);
    __asm__ volatile(".machine push\n\t.machine power7\n\tlvx 0,0,%0\n\tlvsl 1,0,%2\n\tvperm 1,0,0,1\n\tstvx 1,0,%1\n\t.machine pop" ::"b"(bytes), "b"(to), "b"(3)
                     : "v0", "v1", "memory");
    check("lvsl and vperm", doublewords[0], 0x3334353637383961ull);
    __asm__ volatile(".machine push\n\t.machine power7\n\tlvx 0,0,%0\n\tvsum4ubs 1,0,0\n\tstvewx 1,0,%1\n\t.machine pop" ::"b"(bytes), "b"(to)
                     : "v0", "v1", "memory");
    check("vsum4ubs and stvewx", *(volatile u32 *)to, 0x303132f9);
  }
  if (hwcap & HAS_VSX) {
    __asm__ volatile(".machine push\n\t.machine power7\n\tlxvd2x 0,0,%0\n\txxswapd 0,0\n\tstxvd2x 0,0,%1\n\t.machine pop" ::"b"(bytes), "b"(to)
                     : "fr0", "memory");
    check("lxvd2x, xxswapd, stxvd2x", doublewords[0], 0x3839616263646566ull);
    __asm__ volatile(".machine push\n\t.machine power7\n\tlxvw4x 0,0,%0\n\tstxvd2x 0,0,%1\n\t.machine pop" ::"b"(bytes), "b"(to)
                     : "fr0", "memory");
    check("lxvw4x and stxvd2x", doublewords[0], 0x3031323334353637ull);
    __asm__ volatile(".machine push\n\t.machine power7\n\tlxsdx 0,0,%0\n\tstxsdx 0,0,%1\n\t.machine pop" ::"b"(bytes), "b"(to + 8)
                     : "fr0", "memory");
    check("lxsdx and stxsdx", doublewords[1], 0x3031323334353637ull);
  }
  if (hwcap2 & HAS_ISA300) {
    __asm__ volatile(".machine push\n\t.machine power9\n\tlxv 0,0(%0)\n\tstxvb16x 0,0,%1\n\t.machine pop" ::"b"(bytes), "b"(to)
                     : "fr0", "memory");
    check("lxv and stxvb16x", doublewords[0], 0x3031323334353637ull);
    __asm__ volatile(".machine push\n\t.machine power9\n\tlxvl 0,%0,%2\n\tstxv 0,0(%1)\n\t.machine pop" ::"b"(bytes), "b"(to), "r"((u64)3 << 56)
                     : "fr0", "memory");
#ifdef __powerpc64__
    check("lxvl of three bytes", doublewords[0], 0x3031320000000000ull);
#endif
  }
}

static void atomics(void) {
  static u64 cell[2] __attribute__((aligned(16)));
  static volatile u32 count;
  u32 old;
  for (int i = 0; i < 100; i++)
    __asm__ volatile("1: lwarx %0,0,%1\n\taddi %0,%0,1\n\tstwcx. %0,0,%1\n\tbne- 1b"
                     : "=&b"(old)
                     : "b"(&count)
                     : "cr0", "memory");
  check("lwarx and stwcx.", count, 100);
#ifdef __powerpc64__
  u64 high, low;
  if (hwcap2 & HAS_ISA207) {
    u32 done;
    cell[0] = 1;
    cell[1] = 2;
    __asm__ volatile(".machine push\n\t.machine power8\n\tlqarx 8,0,%3\n\tmr %0,8\n\tmr %1,9\n\tstqcx. 8,0,%4\n\tmfcr %2\n\tlq 8,0(%4)\n\tadd %0,%0,9\n\t.machine pop"
                     : "=&r"(high), "=&r"(low), "=&r"(done)
                     : "b"(cell), "b"(cell)
                     : "r8", "r9", "cr0", "memory");
    check("lqarx: the first doubleword in the even register", high, 1 + 2);
    check("lqarx: the second one in the odd register", low, 2);
    fact("stqcx. succeeds", done >> 29 & 1);
    __asm__ volatile(".machine push\n\t.machine power8\n\tli 8,7\n\tli 9,9\n\tstq 8,0(%0)\n\t.machine pop" ::"b"(cell) : "r8", "r9", "memory");
    check("stq", ((volatile u64 *)cell)[0] << 8 | ((volatile u64 *)cell)[1], 0x709);
  }
#endif
  (void)cell;
}

/* Signals. The layout is the kernel's: struct sigaction with a mask of 64 bits. */
struct action {
  void (*handler)(int, void *, void *);
  word flags;
  void *restorer;
  u64 mask __attribute__((aligned(sizeof(word))));
};
static void *resume[5];
static volatile int caught, expecting;

static void escape(int signal, void *info, void *context) {
  (void)info, (void)context;
  caught = signal;
  if (!expecting) {
    check("a signal that nobody expects", (u64)signal, 0);
    leave(2);
  }
  expecting = 0;
  __builtin_longjmp(resume, 1);
}

static void count(int signal, void *info, void *context) {
  (void)info, (void)context;
  caught = signal;
  /* The registers of the interrupted program come back with sigreturn. */
  __asm__ volatile("lfd 20,0(%0)" ::"b"(&resume) : "fr20");
}

static void handle(int signal, void (*handler)(int, void *, void *)) {
  /* SA_SIGINFO | SA_NODEFER. */
  struct action action = {handler, 0x40000004, 0, 0};
  call6(sysRtSigaction, signal, (long)&action, 0, 8, 0, 0);
}

enum { illegal = 4, trap = 5, bus = 7, segmentation = 11, user1 = 10 };

#define EXPECT_SIGNAL(name, signal, code) \
  do {                                    \
    caught = 0;                           \
    expecting = 1;                        \
    if (__builtin_setjmp(resume) == 0) {  \
      code;                               \
    }                                     \
    check(name, (u64)caught, signal);     \
  } while (0)

static __attribute__((noinline)) void signals(void) {
  u8 *page = map(pageSize);
  for (int signal = 1; signal < 12; signal++)
    if (signal != 9) handle(signal, escape);
  EXPECT_SIGNAL("a load from nowhere", segmentation, *(volatile u32 *)16);
  call(sysMprotect, page, pageSize, 1);
  EXPECT_SIGNAL("a store to a page that is read only", segmentation, *(volatile u32 *)page = 1);
  EXPECT_SIGNAL("a load from the kernel", segmentation, *(volatile u32 *)(~(word)0xfff));
  EXPECT_SIGNAL("an illegal instruction", illegal, __asm__ volatile(".long 0"));
  EXPECT_SIGNAL("a privileged instruction", illegal, __asm__ volatile("mfmsr 0" ::: "r0"));
  EXPECT_SIGNAL("a trap", trap, __asm__ volatile("trap"));
  EXPECT_SIGNAL("lwarx of an odd address", bus, __asm__ volatile("lwarx 0,0,%0" ::"b"(page + 1) : "r0"));
  handle(user1, count);
  double kept;
  caught = 0;
  double value = 1.25;
  long self = call(sysGetpid, 0, 0, 0);
  register long r0 __asm__("r0") = sysKill;
  register long r3 __asm__("r3") = self;
  register long r4 __asm__("r4") = user1;
  __asm__ volatile("fmr 20,%1\n\tsc\n\tfmr %0,20"
                   : "=f"(kept), "+f"(value), "+r"(r0), "+r"(r3), "+r"(r4)
                   :
                   : "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "cr0", "ctr", "fr20", "memory");
  check("a signal that returns", (u64)caught, user1);
  check("floating-point register across a signal", kept == 1.25, 1);
}

static void systemCalls(void) {
  check("an unknown system call", (u64)-call(9999, 0, 0, 0), 38);
  check("a bad pointer", (u64)-call(sysUname, 8, 0, 0), 14);
#ifdef __powerpc64__
  long expected = call(sysGetpid, 0, 0, 0);
  register long r0 __asm__("r0") = sysGetpid;
  register long r3 __asm__("r3") = 0;
  if (hwcap2 & HAS_SCV) {
    __asm__ volatile(".machine push\n\t.machine power9\n\tscv 0\n\t.machine pop"
                     : "+r"(r0), "+r"(r3)
                     :
                     : "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "ctr", "cr0", "cr1", "cr5", "cr6", "cr7", "memory");
    check("scv 0", (u64)r3, (u64)expected);
  } else {
    EXPECT_SIGNAL("scv without the facility", illegal, __asm__ volatile(".long 0x44000001" ::: "memory"));
  }
#endif
}

#ifdef __powerpc64__
/* A 64-bit program can ask for the other byte order; what follows is then read as little-endian code. */
static void otherByteOrder(void) {
  static volatile u32 source = 0x11223344, target;
  register long r0 __asm__("r0") = sysSwitchEndian;
  register long r3 __asm__("r3") = 0;
  register volatile u32 *from __asm__("r14") = &source;
  register volatile u32 *into __asm__("r15") = &target;
  __asm__ volatile(
      "sc\n\t"
      ".long 0x00000e82\n\t" /* lwz r16, 0(r14) */
      ".long 0x0100103a\n\t" /* addi r16, r16, 1 */
      ".long 0x00000f92\n\t" /* stw r16, 0(r15) */
      ".long 0x6b010038\n\t" /* li r0, 363 */
      ".long 0x02000044\n\t" /* sc */
      : "+r"(r0), "+r"(r3)
      : "r"(from), "r"(into)
      : "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "r16", "cr0", "ctr", "memory");
  /* Loaded as 0x44332211, plus 1, stored as little-endian. */
  check("a word changed by little-endian code", target, 0x12223344);
}
#endif

static void memory(void) {
  const word bytes = (word)24 << 20;
  u8 *area = map(bytes);
  for (word at = 0; at < bytes; at += pageSize / 2) *(volatile u32 *)(area + at) = (u32)at * 2654435761u;
  int status = -1;
  long child = call(sysFork, 0, 0, 0);
  if (child == 0) {
    for (word at = 0; at < bytes; at += pageSize) *(volatile u32 *)(area + at) = 0;
    leave(42);
  }
  call(sysWait4, child, &status, 0);
  check("exit status of a child", (u64)status, 42 << 8);
  u32 wrong = 0;
  for (word at = 0; at < bytes; at += pageSize / 2) wrong += *(volatile u32 *)(area + at) != (u32)at * 2654435761u;
  check("memory of the parent after the child wrote its own", wrong, 0);
  call(sysMunmap, area, bytes, 0);
}

static u64 nanoseconds(void) {
  u64 time[2] = {0, 0};
  call(sysClockGettime, 1, time, 0);
  return time[0] * 1000000000 + time[1];
}

static void cpusAndTime(void) {
  word all = 0, moved = 0, cpus = 0;
  call(sysGetAffinity, 0, sizeof all, &all);
  for (u32 cpu = 0; cpu < 8; cpu++) {
    word set = (word)1 << cpu;
    if ((all & set) == 0) continue;
    cpus++;
    call(sysSetAffinity, 0, sizeof set, &set);
    u32 at = 99;
    call(sysGetcpu, &at, 0, 0);
    moved += at == cpu;
  }
  call(sysSetAffinity, 0, sizeof all, &all);
  fact("CPUs", cpus);
  check("runs on every CPU", moved, cpus);
  u64 pause[2] = {0, 20000000};
  u64 before = nanoseconds();
  check("clock_nanosleep", (u64)call6(sysClockNanosleep, 1, 0, (long)pause, 0, 0, 0), 0);
  check("sleeps as long as asked", nanoseconds() - before >= 20000000, 1);
}

__attribute__((used)) void start(word *stack) {
  word *at = stack + 1 + stack[0] + 1;
  while (*at != 0) at++;
  for (at++; *at != 0; at += 2) {
    if (at[0] == tagHwcap) hwcap = at[1];
    if (at[0] == tagHwcap2) hwcap2 = at[1];
    if (at[0] == tagPageSize) pageSize = at[1];
    if (at[0] == tagDataLine) fact("AT_DCACHEBSIZE", at[1]);
    if (at[0] == tagPlatform) {
      put("fact " ABI " AT_PLATFORM ");
      put((const char *)at[1]);
      flush();
    }
    if (at[0] == tagBase) {
      put("fact " ABI " AT_BASE_PLATFORM ");
      put((const char *)at[1]);
      flush();
    }
  }
  fact("AT_HWCAP", hwcap);
  fact("AT_HWCAP2", hwcap2);
  fact("AT_PAGESZ", pageSize);
  byteOrder();
  multiples();
  floatingPoint();
  vectors();
  atomics();
  signals();
  systemCalls();
#ifdef __powerpc64__
  otherByteOrder();
#endif
  memory();
  cpusAndTime();
  leave(failures == 0 ? 0 : 1);
}

__asm__(ENTRY);
