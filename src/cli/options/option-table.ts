// Every option of the two programs, once: parsing, help, error messages and docs/cli.md are made from this table.
// The meaning of `continuo-system-ppc64` options is that of qemu-system-ppc64 7.2 (its manual page).

/** Where an option stands in the help. */
export const optionGroups = {
  machine: 'Machine',
  boot: 'What it boots',
  console: 'Console',
  time: 'Time and end',
  debug: 'Looking inside',
  guest: 'Default guest',
  general: 'General',
} as const;

/** One option. An option may belong to both programs, under different names. */
export interface OptionRow {
  /** The name in code. */
  readonly key: string;
  /** Names in `continuo run`, the preferred one first; absent: not there. */
  readonly run?: readonly string[];
  /** Names in `continuo-system-ppc64`. */
  readonly system?: readonly string[];
  /** What its value looks like; absent: it has none. */
  readonly argument?: string;
  readonly group: keyof typeof optionGroups;
  readonly summary: string;
  /** May be given more than once. Otherwise the last one counts, as in QEMU. */
  readonly repeats?: boolean;
  /** Known from QEMU, not built: refused by name. */
  readonly planned?: boolean;
}

const rows = [
  {
    key: 'machine',
    run: ['--machine'],
    system: ['-machine', '-M'],
    argument: 'pseries[-X.Y][,PROPERTY=VALUE…]',
    group: 'machine',
    repeats: true,
    summary: 'machine type and its properties; `help` lists the types, `pseries,help` the properties',
  },
  {
    key: 'cpu',
    run: ['--cpu'],
    system: ['-cpu'],
    argument: 'MODEL',
    group: 'machine',
    summary: 'CPU model, such as power9; `help` lists them',
  },
  {
    key: 'smp',
    run: ['--cpus'],
    system: ['-smp'],
    argument: 'N[,threads=N][,cores=N][,sockets=N]',
    group: 'machine',
    summary: 'number of virtual CPUs and how they are arranged',
  },
  {
    key: 'memory',
    run: ['--memory', '-m'],
    system: ['-m'],
    argument: 'SIZE',
    group: 'machine',
    summary: 'guest memory, such as 1G; a bare number counts MiB',
  },
  {
    key: 'accel',
    run: ['--accel'],
    system: ['-accel'],
    argument: 'tcg',
    group: 'machine',
    repeats: true,
    summary: "the accelerator; `tcg` is Continuo's own engine, the only one there is",
  },
  {
    key: 'host',
    run: ['--host'],
    system: ['-host'],
    argument: 'NAME|FILE',
    group: 'machine',
    summary: 'start only what that host could give, under its limits; `continuo hosts` lists the profiles',
  },
  {
    key: 'kernel',
    run: ['--kernel'],
    system: ['-kernel'],
    argument: 'FILE',
    group: 'boot',
    summary: 'kernel to boot: vmlinux or zImage (ELF, either byte order)',
  },
  {
    key: 'initrd',
    run: ['--initrd'],
    system: ['-initrd'],
    argument: 'FILE',
    group: 'boot',
    summary: 'initial RAM disk',
  },
  {
    key: 'append',
    run: ['--append'],
    system: ['-append'],
    argument: 'TEXT',
    group: 'boot',
    summary: 'kernel command line; `continuo run` adds it to that of the default guest',
  },
  {
    key: 'deviceTree',
    run: ['--dtb'],
    system: ['-dtb'],
    argument: 'FILE',
    group: 'boot',
    summary: "flattened device tree to give the guest instead of the machine's own",
  },
  {
    key: 'firmware',
    run: ['--bios'],
    system: ['-bios'],
    argument: 'FILE',
    group: 'boot',
    summary: 'flat firmware image, entered at 0x100 with the flattened tree in r3',
  },
  {
    key: 'nographic',
    system: ['-nographic'],
    group: 'console',
    summary: 'no display; the console on standard input and output unless -serial says otherwise',
  },
  {
    key: 'nodefaults',
    system: ['-nodefaults'],
    group: 'console',
    summary: 'no devices that were not asked for, so no console without -serial',
  },
  {
    key: 'display',
    system: ['-display'],
    argument: 'none',
    group: 'console',
    summary: 'no display; there is no other kind',
  },
  {
    key: 'vga',
    system: ['-vga'],
    argument: 'none',
    group: 'console',
    summary: 'no graphics card; there is no other kind',
  },
  {
    key: 'serial',
    system: ['-serial'],
    argument: 'stdio|mon:stdio|file:PATH|null|none',
    group: 'console',
    repeats: true,
    summary: 'where the guest console goes',
  },
  {
    key: 'parallel',
    system: ['-parallel'],
    argument: 'none',
    group: 'console',
    repeats: true,
    summary: 'no parallel port; the machine has none',
  },
  {
    key: 'monitor',
    system: ['-monitor'],
    argument: 'none',
    group: 'console',
    summary: 'no human monitor; there is no other kind',
  },
  {
    key: 'network',
    system: ['-nic', '-net'],
    argument: 'none',
    group: 'machine',
    repeats: true,
    summary: 'no network card; there is no other kind',
  },
  {
    key: 'exec',
    run: ['--exec'],
    argument: 'COMMAND',
    group: 'guest',
    summary: 'run one command in the default guest without a terminal; its output and exit status are passed on',
  },
  {
    key: 'mirror',
    run: ['--mirror'],
    argument: 'URL',
    group: 'guest',
    summary: 'Debian mirror to fetch the default guest from, for a machine without apt',
  },
  {
    key: 'suite',
    run: ['--suite'],
    argument: 'NAME',
    group: 'guest',
    summary: 'Debian release to take from the mirror (bookworm)',
  },
  {
    key: 'timeout',
    run: ['--timeout'],
    argument: 'SECONDS',
    group: 'time',
    summary: 'end the machine after this time',
  },
  {
    key: 'rtc',
    run: ['--rtc'],
    system: ['-rtc'],
    argument: 'base=utc|localtime|DATE',
    group: 'time',
    summary: "the guest's wall clock at start; a DATE is 2026-01-31 or 2026-01-31T12:00:00",
  },
  {
    key: 'icount',
    run: ['--icount'],
    system: ['-icount'],
    argument: 'shift=N',
    group: 'time',
    summary:
      'guest time follows executed instructions, 2^N ns each, so that a run repeats exactly (give the clock a date, too)',
  },
  {
    key: 'noReboot',
    run: ['--no-reboot'],
    system: ['-no-reboot'],
    group: 'time',
    summary: 'end instead of starting again when the guest reboots',
  },
  {
    key: 'log',
    run: ['--log'],
    system: ['-d'],
    argument: 'ITEM[,ITEM…]',
    group: 'debug',
    summary: 'log what the guest does; `help` lists the items',
  },
  {
    key: 'logFile',
    run: ['--log-file'],
    system: ['-D'],
    argument: 'FILE',
    group: 'debug',
    summary: 'write the log to a file instead of standard error',
  },
  {
    key: 'engine',
    run: ['--engine'],
    argument: 'translator|interpreter|stress',
    group: 'debug',
    summary:
      'how guest code is run: hot code translated (default), all interpreted, or all translated at once in tiny pieces to find mistakes; the variable CONTINUO_ENGINE sets the default',
  },
  {
    key: 'statistics',
    run: ['--statistics'],
    group: 'debug',
    summary: 'print instructions, speed and calls to standard error at the end',
  },
  {
    key: 'profile',
    run: ['--profile'],
    system: ['-profile'],
    group: 'debug',
    summary: 'print where the guest spent its time, by function, and what the engine did, to standard error at the end',
  },
  {
    key: 'verbose',
    run: ['--verbose'],
    system: ['-verbose'],
    group: 'debug',
    summary: 'show every warning at the start, those about work-arounds that the engine does not need, too',
  },
  {
    key: 'name',
    system: ['-name'],
    argument: 'NAME',
    group: 'general',
    summary: 'a name for the virtual machine; the guest does not see it',
  },
  {
    key: 'noUserConfig',
    system: ['-no-user-config', '-nodefconfig'],
    group: 'general',
    summary: 'read no configuration files; there are none',
  },
  {
    key: 'help',
    run: ['--help', '-h'],
    system: ['-help', '-h'],
    group: 'general',
    summary: 'show the options',
  },
  {
    key: 'version',
    run: ['--version'],
    system: ['-version'],
    group: 'general',
    summary: 'show the version',
  },
] as const satisfies readonly OptionRow[];

