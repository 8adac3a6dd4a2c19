// Programs whose time goes to the operating system: calls, processes, threads, faults, signals, files.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static struct {
  pthread_mutex_t mutex;
  uint64_t counter, rounds;
} shared = {PTHREAD_MUTEX_INITIALIZER, 0, 0};

static void *count_under_lock(void *unused) {
  (void)unused;
  for (uint64_t i = 0; i < shared.rounds; i++) {
    pthread_mutex_lock(&shared.mutex);
    shared.counter++;
    pthread_mutex_unlock(&shared.mutex);
  }
  return NULL;
}

uint64_t run_threads(uint64_t loops) {
  enum { threads = 4 };
  shared.counter = 0;
  shared.rounds = 2000;
  for (uint64_t i = 0; i < loops; i++) {
    pthread_t ids[threads];
    for (int k = 0; k < threads; k++) check(pthread_create(&ids[k], NULL, count_under_lock, NULL) == 0);
    for (int k = 0; k < threads; k++) pthread_join(ids[k], NULL);
  }
  check(shared.counter == loops * threads * shared.rounds);
  return shared.counter;
}

static uint32_t turn;
static uint64_t turns;

static void take_turns(uint32_t mine) {
  for (uint64_t i = 0; i < turns; i++) {
    while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != mine)
      syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !mine, NULL, NULL, 0);
    __atomic_store_n(&turn, !mine, __ATOMIC_RELEASE);
    syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  }
}

static void *take_second_turn(void *unused) {
  (void)unused;
  take_turns(1);
  return NULL;
}

uint64_t run_futex(uint64_t loops) {
  pthread_t other;
  turn = 0;
  turns = loops * 200;
  check(pthread_create(&other, NULL, take_second_turn, NULL) == 0);
  take_turns(0);
  pthread_join(other, NULL);
  check(turn == 0);
  return turns;
}

uint64_t run_getpid(uint64_t loops) {
  long pid = getpid();
  uint64_t same = 0;
  for (uint64_t i = 0; i < loops * 1000; i++) same += syscall(SYS_getpid) == pid;
  check(same == loops * 1000);
  return same;
}

uint64_t run_pipe(uint64_t loops) {
  int there[2], back[2];
  check(pipe(there) == 0 && pipe(back) == 0);
  uint64_t rounds = loops * 200, value = 0;
  pid_t child = fork();
  if (child == 0) {
    for (uint64_t i = 0; i < rounds; i++) {
      if (read(there[0], &value, sizeof value) != sizeof value) _exit(1);
      value = value * 3 + 1;
      if (write(back[1], &value, sizeof value) != sizeof value) _exit(1);
    }
    _exit(0);
  }
  uint64_t expected = 0;
  for (uint64_t i = 0; i < rounds; i++) {
    expected = expected * 3 + 1;
    check(write(there[1], &value, sizeof value) == sizeof value && read(back[0], &value, sizeof value) == sizeof value);
  }
  int status = -1;
  waitpid(child, &status, 0);
  check(status == 0 && value == expected);
  close(there[0]), close(there[1]), close(back[0]), close(back[1]);
  return value;
}

uint64_t run_fork(uint64_t loops) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < loops; i++) {
    pid_t child = fork();
    if (child == 0) _exit((int)(i & 127));
    int status = -1;
    waitpid(child, &status, 0);
    check(WIFEXITED(status) && WEXITSTATUS(status) == (int)(i & 127));
    sum = mix(sum, WEXITSTATUS(status));
  }
  return sum;
}

uint64_t run_exec(uint64_t loops) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < loops; i++) {
    pid_t child = fork();
    if (child == 0) {
      execl("/proc/self/exe", "bench", "exec-child", NULL);
      _exit(1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    check(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    sum = mix(sum, WEXITSTATUS(status));
  }
  return sum;
}

uint64_t run_fault(uint64_t loops) {
  // Pages are 64 KiB in Debian's ppc64el kernel and 4 KiB elsewhere: the count of first touches is what is held equal.
  enum { pages = 64 };
  size_t page = sysconf(_SC_PAGESIZE);
  uint64_t sum = 0;
  for (uint64_t i = 0; i < loops; i++) {
    uint8_t *memory = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(memory != MAP_FAILED);
    if (memory == MAP_FAILED) return 0;
    madvise(memory, pages * page, MADV_NOHUGEPAGE);
    for (int k = 0; k < pages; k++) {
      sum += memory[k * page];
      memory[k * page] = k;
    }
    for (int k = 0; k < pages; k++) sum = mix(sum, memory[k * page]);
    munmap(memory, pages * page);
  }
  return sum;
}

static volatile uint64_t caught;
static void on_signal(int number) { caught += number; }

uint64_t run_signal(uint64_t loops) {
  struct sigaction action = {.sa_handler = on_signal}, before;
  sigaction(SIGUSR1, &action, &before);
  caught = 0;
  for (uint64_t i = 0; i < loops * 100; i++) raise(SIGUSR1);
  sigaction(SIGUSR1, &before, NULL);
  check(caught == loops * 100 * SIGUSR1);
  return caught;
}

uint64_t run_fileio(uint64_t loops) {
  static uint8_t block[8192], again[8192];
  uint64_t state = 31, sum = 0;
  char name[64];
  for (size_t i = 0; i < sizeof block; i++) block[i] = next_random(&state);
  for (uint64_t i = 0; i < loops; i++) {
    // /dev/shm is a tmpfs on the host, as /tmp is in the guest.
    snprintf(name, sizeof name, "%s/bench-%d-%llu", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", getpid(),
             (unsigned long long)i);
    int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    check(file >= 0);
    for (int k = 0; k < 32; k++) check(write(file, block, sizeof block) == sizeof block);
    for (int k = 0; k < 32; k++) {
      check(pread(file, again, sizeof again, (off_t)(31 - k) * sizeof again) == sizeof again);
      sum = mix(sum, again[k * 100]);
    }
    check(memcmp(block, again, sizeof again) == 0 && lseek(file, 0, SEEK_END) == 32 * sizeof block);
    close(file);
    unlink(name);
  }
  return sum;
}
