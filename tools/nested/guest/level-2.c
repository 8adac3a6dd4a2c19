// /init of a Linux that is itself a guest of the guest: shows what it sees, uses processes, memory, threads and time, and powers off.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "checks.h"

static void show(const char *path, const char *const *starts) {
  char text[256];
  FILE *file = fopen(path, "r");
  while (file != NULL && fgets(text, sizeof text, file) != NULL)
    for (int n = 0; starts[n] != NULL; n++)
      if (strncmp(text, starts[n], strlen(starts[n])) == 0) printf("LEVEL2 %s", text);
  if (file != NULL) fclose(file);
}

static void say(const char *name, int good) {
  printf("LEVEL2 %s %s\n", good ? "ok" : "FAIL", name);
}

/// Children that each write to pages of their parent's, which must not see it.
static int processes(void) {
  static volatile uint64_t pages[64 * 8192];
  for (int n = 0; n < 64; n++) pages[n * 8192] = n;
  for (int child = 0; child < 8; child++) {
    pid_t pid = fork();
    if (pid == 0) {
      uint64_t sum = 0;
      for (int n = 0; n < 64; n++) sum += pages[n * 8192] += child;
      _exit(sum == 64 * 63 / 2 + 64u * child ? 7 : 8);
    }
    int status;
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 7) return 0;
  }
  for (int n = 0; n < 64; n++)
    if (pages[n * 8192] != (uint64_t)n) return 0;
  return 1;
}

/// Memory that is mapped, used and given back, with small and with huge pages.
static int memory(void) {
  const size_t size = 32 << 20;
  for (int round = 0; round < 3; round++) {
    uint64_t *area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) return 0;
    madvise(area, size, round == 1 ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
    for (size_t n = 0; n < size / 8; n += 1000) {
      if (area[n] != 0) return 0;
      area[n] = n;
    }
    madvise(area, size / 2, MADV_DONTNEED);
    for (size_t n = 0; n < size / 8; n += 1000)
      if (area[n] != (n < size / 16 ? 0 : n)) return 0;
    munmap(area, size);
  }
  return 1;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t counter;

static void *count(void *context) {
  volatile double *sum = context;
  for (int n = 0; n < 2000; n++) {
    pthread_mutex_lock(&mutex);
    counter++;
    pthread_mutex_unlock(&mutex);
    *sum += 0.5;
  }
  return NULL;
}

static int threads(void) {
  pthread_t threads[4];
  double sums[4] = {0};
  for (int n = 0; n < 4; n++)
    if (pthread_create(&threads[n], NULL, count, &sums[n]) != 0) return 0;
  for (int n = 0; n < 4; n++) pthread_join(threads[n], NULL);
  return counter == 8000 && sums[0] + sums[1] + sums[2] + sums[3] == 4000;
}

static int sleeps(void) {
  struct timespec start, end, pause = {.tv_nsec = 30000000};
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (int n = 0; n < 3; n++) nanosleep(&pause, NULL);
  clock_gettime(CLOCK_MONOTONIC, &end);
  return (end.tv_sec - start.tv_sec) * 1000000000ll + end.tv_nsec - start.tv_nsec >= 90000000;
}

int level_2(void) {
  mkdir("/proc", 0555);
  mount("proc", "/proc", "proc", 0, NULL);
  show("/proc/cpuinfo", (const char *const[]){"processor", "cpu", "MMU", "platform", NULL});
  show("/proc/interrupts", (const char *const[]){" 1", "IPI", "LOC", NULL});
  say("processes", processes());
  say("memory", memory());
  say("threads", threads());
  say("sleeps", sleeps());
  printf("LEVEL2 done\n");
  fflush(stdout);
  sleep(1);
  reboot(RB_POWER_OFF);
  return 0;
}
