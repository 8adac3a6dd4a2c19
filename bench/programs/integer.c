// Integer programs: an interpreter loop, calls, hashing, sorting, digests, products and quotients.
#include <stdlib.h>
#include <string.h>

#include "bench.h"

// A register machine's program: counts primes up to a limit by trial division.
enum { op_set, op_add, op_modulo, op_jump_zero, op_jump_less, op_jump, op_increment, op_halt };
struct instruction {
  uint8_t op, a, b, target;
};

static NOINLINE uint64_t interpret(const struct instruction *code, uint64_t *r) {
  for (uint32_t pc = 0;;) {
    struct instruction i = code[pc++];
    switch (i.op) {
      case op_set: r[i.a] = i.b; break;
      case op_add: r[i.a] += r[i.b]; break;
      case op_modulo: {
        // Subtraction: the point here is dispatch, not division.
        uint64_t value = r[i.a], by = r[i.b];
        while (value >= by << 4) value -= by << 4;
        while (value >= by) value -= by;
        r[15] = value;
        break;
      }
      case op_jump_zero: if (r[i.a] == 0) pc = i.target; break;
      case op_jump_less: if (r[i.a] < r[i.b]) pc = i.target; break;
      case op_jump: pc = i.target; break;
      case op_increment: r[i.a]++; break;
      case op_halt: return r[1];
    }
  }
}

uint64_t run_interpreter(uint64_t loops) {
  static const struct instruction code[] = {
      {op_set, 1, 0, 0},          // 0: primes = 0
      {op_set, 2, 2, 0},          // 1: candidate = 2
      {op_set, 3, 2, 0},          // 2: divisor = 2
      {op_jump_less, 3, 2, 5},    // 3: divisor < candidate?
      {op_jump, 0, 0, 9},         // 4: no: a prime
      {op_modulo, 2, 3, 0},       // 5
      {op_jump_zero, 15, 0, 10},  // 6: composite
      {op_increment, 3, 0, 0},    // 7
      {op_jump, 0, 0, 3},         // 8
      {op_increment, 1, 0, 0},    // 9
      {op_increment, 2, 0, 0},    // 10
      {op_jump_less, 2, 4, 2},    // 11
      {op_halt, 0, 0, 0},         // 12
  };
  uint64_t sum = 0;
  for (uint64_t i = 0; i < loops; i++) {
    uint64_t registers[16] = {[4] = 1000};
    uint64_t primes = interpret(code, registers);
    check(primes == 168);
    sum = mix(sum, primes + registers[2]);
  }
  return sum;
}

static NOINLINE uint64_t fib(uint64_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

uint64_t run_recursion(uint64_t loops) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < loops; i++) {
    uint64_t n = 30, a = 0, b = 1;
    OPAQUE(n);
    uint64_t value = fib(n);
    for (uint64_t k = 0; k < n; k++) {
      uint64_t next = a + b;
      a = b;
      b = next;
    }
    check(value == a);
    sum = mix(sum, value);
  }
  return sum;
}

static NOINLINE uint64_t step_add(uint64_t x) { return x + 0x1234567; }
static NOINLINE uint64_t step_xor(uint64_t x) { return x ^ 0x5bd1e995; }
static NOINLINE uint64_t step_rotate(uint64_t x) { return x << 13 | x >> 51; }
static NOINLINE uint64_t step_multiply(uint64_t x) { return x * 0x9e3779b1; }

uint64_t run_indirect(uint64_t loops) {
  uint64_t (*volatile steps[])(uint64_t) = {step_add, step_xor, step_rotate, step_multiply};
  uint64_t sum = 1;
  for (uint64_t i = 0; i < loops * 50000; i++) sum = steps[(i ^ sum >> 7) & 3](sum);
  return sum;
}

static uint32_t crc_table[256];

static void make_crc_table(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; bit++) value = value & 1 ? value >> 1 ^ 0xedb88320 : value >> 1;
    crc_table[i] = value;
  }
}

static NOINLINE uint32_t crc32_of(const uint8_t *data, size_t length) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < length; i++) crc = crc_table[(crc ^ data[i]) & 255] ^ crc >> 8;
  return ~crc;
}

uint64_t run_crc(uint64_t loops) {
  static uint8_t data[1 << 20];
  uint64_t state = 1, sum = 0;
  make_crc_table();
  // The check value of the CRC catalogue.
  check(crc32_of((const uint8_t *)"123456789", 9) == 0xcbf43926);
  for (size_t i = 0; i < sizeof data; i++) data[i] = next_random(&state);
  for (uint64_t i = 0; i < loops; i++) sum = mix(sum, crc32_of(data + i, sizeof data - i));
  return sum;
}

uint64_t run_hash(uint64_t loops) {
  enum { bits = 18, size = 1 << bits, count = 120000 };
  static uint64_t keys[size], values[size];
  uint64_t sum = 0;
  for (uint64_t i = 0; i < loops; i++) {
    uint64_t state = i + 1, found = 0;
    memset(keys, 0, sizeof keys);
    for (int k = 0; k < count; k++) {
      uint64_t key = next_random(&state), at = key * 0x9e3779b97f4a7c15ull >> (64 - bits);
      while (keys[at] != 0 && keys[at] != key) at = (at + 1) & (size - 1);
      keys[at] = key;
      values[at] = k;
    }
    state = i + 1;
    for (int k = 0; k < count; k++) {
      uint64_t key = next_random(&state), at = key * 0x9e3779b97f4a7c15ull >> (64 - bits);
      while (keys[at] != key) at = (at + 1) & (size - 1);
      found += values[at] == (uint64_t)k;
    }
    check(found == count);
    sum = mix(sum, keys[12345] + found);
  }
  return sum;
}

