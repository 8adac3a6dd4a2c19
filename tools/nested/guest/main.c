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
#include <sys/sysmacros.h>
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

static void *run_thread(void *context) {
  struct runner *runner = context;
  jmp_buf here;
  way_out = &here;
  if (setjmp(here) == 0) cpu_run_to(runner->cpu, runner->call);
  else snprintf(runner->failure, sizeof runner->failure, "vCPU %d: %s", runner->cpu->id, message);
  return NULL;
}

void runner_start(struct runner *runner, struct cpu *cpu, uint64_t call) {
  *runner = (struct runner){.cpu = cpu, .call = call};
  if (pthread_create(&runner->thread, NULL, run_thread, runner) != 0) fail("no thread");
}

void runner_join(struct runner *runner) {
  pthread_join(runner->thread, NULL);
  if (runner->failure[0] != 0) fail("%s", runner->failure);
}

static void load_module(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) != 0) printf("NESTED module FAIL %s: %s\n", path, strerror(errno));
  if (fd >= 0) close(fd);
}

/// The device's minor number is in /sys: nothing makes the node here.
static void make_device(void) {
  unsigned major, minor;
  FILE *file = fopen("/sys/class/misc/kvm/dev", "r");
  if (file == NULL || fscanf(file, "%u:%u", &major, &minor) != 2) printf("NESTED device FAIL KVM has no device\n");
  else mknod("/dev/kvm", S_IFCHR | 0600, makedev(major, minor));
  if (file != NULL) fclose(file);
}

static void set_up(void) {
  mkdir("/proc", 0555);
  mkdir("/sys", 0555);
  mkdir("/dev", 0755);
  mount("proc", "/proc", "proc", 0, NULL);
  mount("sys", "/sys", "sysfs", 0, NULL);
  load_module("/kvm.ko");
  load_module("/kvm-hv.ko");
  make_device();
}

static void stuck(int number) {
  (void)number;
}

/// A process of its own for each check: what it leaves behind goes away with it.
static void run_check(const char *name, check_run *run) {
  pid_t child = fork();
  if (child == 0) {
    struct sigaction action = {.sa_handler = stuck};
    sigaction(SIGALRM, &action, NULL);
    alarm(PATIENCE);
    jmp_buf here;
    way_out = &here;
    if (setjmp(here) == 0) {
      run();
      printf("NESTED %s ok %s\n", name, found);
    } else printf("NESTED %s %s %s\n", name, skipped ? "skip" : "FAIL", message);
    fflush(stdout);
    _exit(0);
  }
  int status;
  // Threads of the check may miss its signal.
  for (int tenths = 0; waitpid(child, &status, WNOHANG) == 0; tenths++) {
    struct timespec pause = {.tv_nsec = tenths < 10 ? 2000000 : 100000000};
    nanosleep(&pause, NULL);
    if (tenths > (PATIENCE + 5) * 10) {
      printf("NESTED %s FAIL stuck\n", name);
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return;
    }
  }
  if (!WIFEXITED(status)) printf("NESTED %s FAIL signal %d\n", name, WTERMSIG(status));
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
  if (getpid() == 1) set_up();
  printf("NESTED begin\n");
  fflush(stdout);
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
    if (wanted(checks[i].name)) run_check(checks[i].name, checks[i].run);
  printf("NESTED end\n");
  fflush(stdout);
  if (getpid() == 1) reboot(RB_POWER_OFF);
  return 0;
}
