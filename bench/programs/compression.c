// A small compressor of the LZ77 family and its inverse: match search by a hash of three bytes, then copies.
#include <string.h>

#include "bench.h"

enum { size = 1 << 18, hash_bits = 14, shortest = 4, longest = 130, window = 65535 };

static inline uint32_t hash_of(const uint8_t *at) {
  uint32_t word;
  memcpy(&word, at, 4);
  return word * 2654435761u >> (32 - hash_bits);
}

// Tokens: 0..127: literals follow (count - 1); 128..255: match of token - 128 + shortest bytes, two bytes of distance.
static NOINLINE size_t pack(const uint8_t *in, size_t length, uint8_t *out) {
  static uint32_t last[1 << hash_bits];
  memset(last, 0xff, sizeof last);
  size_t o = 0, literal = 0, i = 0;
  while (i < length) {
    size_t match = 0, distance = 0;
    if (i + shortest <= length) {
      uint32_t hash = hash_of(in + i), candidate = last[hash];
      last[hash] = i;
      if (candidate != ~0u && i - candidate <= window) {
        size_t most = length - i < longest ? length - i : longest;
        while (match < most && in[candidate + match] == in[i + match]) match++;
        distance = i - candidate;
      }
    }
    if (match < shortest) {
      i++;
      if (i - literal < 128 && i < length) continue;
    }
    if (i > literal) {
      out[o++] = i - literal - 1;
      memcpy(out + o, in + literal, i - literal);
      o += i - literal;
    }
    if (match >= shortest) {
      out[o++] = 128 + match - shortest;
      out[o++] = distance;
      out[o++] = distance >> 8;
      i += match;
    }
    literal = i;
  }
  return o;
}

static NOINLINE size_t unpack(const uint8_t *in, size_t length, uint8_t *out) {
  size_t o = 0;
  for (size_t i = 0; i < length;) {
    uint8_t token = in[i++];
    if (token < 128) {
      memcpy(out + o, in + i, token + 1);
      i += token + 1;
      o += token + 1;
    } else {
      size_t distance = in[i] | in[i + 1] << 8;
      i += 2;
      for (int k = token - 128 + shortest; k > 0; k--, o++) out[o] = out[o - distance];
    }
  }
  return o;
}

uint64_t run_compression(uint64_t loops) {
  static uint8_t text[size], packed[size * 2], again[size];
  uint64_t state = 17, sum = 0;
  // Words from a small vocabulary, with rare noise.
  for (size_t i = 0; i < size;) {
    uint64_t word = next_random(&state) >> 56, letters = 3 + word % 7;
    for (uint64_t k = 0; k < letters && i < size; k++) text[i++] = 'a' + (word * (k + 3) + (word >> 3)) % 26;
    if (i < size) text[i++] = next_random(&state) % 40 == 0 ? '\n' : ' ';
  }
  for (uint64_t i = 0; i < loops; i++) {
    size_t length = pack(text, size, packed);
    check(length < size && unpack(packed, length, again) == size && memcmp(text, again, size) == 0);
    sum = mix(sum, length);
    text[i * 977 % size] ^= 1;
  }
  return sum;
}
