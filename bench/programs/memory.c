// Memory programs: copies, streams, dependent loads, string functions, atomic operations.
#include <stdlib.h>
#include <string.h>

#include "bench.h"

uint64_t run_memcpy(uint64_t loops) {
  enum { size = 1 << 20 };
  static uint8_t from[size + 64], to[size + 64];
  for (size_t i = 0; i < sizeof from; i++) from[i] = i * 7;
  for (uint64_t i = 0; i < loops; i++) {
    memcpy(to + i % 9, from + i % 5, size);
    for (size_t at = 0; at < size; at += 4096) memcpy(to + at, from + at + i % 33, 1 + (at >> 12));
    memmove(from + 8, from, 4096);
  }
  uint64_t sum = 0;
  for (size_t i = 0; i < size; i++) sum = mix(sum, to[i]);
  return sum;
}

uint64_t run_stream(uint64_t loops) {
  enum { count = 1 << 20 };
  static uint64_t a[count], b[count], c[count];
  for (uint64_t i = 0; i < count; i++) a[i] = i, b[i] = i * i;
  for (uint64_t loop = 0; loop < loops; loop++) {
    uint64_t factor = loop + 3;
    OPAQUE(factor);
    for (size_t i = 0; i < count; i++) c[i] = a[i] + factor * b[i];
    for (size_t i = 0; i < count; i++) a[i] = c[i] ^ b[i];
  }
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i += 97) sum = mix(sum, a[i]);
  return sum;
}

uint64_t run_chase(uint64_t loops) {
  // 32 MiB in one cycle of random order (Sattolo's algorithm): more pages than any TLB holds.
  enum { count = 1 << 19, stride = 8 };
  uint64_t *next = malloc((size_t)count * stride * sizeof *next), state = 19, sum = 0, at = 0;
  check(next != NULL);
  if (next == NULL) return 0;
  for (uint64_t i = 0; i < count; i++) next[i * stride] = i;
  for (uint64_t i = count - 1; i > 0; i--) {
    uint64_t k = next_random(&state) % i, other = next[k * stride];
    next[k * stride] = next[i * stride];
    next[i * stride] = other;
  }
  for (uint64_t i = 0; i < loops; i++) {
    for (uint64_t k = 0; k < count; k++) at = next[at * stride];
    check(at == 0);
    for (uint64_t k = 0; k < 1000; k++) at = next[at * stride];
    sum = mix(sum, at);
    for (uint64_t k = 1000; k < count; k++) at = next[at * stride];
  }
  free(next);
  return sum;
}

uint64_t run_string(uint64_t loops) {
  enum { size = 40000 };
  static char text[size + 1], copy[size + 1];
  uint64_t state = 23, sum = 0;
  for (int i = 0; i < size; i++) text[i] = next_random(&state) % 12 == 0 ? ' ' : 'a' + next_random(&state) % 25;
  for (uint64_t i = 0; i < loops; i++) {
    check(strlen(text) == size);
    strcpy(copy, text);
    check(strcmp(copy, text) == 0);
    for (char *at = copy; (at = strchr(at, ' ')) != NULL; at++) sum = mix(sum, at - copy);
    check(memchr(copy, 'z', size) == NULL && strrchr(copy, 'z') == NULL);
    copy[size - 1 - i % size] = 'z';
    sum = mix(sum, strcspn(copy, "z") + (strstr(copy, "zq") != NULL));
    check(memcmp(copy, text, size) != 0);
  }
  return sum;
}

uint64_t run_atomics(uint64_t loops) {
  static uint64_t counter, word;
  static uint32_t narrow;
  static uint8_t byte;
  counter = word = narrow = byte = 0;
  for (uint64_t i = 0; i < loops * 20000; i++) {
    __atomic_fetch_add(&counter, i, __ATOMIC_SEQ_CST);
    uint64_t seen = __atomic_load_n(&word, __ATOMIC_ACQUIRE);
    __atomic_compare_exchange_n(&word, &seen, seen * 5 + 1, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    __atomic_fetch_xor(&narrow, (uint32_t)seen, __ATOMIC_RELAXED);
    if (i % 4 == 0) __atomic_fetch_add(&byte, 3, __ATOMIC_RELEASE);
  }
  uint64_t last = loops * 20000;
  check(counter == last * (last - 1) / 2);
  return mix(mix(counter, word), narrow + byte);
}
