// Vector programs in the compiler's vector extensions. Data are small whole numbers, so that float results are exact.
#include <string.h>

#include "bench.h"

typedef int32_t int4 __attribute__((vector_size(16)));
typedef uint16_t short8 __attribute__((vector_size(16)));
typedef uint8_t byte16 __attribute__((vector_size(16)));
typedef float float4 __attribute__((vector_size(16)));
typedef double double2 __attribute__((vector_size(16)));

uint64_t run_vector_integer(uint64_t loops) {
  enum { count = 2048 };
  static int4 words[count], table[count];
  static byte16 bytes[count];
  uint64_t state = 29, sum = 0;
  for (int i = 0; i < count; i++)
    for (int k = 0; k < 4; k++) words[i][k] = next_random(&state), table[i][k] = next_random(&state);
  memcpy(bytes, table, sizeof bytes);
  for (uint64_t loop = 0; loop < loops; loop++) {
    int4 total = {0}, least = words[0];
    byte16 mixed = {0};
    short8 shorts = {0};
    const byte16 rotation = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0};
    for (int i = 0; i < count; i++) {
      int4 x = words[i], y = table[i], smaller = x < least;
      total += (x ^ y) + (x << 3) - (y >> 5);
      least = (x & smaller) | (least & ~smaller);
      mixed = __builtin_shuffle(mixed, rotation) + bytes[i];
      shorts += (short8)x * 3 + (short8)y;
    }
    words[loop % count] += total;
    uint64_t parts[2];
    memcpy(parts, &mixed, 16);
    sum = mix(mix(sum, parts[0]), parts[1] + (uint32_t)least[1] + (uint32_t)total[2] + shorts[5]);
  }
  return sum;
}

#ifdef __powerpc64__
#include <altivec.h>
#define FUSED4(a, b, c) ((float4)vec_madd((__vector float)(a), (__vector float)(b), (__vector float)(c)))
#define FUSED2(a, b, c) ((double2)vec_madd((__vector double)(a), (__vector double)(b), (__vector double)(c)))
#else
#define FUSED4(a, b, c) ((a) * (b) + (c))
#define FUSED2(a, b, c) ((a) * (b) + (c))
#endif

uint64_t run_vector_float(uint64_t loops) {
  enum { count = 512 };
  static float4 single[count];
  static double2 wide[count];
  uint64_t sum = 0;
  for (int i = 0; i < count; i++) {
    for (int k = 0; k < 4; k++) single[i][k] = (i + k) % 13 - 6;
    for (int k = 0; k < 2; k++) wide[i][k] = (i * 3 + k) % 29 - 14;
  }
  for (uint64_t loop = 0; loop < loops; loop++) {
    float4 dot = {0}, spread = {1, 2, 3, 4};
    double2 product = {0}, other = {1, 2};
    for (int i = 0; i < count; i++) {
      dot = FUSED4(single[i], spread - single[count - 1 - i], dot);
      product = FUSED2(wide[i], wide[i] - other, product);
      other = wide[i] * 2 + 1;
    }
    sum = mix(sum, (uint64_t)(int64_t)(dot[0] + dot[1] + dot[2] + dot[3]));
    sum = mix(sum, (uint64_t)(int64_t)(product[0] + product[1]));
    single[loop % count][loop & 3] += 1 - (float)(loop & 2);
  }
  return sum;
}
