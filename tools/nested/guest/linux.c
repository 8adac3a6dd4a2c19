// A whole Linux as the guest: the smallest machine that Debian's kernel boots in. Its platform (PAPR hypercalls and RTAS) is this
// program, its interrupt controller KVM's own XICS.
#define _GNU_SOURCE
#include <dirent.h>
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "checks.h"
#include "tree.h"

#define MEMORY (512ul << 20)
/// Behind the kernel, which has 40 MB: the RAM disk, the device tree, the code of RTAS.
#define INITRD 0x8000000ull
#define TREE 0x7000000ull
#define TREE_LIMIT 0x10000
#define RTAS 0x7100000ull
#define RTAS_SIZE 0x1000
#define TERMINAL 0x30000000

enum { H_SUCCESS = 0, H_FUNCTION = -2, H_PARAMETER = -4 };
enum { H_GET_TERM_CHAR = 0x54, H_PUT_TERM_CHAR = 0x58, H_SET_MODE = 0x31c, H_REGISTER_PROC_TBL = 0x37c };
enum { H_RPT_INVALIDATE = 0x448, H_RTAS = 0xf000 };
/// Tokens of the RTAS calls: those of the interrupt controller are served by KVM.
enum { POWER_OFF = 0x10, START_CPU, QUERY_CPU_STOPPED, SET_XIVE, GET_XIVE, INT_ON, INT_OFF };
static const struct {
  const char *name;
  uint32_t token;
} calls[] = {
    {"power-off", POWER_OFF},
    {"start-cpu", START_CPU},
    {"query-cpu-stopped-state", QUERY_CPU_STOPPED},
    {"ibm,set-xive", SET_XIVE},
    {"ibm,get-xive", GET_XIVE},
    {"ibm,int-on", INT_ON},
    {"ibm,int-off", INT_OFF},
};

enum { MAX_CPUS = 2 };
static struct vm vm;
static struct cpu cpus[MAX_CPUS];
static int cpu_count;
static struct runner_of_linux {
  pthread_t thread;
  int running;
} threads[MAX_CPUS];
/// The end of the machine: 1 powered off, or a failure's text.
static volatile int powered_off;
static char failure[120];
/// The line that the guest is writing, and what was seen in its lines.
static char line[256];
static size_t line_length;
static struct {
  int run_init, end, passed;
  char wrong[sizeof failure];
} seen;

static void load(const char *path, uint64_t at, uint64_t *size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) skip("there is no %s", path);
  struct stat status;
  fstat(fd, &status);
  *size = status.st_size;
  if (at + *size > MEMORY || read(fd, vm.memory + at, *size) != (ssize_t)*size) fail("%s cannot be read", path);
  close(fd);
}

/// Loads the one segment of the kernel to real address 0.
static void load_kernel(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) skip("there is no %s", path);
  Elf64_Ehdr header;
  Elf64_Phdr segment;
  if (read(fd, &header, sizeof header) != sizeof header) fail("%s is no kernel", path);
  for (int n = 0; n < header.e_phnum; n++) {
    expect(pread(fd, &segment, sizeof segment, header.e_phoff + n * sizeof segment) == sizeof segment);
    if (segment.p_type != PT_LOAD) continue;
    expect(segment.p_paddr + segment.p_memsz <= TREE);
    expect(pread(fd, vm.memory + segment.p_paddr, segment.p_filesz, segment.p_offset) == (ssize_t)segment.p_filesz);
    memset(vm.memory + segment.p_paddr + segment.p_filesz, 0, segment.p_memsz - segment.p_filesz);
  }
  close(fd);
}

