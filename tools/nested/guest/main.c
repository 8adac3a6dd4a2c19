// /init of a guest hypervisor: loads KVM, runs each check, one line `NESTED name verdict detail` for each, and powers off.
// A check that gets stuck is ended by a signal. NESTED=word,word in the environment (an unknown word of the kernel's command line
// gets there) runs those whose name has one of the words in it, NESTED_WITHOUT=word,word all others.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checks.h"
#include "vm.h"

/// Seconds that a check may take on a slow machine.
#define PATIENCE 60

static const struct {
  const char *name;
  check_run *run;
} checks[] = {
#define CHECK(function, name) {name, function},
    ALL_CHECKS
#undef CHECK
};

/// Where `fail` goes, and what it has to say: of the check, or of a thread of it.
static __thread jmp_buf *way_out;
static __thread char message[120];
static __thread int skipped;
static char found[160];

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  longjmp(*way_out, 1);
}

void skip(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  skipped = 1;
  longjmp(*way_out, 1);
}

void detail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(found, sizeof found, format, arguments);
  va_end(arguments);
}

void expect_same(const char *what, uint64_t actual, uint64_t expected) {
  if (actual != expected)
    fail("%s is 0x%llx, not 0x%llx", what, (unsigned long long)actual, (unsigned long long)expected);
}

int attempt(void (*action)(void *), void *context, char *text, size_t size) {
  jmp_buf here;
  way_out = &here;
  if (setjmp(here) == 0) {
    action(context);
    return 0;
  }
  snprintf(text, size, "%s", message);
  return 1;
}

static void run_runner(void *context) {
  struct runner *runner = context;
  cpu_run_to(runner->cpu, runner->call);
}

static void *run_thread(void *context) {
  struct runner *runner = context;
  attempt(run_runner, runner, runner->failure, sizeof runner->failure);
  return NULL;
}

void runner_start(struct runner *runner, struct cpu *cpu, uint64_t call) {
  *runner = (struct runner){.cpu = cpu, .call = call};
  if (pthread_create(&runner->thread, NULL, run_thread, runner) != 0) fail("no thread");
}

void runner_join(struct runner *runner) {
  pthread_join(runner->thread, NULL);
  if (runner->failure[0] != 0) fail("vCPU %d: %s", runner->cpu->id, runner->failure);
}

static void load_module(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) != 0) printf("NESTED module FAIL %s: %s\n", path, strerror(errno));
  if (fd >= 0) close(fd);
}

static void set_up(void) {
  mkdir("/proc", 0555);
  mkdir("/sys", 0555);
  mount("proc", "/proc", "proc", 0, NULL);
  mount("sys", "/sys", "sysfs", 0, NULL);
  load_module("/kvm.ko");
  load_module("/kvm-hv.ko");
}

static const char *running;
static volatile sig_atomic_t late;

int timed_out(void) {
  return late;
}

/// The first signal interrupts a run; where that is of no use, because threads do not see it, the second one ends the check.
static void stuck(int number) {
  (void)number;
  if (late++ == 0) alarm(5);
  else {
    char text[80];
    int length = snprintf(text, sizeof text, "NESTED %s FAIL stuck\n", running);
    if (write(1, text, length) != length) _exit(1);
    _exit(0);
  }
}

void time_limit(int seconds) {
  struct sigaction action = {.sa_handler = stuck};
  sigaction(SIGALRM, &action, NULL);
  alarm(seconds);
}

static void run_action(void *context) {
  (*(check_run *const *)context)();
}

/// A process of its own for each check: what it leaves behind goes away with it.
static void run_check(const char *name, check_run *run) {
  pid_t child = fork();
  if (child == 0) {
    char text[160];
    running = name;
    time_limit(PATIENCE);
    int failed = attempt(run_action, &run, text, sizeof text);
    printf("NESTED %s %s %s\n", name, !failed ? "ok" : skipped ? "skip" : "FAIL", failed ? text : found);
    fflush(stdout);
    _exit(0);
  }
  int status;
  if (waitpid(child, &status, 0) == child && !WIFEXITED(status))
    printf("NESTED %s FAIL signal %d\n", name, WTERMSIG(status));
}

static int has_word(const char *name, const char *words) {
  char copy[256];
  snprintf(copy, sizeof copy, "%s", words);
  for (char *word = strtok(copy, ","); word != NULL; word = strtok(NULL, ","))
    if (strstr(name, word) != NULL) return 1;
  return 0;
}

static int wanted(const char *name) {
  const char *with = getenv("NESTED"), *without = getenv("NESTED_WITHOUT");
  return (with == NULL || has_word(name, with)) && (without == NULL || !has_word(name, without));
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (getenv("LEVEL") != NULL) return level_2();
  if (getpid() == 1) set_up();
  printf("NESTED begin\n");
  fflush(stdout);
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
    if (wanted(checks[i].name)) run_check(checks[i].name, checks[i].run);
  printf("NESTED end\n");
  fflush(stdout);
  // The console's driver polls: what is written last needs a moment.
  sleep(1);
  if (getpid() == 1) reboot(RB_POWER_OFF);
  return 0;
}
