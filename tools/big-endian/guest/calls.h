/* What the programs of the big-endian guest stand on: entry, system calls and printing, for the three ABIs of big-endian Linux
   (64-bit ELFv1 and ELFv2, 32-bit SVR4), without any library. */
#ifndef CALLS_H
#define CALLS_H

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned long word;

#if !defined(__powerpc64__)
#define ABI "32-bit"
#define ENTRY ".globl _start\n_start:\n mr 3,1\n li 0,0\n stwu 0,-64(1)\n bl start\n"
#elif _CALL_ELF == 1
#define ABI "ELFv1"
#define ENTRY \
  ".globl _start\n.section .opd,\"aw\"\n_start: .quad .L.enter, .TOC.@tocbase, 0\n.text\n" \
  ".L.enter: mr 3,1\n li 0,0\n stdu 0,-128(1)\n bl start\n nop\n"
#else
#define ABI "ELFv2"
/* The kernel passes the address of the entry in r12. */
#define ENTRY \
  ".globl _start\n_start: addis 2,12,.TOC.-_start@ha\n addi 2,2,.TOC.-_start@l\n mr 3,1\n li 0,0\n stdu 0,-128(1)\n" \
  " bl start\n nop\n"
#endif

/* Numbers of system calls of Linux on Power. */
enum {
  sysExit = 1, sysFork = 2, sysRead = 3, sysWrite = 4, sysOpen = 5, sysClose = 6, sysExecve = 11, sysGetpid = 20, sysMount = 21,
  sysKill = 37, sysReboot = 88, sysMunmap = 91, sysWait4 = 114, sysUname = 122, sysMprotect = 125, sysSchedYield = 158,
  sysRtSigaction = 173, sysSetAffinity = 222, sysGetAffinity = 223, sysGetcpu = 302,
  sysSwitchEndian = 363,
#ifdef __powerpc64__
  sysMap = 90, sysClockGettime = 246, sysClockNanosleep = 248,
#else
  /* mmap2, and the calls with times of 64 bits. */
  sysMap = 192, sysClockGettime = 403, sysClockNanosleep = 407,
#endif
};

/* sc: an error is CR0[SO] with a positive number; here it becomes the negative one. */
static inline long call6(long number, long a, long b, long c, long d, long e, long f) {
  register long r0 __asm__("r0") = number;
  register long r3 __asm__("r3") = a;
  register long r4 __asm__("r4") = b;
  register long r5 __asm__("r5") = c;
  register long r6 __asm__("r6") = d;
  register long r7 __asm__("r7") = e;
  register long r8 __asm__("r8") = f;
  __asm__ volatile("sc\n\tbns+ 1f\n\tneg 3,3\n1:"
                   : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7), "+r"(r8)
                   :
                   : "r9", "r10", "r11", "r12", "cr0", "ctr", "memory");
  return r3;
}
#define call(number, a, b, c) call6(number, (long)(a), (long)(b), (long)(c), 0, 0, 0)

/* gcc may ask for these two by name. */
__attribute__((used)) void *memset(void *to, int value, word count) {
  for (volatile u8 *at = to; count-- > 0;) *at++ = (u8)value;
  return to;
}
__attribute__((used)) void *memcpy(void *to, const void *from, word count) {
  const u8 *source = from;
  for (volatile u8 *at = to; count-- > 0;) *at++ = *source++;
  return to;
}

static word lengthOf(const char *text) {
  word length = 0;
  while (text[length] != 0) length++;
  return length;
}

/* One line is one write, so that lines of programs on other CPUs do not mix. */
static char line[1024];
static word lineLength;

static void put(const char *text) {
  for (; *text != 0 && lineLength < sizeof line - 1; text++) line[lineLength++] = *text;
}
static void putNumber(u64 value, u32 base) {
  char digits[24];
  u32 count = 0;
  /* No 64-bit division: the 32-bit ABI would ask a library for it. */
  do {
    u32 rest = 0;
    u64 quotient = 0;
    for (int bit = 63; bit >= 0; bit--) {
      rest = rest << 1 | (u32)(value >> bit & 1);
      if (rest >= base) {
        rest -= base;
        quotient |= 1ull << bit;
      }
    }
    digits[count++] = "0123456789abcdef"[rest];
    value = quotient;
  } while (value != 0);
  while (count > 0 && lineLength < sizeof line - 1) line[lineLength++] = digits[--count];
}
static void flush(void) {
  if (lineLength < sizeof line) line[lineLength++] = '\n';
  call(sysWrite, 1, line, lineLength);
  lineLength = 0;
}

static u32 failures;

/* The result of a check; what was seen is printed when it is not what was expected. */
static void check(const char *name, u64 seen, u64 expected) {
  put(seen == expected ? "ok   " ABI " " : "FAIL " ABI " ");
  put(name);
  if (seen != expected) {
    put(": 0x");
    putNumber(seen, 16);
    put(", expected 0x");
    putNumber(expected, 16);
    failures++;
  }
  flush();
}

/* A value that must be the same on every implementation of the same machine. */
static void fact(const char *name, u64 value) {
  put("fact " ABI " ");
  put(name);
  put(" 0x");
  putNumber(value, 16);
  flush();
}

__attribute__((noreturn)) static void leave(int status) {
  for (;;) call(sysExit, status, 0, 0);
}

#endif