/// Copies the properties of this machine's own first CPU: the guest has the same.
static void copy_cpu(struct tree *tree, int number) {
  static const char cpus_path[] = "/proc/device-tree/cpus";
  static const char *const own[] = {"reg", "name", "ibm,ppc-interrupt-server#s", "ibm,ppc-interrupt-gserver#s", "phandle",
                                    "linux,phandle"};
  char path[512], value[512], node[64];
  DIR *folder = opendir(cpus_path);
  struct dirent *entry;
  node[0] = 0;
  while (folder != NULL && (entry = readdir(folder)) != NULL)
    if (strncmp(entry->d_name, "PowerPC,", 8) == 0 && strlen(entry->d_name) < 40) strcpy(node, entry->d_name);
  if (folder != NULL) closedir(folder);
  if (node[0] == 0) fail("no CPU in %s", cpus_path);
  snprintf(path, sizeof path, "%s/%s", cpus_path, node);
  folder = opendir(path);
  *strchr(node, '@') = 0;
  snprintf(value, sizeof value, "%s@%x", node, number);
  tree_node(tree, value);
  while (folder != NULL && (entry = readdir(folder)) != NULL) {
    int skipped = entry->d_name[0] == '.';
    for (size_t n = 0; n < sizeof own / sizeof *own; n++) skipped |= strcmp(entry->d_name, own[n]) == 0;
    if (skipped) continue;
    snprintf(path, sizeof path, "%s/%s@0/%s", cpus_path, node, entry->d_name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, value, sizeof value);
    if (fd >= 0) close(fd);
    if (length >= 0) tree_property(tree, entry->d_name, value, length);
  }
  if (folder != NULL) closedir(folder);
  CELLS(tree, "reg", number);
  CELLS(tree, "ibm,ppc-interrupt-server#s", number);
  CELLS(tree, "ibm,ppc-interrupt-gserver#s", number, 0);
  tree_end(tree);
}

static void write_tree(const char *words, uint64_t initrd_size) {
  // What client-architecture-support would have agreed on: radix (byte 24), and tlbie (byte 26) or H_RPT_INVALIDATE.
  uint8_t option_vector_5[27] = {[24] = 0x40, [26] = has_tlbie() ? 0x40 : 0};
  static const char functions[] =
      "hcall-pft\0hcall-term\0hcall-interrupt\0hcall-splpar\0hcall-set-mode\0hcall-const\0hcall-rpt-invalidate";
  static struct tree tree;
  tree_node(&tree, "");
  tree_text(&tree, "device_type", "chrp");
  tree_text(&tree, "compatible", "qemu,pseries");
  tree_text(&tree, "model", "small guest (pSeries)");
  CELLS(&tree, "#address-cells", 2);
  CELLS(&tree, "#size-cells", 2);
  tree_node(&tree, "chosen");
  char command_line[320];
  snprintf(command_line, sizeof command_line, "console=hvc0 panic=-1 %s", words);
  tree_text(&tree, "bootargs", command_line);
  tree_text(&tree, "linux,stdout-path", "/vdevice/vty@30000000");
  CELLS(&tree, "linux,initrd-start", 0, INITRD);
  CELLS(&tree, "linux,initrd-end", 0, INITRD + initrd_size);
  tree_property(&tree, "ibm,architecture-vec-5", option_vector_5, sizeof option_vector_5);
  tree_end(&tree);
  tree_node(&tree, "cpus");
  CELLS(&tree, "#address-cells", 1);
  CELLS(&tree, "#size-cells", 0);
  for (int n = 0; n < cpu_count; n++) copy_cpu(&tree, n);
  tree_end(&tree);
  tree_node(&tree, "memory@0");
  tree_text(&tree, "device_type", "memory");
  CELLS(&tree, "reg", 0, 0, 0, MEMORY);
  tree_end(&tree);
  tree_node(&tree, "interrupt-controller");
  tree_text(&tree, "device_type", "PowerPC-External-Interrupt-Presentation");
  tree_text(&tree, "compatible", "IBM,ppc-xicp");
  tree_property(&tree, "interrupt-controller", "", 0);
  CELLS(&tree, "ibm,interrupt-server-ranges", 0, cpu_count);
  CELLS(&tree, "#interrupt-cells", 2);
  CELLS(&tree, "phandle", 0x1111);
  CELLS(&tree, "linux,phandle", 0x1111);
  tree_end(&tree);
  tree_node(&tree, "vdevice");
  tree_text(&tree, "device_type", "vdevice");
  tree_text(&tree, "compatible", "IBM,vdevice");
  CELLS(&tree, "#address-cells", 1);
  CELLS(&tree, "#size-cells", 0);
  tree_node(&tree, "vty@30000000");
  tree_text(&tree, "device_type", "serial");
  tree_text(&tree, "compatible", "hvterm1");
  CELLS(&tree, "reg", TERMINAL);
  tree_end(&tree);
  tree_end(&tree);
  tree_node(&tree, "rtas");
  size_t functions_size = sizeof functions - (has_tlbie() ? sizeof "hcall-rpt-invalidate" : 0);
  tree_property(&tree, "ibm,hypertas-functions", functions, functions_size);
  CELLS(&tree, "linux,rtas-base", RTAS);
  CELLS(&tree, "linux,rtas-entry", RTAS);
  CELLS(&tree, "rtas-size", RTAS_SIZE);
  for (size_t n = 0; n < sizeof calls / sizeof *calls; n++) CELLS(&tree, calls[n].name, calls[n].token);
  tree_end(&tree);
  tree_end(&tree);
  tree_finish(&tree, RTAS, RTAS_SIZE, vm.memory + TREE, TREE_LIMIT);
}