/** The key of an option that is built. */
export type OptionKey = (typeof rows)[number]['key'];

/** Options of QEMU that are not built; those with a value swallow it before they are refused. */
const plannedNames = {
  withValue: [
    ...['-drive', '-blockdev', '-hda', '-hdb', '-hdc', '-hdd', '-cdrom', '-fda', '-fdb', '-mtdblock', '-sd', '-pflash'],
    ...['-device', '-global', '-set', '-object', '-chardev', '-netdev', '-tpmdev', '-fsdev', '-virtfs', '-audiodev'],
    ...['-numa', '-mem-path', '-boot', '-uuid', '-prom-env', '-k', '-add-fd', '-usbdevice', '-option-rom', '-fw_cfg'],
    ...['-qmp', '-qmp-pretty', '-mon', '-gdb', '-loadvm', '-incoming', '-vnc', '-spice', '-g', '-trace', '-plugin'],
    ...['-dfilter', '-seed', '-pidfile', '-runas', '-chroot', '-sandbox', '-readconfig', '-writeconfig', '-L', '-msg'],
    ...[
      '-watchdog',
      '-watchdog-action',
      '-action',
      '-echr',
      '-overcommit',
      '-compat',
      '-semihosting-config',
      '-dump-vmstate',
    ],
    ...['-debugcon', '-smbios', '-acpitable', '-run-with'],
  ],
  flags: [
    ...[
      '-enable-kvm',
      '-snapshot',
      '-S',
      '-s',
      '-daemonize',
      '-no-shutdown',
      '-usb',
      '-full-screen',
      '-curses',
      '-sdl',
    ],
    ...[
      '-mem-prealloc',
      '-singlestep',
      '-one-insn-per-tb',
      '-only-migratable',
      '-preconfig',
      '-semihosting',
      '-no-acpi',
    ],
    ...['-xen-attach', '-enable-fips', '-win2k-hack', '-no-fd-bootchk', '-enable-sync-profile', '-perfmap'],
  ],
};

/** Every option: the built ones, then those that are only known. */
export const optionRows: readonly OptionRow[] = [
  ...rows,
  ...plannedNames.withValue.map((name) => plannedRow(name, 'VALUE')),
  ...plannedNames.flags.map((name) => plannedRow(name)),
];

function plannedRow(name: string, argument?: string): OptionRow {
  const value = argument === undefined ? {} : { argument };
  return { key: name, system: [name], ...value, group: 'general', summary: 'not built yet', planned: true };
}

/** The two programs. */
export type Program = 'run' | 'system';

/** The names of an option in a program; empty when it is not there. */
export function namesOf(row: OptionRow, program: Program): readonly string[] {
  return row[program] ?? [];
}

/** The name that messages use for an option of a program. */
export function optionName(key: OptionKey, program: Program): string {
  const row = rows.find((candidate) => candidate.key === key);
  return (row === undefined ? undefined : namesOf(row, program)[0]) ?? key;
}
