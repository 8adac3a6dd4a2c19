/* /init of the big-endian guest: mounts, shows what the kernel found, runs the checks in each ABI, takes CPUs off line and back, and
   powers off. Its console output is what boots are compared by. */
#include "calls.h"

static void show(const char *path) {
  static char text[16384];
  long file = call(sysOpen, path, 0, 0);
  put("---- ");
  put(path);
  if (file < 0) put(" (absent)");
  flush();
  if (file < 0) return;
  for (long count; (count = call(sysRead, file, text, sizeof text)) > 0;) call(sysWrite, 1, text, count);
  call(sysClose, file, 0, 0);
}

static u64 run(char *path) {
  char *arguments[] = {path, 0};
  char *environment[] = {0};
  int status = -1;
  long child = call(sysFork, 0, 0, 0);
  if (child == 0) {
    call(sysExecve, path, arguments, environment);
    leave(127);
  }
  call(sysWait4, child, &status, 0);
  return (u64)status;
}

static long setOnline(u32 cpu, const char *value) {
  char path[] = "/sys/devices/system/cpu/cpu0/online";
  path[27] = (char)('0' + cpu);
  long file = call(sysOpen, path, 1, 0);
  if (file < 0) return file;
  long result = call(sysWrite, file, value, 1);
  call(sysClose, file, 0, 0);
  return result;
}

/* Each CPU but the first goes and comes back, and then runs this program. */
static void replugCpus(void) {
  for (u32 cpu = 1; cpu < 8; cpu++) {
    word set = (word)1 << cpu;
    if (call(sysSetAffinity, 0, sizeof set, &set) != 0) break;
    set = 1;
    call(sysSetAffinity, 0, sizeof set, &set);
    check("a CPU goes off line", (u64)setOnline(cpu, "0"), 1);
    check("a CPU comes back", (u64)setOnline(cpu, "1"), 1);
    set = (word)1 << cpu;
    check("a CPU that came back runs a program", (u64)call(sysSetAffinity, 0, sizeof set, &set), 0);
    u32 at = 99;
    call(sysGetcpu, &at, 0, 0);
    check("the program is on that CPU", at, cpu);
  }
  word all = ~(word)0;
  call(sysSetAffinity, 0, sizeof all, &all);
}

__attribute__((used)) void start(void) {
  static struct {
    char name[6][65];
  } system;
  call(sysMount, "proc", "/proc", "proc");
  call(sysMount, "sysfs", "/sys", "sysfs");
  call(sysMount, "devtmpfs", "/dev", "devtmpfs");
  call(sysUname, &system, 0, 0);
  put("continuo-init: ");
  put(system.name[0]);
  put(" ");
  put(system.name[2]);
  put(" ");
  put(system.name[4]);
  flush();
  show("/proc/cpuinfo");
  check("checks, ELFv1", run("/checks-elfv1"), 0);
  check("checks, ELFv2", run("/checks-elfv2"), 0);
  check("checks, 32-bit", run("/checks-32"), 0);
  replugCpus();
  show("/proc/interrupts");
  show("/proc/powerpc/lparcfg");
  show("/proc/cmdline");
  put(failures == 0 ? "continuo-init: all is well" : "continuo-init: SOMETHING FAILED");
  flush();
  /* LINUX_REBOOT_CMD_POWER_OFF */
  call(sysReboot, 0xfee1dead, 672274793, 0x4321fedc);
  leave(1);
}

__asm__(ENTRY);
