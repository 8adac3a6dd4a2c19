// Writes functions for the processor it runs on, makes them visible to instruction fetch and calls them: what a JIT does.
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

enum { steps = 24, calls = 16 };

typedef uint64_t emitted(uint64_t);

#if defined __powerpc64__
// ADDI RT,RA,SI (primary opcode 14) and BCLR.
static size_t emit(uint8_t *at, const int16_t *addends) {
  uint32_t code[steps + 1];
  for (int i = 0; i < steps; i++) code[i] = 14u << 26 | 3u << 21 | 3u << 16 | (uint16_t)addends[i];
  code[steps] = 0x4e800020;
  memcpy(at, code, sizeof code);
  return sizeof code;
}
#elif defined __x86_64__
// MOV RAX,RDI; ADD RAX,imm32; RET.
static size_t emit(uint8_t *at, const int16_t *addends) {
  uint8_t *start = at;
  memcpy(at, "\x48\x89\xf8", 3);
  at += 3;
  for (int i = 0; i < steps; i++) {
    int32_t value = addends[i];
    memcpy(at, "\x48\x05", 2);
    memcpy(at + 2, &value, 4);
    at += 6;
  }
  *at++ = 0xc3;
  return at - start;
}
#else
#error "new-code.c has no code writer for this architecture"
#endif

uint64_t run_newcode(uint64_t loops) {
  enum { size = 1 << 16, slot = 256 };
  uint8_t *code = mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  check(code != MAP_FAILED);
  if (code == MAP_FAILED) return 0;
  uint64_t state = 37, sum = 0;
  for (uint64_t i = 0; i < loops * 20; i++) {
    int16_t addends[steps];
    uint64_t expected = i;
    for (int k = 0; k < steps; k++) {
      addends[k] = (int16_t)next_random(&state);
      expected += (int64_t)addends[k];
    }
    uint8_t *at = code + i % (size / slot) * slot;
    size_t length = emit(at, addends);
    __builtin___clear_cache((char *)at, (char *)at + length);
    emitted *function = (emitted *)at;
    for (int k = 0; k < calls; k++) check(function(i) == expected);
    sum = mix(sum, expected);
  }
  munmap(code, size);
  return sum;
}