/// RTAS is entered big-endian with its arguments in r3: a hypercall passes them on (mr r4, r3; li r3, H_RTAS; sc 1; blr).
static void write_rtas(void) {
  static const uint32_t code[] = {0x7c641b78, 0x3c600000, 0x6063f000, 0x44000022, 0x4e800020};
  for (size_t n = 0; n < sizeof code / sizeof *code; n++) {
    uint32_t word = htobe32(code[n]);
    memcpy(vm.memory + RTAS + 4 * n, &word, 4);
  }
}

static void *run_linux(void *context);

static void start(struct cpu *cpu, uint64_t pc, uint64_t r3) {
  struct kvm_regs regs;
  expect(ioctl(cpu->fd, KVM_GET_REGS, &regs) == 0);
  memset(regs.gpr, 0, sizeof regs.gpr);
  regs.pc = pc;
  regs.gpr[3] = r3;
  regs.msr = MSR_SF | MSR_ME | MSR_LE;
  expect(ioctl(cpu->fd, KVM_SET_REGS, &regs) == 0);
  threads[cpu->id].running = 1;
  if (pthread_create(&threads[cpu->id].thread, NULL, run_linux, cpu) != 0) fail("no thread");
}

/// Shows whole lines, and notes what the end is judged by.
static void terminal_byte(char byte) {
  if (byte == '\r') return;
  if (byte != '\n' && line_length < sizeof line - 1) {
    line[line_length++] = byte;
    return;
  }
  line[line_length] = 0;
  printf("L2| %s\n", line);
  seen.run_init |= strstr(line, "Run /init") != NULL;
  seen.end |= strcmp(line, "LEVEL2 done") == 0 || strcmp(line, "NESTED end") == 0;
  seen.passed += strncmp(line, "NESTED ", 7) == 0 && strstr(line, " ok") != NULL;
  static const char *const complaints[] = {" FAIL ", "WARNING: CPU", "BUG:", "Oops"};
  for (int n = 0; n < 4; n++)
    if (strstr(line, complaints[n]) != NULL && seen.wrong[0] == 0) snprintf(seen.wrong, sizeof seen.wrong, "%.110s", line);
  line_length = 0;
  if (strstr(line, "Kernel panic") != NULL) fail("the guest: %s", line);
}

static int64_t put_terminal(struct cpu *cpu) {
  uint64_t length = argument(cpu, 1), words[2] = {htobe64(argument(cpu, 2)), htobe64(argument(cpu, 3))};
  if (argument(cpu, 0) != TERMINAL || length > sizeof words) return H_PARAMETER;
  for (uint64_t n = 0; n < length; n++) terminal_byte(((char *)words)[n]);
  return H_SUCCESS;
}