uint64_t run_sieve(uint64_t loops) {
  enum { limit = 1000000 };
  static uint8_t composite[limit];
  uint64_t sum = 0;
  for (uint64_t i = 0; i < loops; i++) {
    uint64_t primes = 0;
    memset(composite, 0, sizeof composite);
    for (uint64_t n = 2; n < limit; n++) {
      if (composite[n]) continue;
      primes++;
      for (uint64_t k = n * n; k < limit; k += n) composite[k] = 1;
    }
    check(primes == 78498);
    sum = mix(sum, primes);
  }
  return sum;
}

static int compare_u32(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

uint64_t run_qsort(uint64_t loops) {
  enum { count = 100000 };
  static uint32_t data[count];
  uint64_t state = 7, sum = 0;
  for (uint64_t i = 0; i < loops; i++) {
    for (int k = 0; k < count; k++) data[k] = next_random(&state) >> 32;
    qsort(data, count, sizeof *data, compare_u32);
    for (int k = 1; k < count; k++) check(data[k - 1] <= data[k]);
    sum = mix(sum, data[0] ^ data[count / 2]);
  }
  return sum;
}

static const uint32_t sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static inline uint32_t rotate_right(uint32_t x, int n) { return x >> n | x << (32 - n); }

static NOINLINE void sha256_block(uint32_t h[8], const uint8_t *block) {
  uint32_t w[64];
  for (int i = 0; i < 16; i++) {
    memcpy(&w[i], block + 4 * i, 4);
    w[i] = __builtin_bswap32(w[i]);
  }
  for (int i = 16; i < 64; i++) {
    uint32_t s0 = rotate_right(w[i - 15], 7) ^ rotate_right(w[i - 15], 18) ^ w[i - 15] >> 3;
    uint32_t s1 = rotate_right(w[i - 2], 17) ^ rotate_right(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  uint32_t v[8];
  memcpy(v, h, sizeof v);
  for (int i = 0; i < 64; i++) {
    uint32_t s1 = rotate_right(v[4], 6) ^ rotate_right(v[4], 11) ^ rotate_right(v[4], 25);
    uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + sha256_k[i] + w[i];
    uint32_t s0 = rotate_right(v[0], 2) ^ rotate_right(v[0], 13) ^ rotate_right(v[0], 22);
    uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    v[7] = v[6], v[6] = v[5], v[5] = v[4], v[4] = v[3] + t1, v[3] = v[2], v[2] = v[1], v[1] = v[0], v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; i++) h[i] += v[i];
}

static const uint32_t sha256_start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

uint64_t run_sha256(uint64_t loops) {
  uint32_t h[8];
  uint8_t abc[64] = {'a', 'b', 'c', 0x80, [63] = 24};
  memcpy(h, sha256_start, sizeof h);
  sha256_block(h, abc);
  // FIPS 180-4's example.
  check(h[0] == 0xba7816bf && h[7] == 0xf20015ad);
  static uint8_t data[1 << 16];
  uint64_t state = 3;
  for (size_t i = 0; i < sizeof data; i++) data[i] = next_random(&state);
  for (uint64_t i = 0; i < loops * 4; i++)
    for (size_t at = 0; at < sizeof data; at += 64) sha256_block(h, data + at);
  return (uint64_t)h[0] << 32 | h[7];
}

uint64_t run_matrix_integer(uint64_t loops) {
  enum { n = 160 };
  static int32_t a[n][n], b[n][n], c[n][n];
  uint64_t state = 5, sum = 0;
  for (int i = 0; i < n * n; i++) {
    a[i / n][i % n] = (int32_t)(next_random(&state) >> 48);
    b[i / n][i % n] = (int32_t)(next_random(&state) >> 48);
  }
  for (uint64_t loop = 0; loop < loops; loop++) {
    for (int i = 0; i < n; i++)
      for (int j = 0; j < n; j++) {
        uint32_t dot = 0;
        for (int k = 0; k < n; k++) dot += (uint32_t)a[i][k] * (uint32_t)b[k][j];
        c[i][j] = (int32_t)dot;
      }
    sum = mix(sum, (uint64_t)c[loop % n][7]);
    a[loop % n][loop % 7]++;
  }
  return sum;
}

uint64_t run_multiply128(uint64_t loops) {
  // Numbers of many words times one word, added to others: what signature checks do all day.
  enum { words = 64 };
  uint64_t x[words], acc[words + 1] = {0}, state = 11;
  for (int i = 0; i < words; i++) x[i] = next_random(&state);
  for (uint64_t i = 0; i < loops * 5000; i++) {
    uint64_t carry = 0, by = next_random(&state);
    for (int k = 0; k < words; k++) {
      unsigned __int128 t = (unsigned __int128)x[k] * by + acc[k] + carry;
      acc[k] = (uint64_t)t;
      carry = t >> 64;
    }
    acc[words] += carry;
  }
  uint64_t sum = 0;
  for (int k = 0; k <= words; k++) sum = mix(sum, acc[k]);
  return sum;
}

uint64_t run_division(uint64_t loops) {
  uint64_t state = 13, sum = 0;
  for (uint64_t i = 0; i < loops * 20000; i++) {
    uint64_t x = next_random(&state), y = (x >> (i & 31)) | 1;
    uint64_t q = sum / y, r = sum % y;
    int32_t sq = (int32_t)x / (int32_t)(y | 1), sr = (int32_t)x % (int32_t)(y | 1);
    if (i % 1024 == 0) check(q * y + r == sum && sq * (int32_t)(y | 1) + sr == (int32_t)x);
    sum = mix(sum, q + r + (uint32_t)(sq ^ sr));
  }
  return sum;
}
