// Runs benchmark programs and prints time and checksum of each; as process 1 it sets up a guest and powers it off.
// Standard input has a line for each run: program and a divisor of its loop count; `list 0` lists them, `end 0` ends. With BENCH=name,name
// in the environment (an unknown word of a kernel's command line gets there) it runs those and ends.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

static const struct {
  const char *name;
  const char *kind;
  bench_run *run;
  /// Chosen so that QEMU's TCG takes 0.3 to 1 s.
  uint64_t loops;
} programs[] = {
    {"interpreter", "integer", run_interpreter, 60},
    {"recursion", "integer", run_recursion, 30},
    {"indirect", "integer", run_indirect, 800},
    {"crc", "integer", run_crc, 75},
    {"hash", "integer", run_hash, 2},
    {"sieve", "integer", run_sieve, 24},
    {"qsort", "integer", run_qsort, 10},
    {"sha256", "integer", run_sha256, 140},
    {"compression", "integer", run_compression, 100},
    {"matrix-integer", "integer", run_matrix_integer, 40},
    {"multiply128", "integer", run_multiply128, 300},
    {"division", "integer", run_division, 2500},
    {"vector-integer", "integer", run_vector_integer, 8000},
    {"memcpy", "integer", run_memcpy, 120},
    {"stream", "integer", run_stream, 8},
    {"chase", "integer", run_chase, 1},
    {"string", "integer", run_string, 1300},
    {"atomics", "integer", run_atomics, 450},
    {"matrix-double", "floating-point", run_matrix_double, 16},
    {"nbody", "floating-point", run_nbody, 220},
    {"mandelbrot", "floating-point", run_mandelbrot, 12},
    {"single", "floating-point", run_single, 500},
    {"vector-float", "floating-point", run_vector_float, 3000},
    {"threads", "system", run_threads, 320},
    {"futex", "system", run_futex, 100},
    {"getpid", "system", run_getpid, 350},
    {"pipe", "system", run_pipe, 12},
    {"fork", "system", run_fork, 240},
    {"exec", "system", run_exec, 80},
    {"fault", "system", run_fault, 200},
    {"signal", "system", run_signal, 300},
    {"fileio", "system", run_fileio, 480},
    {"newcode", "system", run_newcode, 1600},
};

static const char *failure;

void check_that(int condition, const char *text) {
  if (!condition && failure == NULL) failure = text;
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static void set_up_guest(void) {
  mkdir("/proc", 0555);
  mkdir("/tmp", 0777);
  mount("proc", "/proc", "proc", 0, NULL);
  mount("tmp", "/tmp", "tmpfs", 0, NULL);
}

static void run_program(const char *name, uint64_t divisor) {
  for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
    if (strcmp(programs[i].name, name) != 0) continue;
    uint64_t loops = programs[i].loops / (divisor == 0 ? 1 : divisor);
    failure = NULL;
    uint64_t start = now();
    uint64_t sum = programs[i].run(loops == 0 ? 1 : loops);
    uint64_t time = now() - start;
    if (failure != NULL) printf("BENCH wrong %s %s\n", name, failure);
    else printf("BENCH result %s %llu %016llx\n", name, (unsigned long long)time, (unsigned long long)sum);
    return;
  }
  printf("BENCH wrong %s unknown\n", name);
}

// Runs the program of each line that comes in.
static void obey(void) {
  char line[128], name[64];
  unsigned long long divisor;
  printf("BENCH ready\n");
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (sscanf(line, "%63s %llu", name, &divisor) != 2) continue;
    if (strcmp(name, "list") == 0)
      for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        printf("BENCH program %s %s\n", programs[i].name, programs[i].kind);
    else if (strcmp(name, "end") == 0) return;
    else run_program(name, divisor);
  }
}

int main(int argc, char **argv) {
  // The program that the exec benchmark starts.
  if (argc == 2 && strcmp(argv[1], "exec-child") == 0) return 42;
  int is_init = getpid() == 1;
  setvbuf(stdout, NULL, _IONBF, 0);
  setvbuf(stdin, NULL, _IONBF, 0);
  if (is_init) set_up_guest();
  char *list = getenv("BENCH");
  if (list == NULL) obey();
  else
    for (char *name = strtok(list, ","); name != NULL; name = strtok(NULL, ",")) run_program(name, 1);
  printf("BENCH end\n");
  if (is_init) reboot(RB_POWER_OFF);
  return 0;
}