/// Resource 3 is LPCR[AIL], 4 is LPCR[ILE], of all vCPUs (PAPR, H_SET_MODE).
static int64_t set_mode(struct cpu *caller) {
  uint64_t flags = argument(caller, 0), resource = argument(caller, 1);
  if (resource != 3 && resource != 4) return H_FUNCTION;
  for (int n = 0; n < cpu_count; n++) {
    uint64_t lpcr = cpu_get(&cpus[n], KVM_REG_PPC_LPCR_64);
    if (resource == 3) lpcr = (lpcr & ~LPCR_AIL3) | (flags & 3) << 23;
    else lpcr = flags != 0 ? lpcr | LPCR_ILE : lpcr & ~LPCR_ILE;
    cpu_set(&cpus[n], KVM_REG_PPC_LPCR_64, lpcr);
  }
  return H_SUCCESS;
}

/// Flags: new table (0x18), radix (4), GTSE (1) (PAPR, H_REGISTER_PROC_TBL).
static int64_t register_process_table(struct cpu *cpu) {
  uint64_t flags = argument(cpu, 0);
  if ((flags & ~1ull) != (0x18 | 4)) return H_PARAMETER;
  struct kvm_ppc_mmuv3_cfg configuration = {
      .flags = KVM_PPC_MMUV3_RADIX | (flags & 1 ? KVM_PPC_MMUV3_GTSE : 0),
      .process_table = 1ull << 63 | argument(cpu, 1) | argument(cpu, 3),
  };
  return ioctl(vm.fd, KVM_PPC_CONFIGURE_V3_MMU, &configuration) == 0 ? H_SUCCESS : H_PARAMETER;
}

/// RTAS: token, number of arguments and results, then both, big-endian, at the address in r4.
static int64_t rtas(struct cpu *cpu) {
  uint64_t at = argument(cpu, 0);
  if (at > MEMORY - 80 || at % 4 != 0) return H_PARAMETER;
  uint32_t *words = (uint32_t *)(vm.memory + at), *arguments = words + 3, *results = arguments + be32toh(words[1]);
  if (be32toh(words[1]) > 8 || be32toh(words[2]) < 1) return H_PARAMETER;
  int32_t status = 0;
  uint32_t target = be32toh(arguments[0]);
  switch (be32toh(words[0])) {
    case POWER_OFF:
      powered_off = 1;
      break;
    case QUERY_CPU_STOPPED:
      // 0: stopped, 2: running.
      if (target >= (uint32_t)cpu_count) status = -3;
      else results[1] = htobe32(threads[target].running ? 2 : 0);
      break;
    case START_CPU:
      if (target >= (uint32_t)cpu_count || threads[target].running) status = -3;
      else start(&cpus[target], be32toh(arguments[1]), be32toh(arguments[2]));
      break;
    default:
      status = -3;
  }
  results[0] = htobe32(status);
  return H_SUCCESS;
}

static int64_t serve(struct cpu *cpu) {
  switch (cpu->run->papr_hcall.nr) {
    case H_PUT_TERM_CHAR:
      return put_terminal(cpu);
    case H_GET_TERM_CHAR:
      cpu->run->papr_hcall.args[0] = 0;
      return H_SUCCESS;
    case H_SET_MODE:
      return set_mode(cpu);
    case H_REGISTER_PROC_TBL:
      return register_process_table(cpu);
    case H_RTAS:
      return rtas(cpu);
    default:
      return H_FUNCTION;
  }
}

