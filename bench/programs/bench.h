// What the benchmark programs share: each takes a loop count and gives a checksum that is the same on every architecture.
#ifndef BENCH_H
#define BENCH_H
#include <stddef.h>
#include <stdint.h>

/// Runs a program `loops` times and gives its checksum.
typedef uint64_t bench_run(uint64_t loops);

bench_run run_interpreter, run_recursion, run_indirect, run_crc, run_hash, run_sieve, run_qsort, run_sha256;
bench_run run_compression, run_matrix_integer, run_multiply128, run_division;
bench_run run_matrix_double, run_nbody, run_mandelbrot, run_single;
bench_run run_vector_integer, run_vector_float;
bench_run run_memcpy, run_stream, run_chase, run_string, run_atomics;
bench_run run_threads, run_futex, run_getpid, run_pipe, run_fork, run_exec, run_fault, run_signal, run_fileio;
bench_run run_newcode;

/// Ends the running program with a message when `condition` is false: its result is wrong.
#define check(condition) check_that(condition, #condition)
void check_that(int condition, const char *text);

/// Pseudo-random numbers (xorshift64*), the same everywhere.
static inline uint64_t next_random(uint64_t *state) {
  uint64_t x = *state;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  *state = x;
  return x * 0x2545f4914f6cdd1dull;
}

/// Adds a value to a checksum.
static inline uint64_t mix(uint64_t sum, uint64_t value) {
  return (sum ^ value) * 0x9e3779b97f4a7c15ull + (sum >> 29);
}

/// Keeps the compiler from knowing a value.
#define OPAQUE(value) __asm__ volatile("" : "+r"(value))
#define NOINLINE __attribute__((noinline))
#endif