static void run_vcpu(void *context) {
  struct cpu *cpu = context;
  while (!powered_off && failure[0] == 0) {
    int reason = cpu_run(cpu);
    if (reason == -EINTR) continue;
    if (reason == KVM_EXIT_PAPR_HCALL) {
      cpu->run->papr_hcall.ret = serve(cpu);
      continue;
    }
    struct kvm_regs regs;
    ioctl(cpu->fd, KVM_GET_REGS, &regs);
    if (reason == KVM_EXIT_MMIO)
      fail("vCPU %d: no memory at 0x%llx, by the instruction before 0x%llx (MSR 0x%llx)", cpu->id,
           (unsigned long long)cpu->run->mmio.phys_addr, (unsigned long long)regs.pc, (unsigned long long)regs.msr);
    fail("vCPU %d: exit %d at 0x%llx", cpu->id, reason, (unsigned long long)regs.pc);
  }
}

static void *run_linux(void *context) {
  char text[sizeof failure];
  if (attempt(run_vcpu, context, text, sizeof text)) memcpy(failure, text, sizeof failure);
  return NULL;
}

static void define_calls(void) {
  for (size_t n = 0; n < sizeof calls / sizeof *calls; n++) {
    if (calls[n].token < SET_XIVE) continue;
    struct kvm_rtas_token_args definition = {.token = calls[n].token};
    snprintf(definition.name, sizeof definition.name, "%s", calls[n].name);
    if (ioctl(vm.fd, KVM_PPC_RTAS_DEFINE_TOKEN, &definition) != 0) fail("KVM_PPC_RTAS_DEFINE_TOKEN: %s", strerror(errno));
  }
}

/// Boots Linux with these words on its command line until it powers off.
static void boot(const char *words, int with_nested) {
  if (access("/vmlinux", R_OK) != 0) skip("there is no kernel for it");
  cpu_count = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? MAX_CPUS : 1;
  vm_open(&vm, MEMORY, HUGE_PAGES);
  struct kvm_enable_cap nested = {.cap = KVM_CAP_PPC_NESTED_HV, .args = {1}};
  if (with_nested && ioctl(vm.fd, KVM_ENABLE_CAP, &nested) != 0) fail("KVM_CAP_PPC_NESTED_HV: %s", strerror(errno));
  // The hypervisor below serves it for processes, KVM for the guests of a guest.
  struct kvm_enable_cap invalidate = {.cap = KVM_CAP_PPC_ENABLE_HCALL, .args = {H_RPT_INVALIDATE, 1}};
  if (!has_tlbie() && ioctl(vm.fd, KVM_ENABLE_CAP, &invalidate) != 0) fail("H_RPT_INVALIDATE: %s", strerror(errno));
  load_kernel("/vmlinux");
  uint64_t initrd_size;
  load("/initrd-2", INITRD, &initrd_size);
  for (int n = 0; n < cpu_count; n++) cpu_open(&cpus[n], &vm, n);
  xics_open(&vm, cpus, cpu_count);
  define_calls();
  write_tree(words, initrd_size);
  write_rtas();
  start(&cpus[0], 0, TREE);
  time_limit(600);
  while (!powered_off && failure[0] == 0) {
    struct timespec pause = {.tv_nsec = 20000000};
    if (nanosleep(&pause, NULL) != 0 && errno == EINTR && timed_out()) {
      struct kvm_regs regs;
      ioctl(cpus[0].fd, KVM_GET_REGS, &regs);
      fail("it takes too long; vCPU 0 is at 0x%llx", (unsigned long long)regs.pc);
    }
  }
  if (failure[0] != 0) fail("%s", failure);
  expect(seen.run_init);
  expect(seen.end);
  if (seen.wrong[0] != 0) fail("%s", seen.wrong);
}

void check_linux(void) {
  boot("LEVEL=2", 0);
  detail("booted to /init and powered off");
}

void check_third_level(void) {
  // KVM that is entered through KVM takes msgsndp of its guest for an illegal instruction.
  boot("NESTED_WITHOUT=linux,third-level,doorbell", 1);
  if (seen.passed < 30) fail("%d checks have passed", seen.passed);
  detail("a hypervisor in the guest has run its own checks");
}
