// What the kernel says: MMU and pages, interrupt controller, decrementer, work-arounds, interrupts on every CPU, and the hypercalls
// that it really made.
import type { Item, Subject } from './subject.ts';

/** Lines of the log that match, in their order; each once. */
function logLines({ report }: Subject, pattern: RegExp): string {
  return [...new Set(report.log.filter((line) => pattern.test(line)))].join(' | ');
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** The kernel lists the pages that it was offered: all radix pages; hash pages by segment, their own size first. */
function mmuItems(subject: Subject): Item[] {
  const { environment, choice } = subject;
  const isRadix = choice.mmu === 'radix';
  const { pageSizes, memory } = environment;
  const radix = [
    'radix-mmu: Page sizes from device-tree:',
    ...pageSizes.radix.map(({ shift, ap }) => `radix-mmu: Page size shift = ${shift} AP=${hex(ap)}`),
  ];
  const hash = pageSizes.segments.flatMap(({ shift: base, slbEncoding, pages }) =>
    pages.map(({ shift, encoding }) => {
      const sllp = slbEncoding.toString(16).padStart(4, '0');
      return `base_shift=${base}: shift=${shift}, sllp=0x${sllp}, penc=${encoding}`;
    }),
  );
  const seenHash = logLines(subject, /^hash-mmu: base_shift/)
    .replaceAll('hash-mmu: ', '')
    .replaceAll(/avpnm=\S+ tlbiel=\S+ /g, '');
  return [
    {
      name: 'log radix-mmu pages',
      expected: isRadix ? radix.join(' | ') : '',
      seen: logLines(subject, /^radix-mmu: Page size/),
    },
    { name: 'log hash-mmu pages', expected: isRadix ? '' : hash.join(' | '), seen: seenHash },
    {
      name: 'log MMU',
      expected: isRadix ? 'lpar: Using radix MMU under hypervisor' : 'hash-mmu: Initializing hash mmu with SLB',
      seen: logLines(subject, /^lpar: Using|^hash-mmu: Initializing/),
    },
    {
      name: 'log hash table size',
      expected: isRadix ? '' : `hash-mmu: ppc64_pft_size    = ${hex(memory.hptShift.initial)}`,
      seen: logLines(subject, /ppc64_pft_size/),
    },
  ];
}

function clockItems(subject: Subject): Item[] {
  const { choice } = subject;
  const { decrementer, timebaseFrequency } = subject.environment;
  const largest = ((1n << BigInt(decrementer.bits - 1)) - 1n).toString(16);
  return [
    {
      name: 'log decrementer width',
      // From ISA 3.0 on the kernel asks for the width and tells it.
      expected: choice.isa300 ? `time_init: ${decrementer.bits} bit decrementer (max: ${largest})` : '',
      seen: logLines(subject, /^time_init: \d+ bit decrementer/),
    },
    {
      name: 'log decrementer frequency',
      expected: `time_init: decrementer frequency = ${(timebaseFrequency / 1e6).toFixed(6)} MHz`,
      seen: logLines(subject, /^time_init: decrementer frequency/),
    },
  ];
}

/** The controller's name in /proc/interrupts, by interrupt number of the platform. */
function controllerItems(subject: Subject): Item[] {
  const { environment, choice, report } = subject;
  const isXive = choice.interrupts === 'xive';
  const { ranges } = environment.interruptModes;
  const source = (number: number): string => {
    const line = report.interrupts.find((text) => new RegExp(` ${number} +(Edge|Level) `).test(text));
    return /(XICS|XIVE-IRQ|XIVE-IPI) +\d+ (Edge|Level) +\S+/.exec(line ?? '')?.[0].replaceAll(/ +/g, ' ') ?? 'absent';
  };
  const chip = isXive ? 'XIVE-IRQ' : 'XICS';
  return [
    {
      name: 'log interrupt controller',
      expected: isXive ? 'xive: Interrupt handling initialized with spapr backend' : '',
      seen: logLines(subject, /^xive: Interrupt handling/),
    },
    ...(
      [
        [ranges.epow, 'RAS_EPOW'],
        // Old machine types announce plugging by EPOW events.
        ...(ranges.hotplug === ranges.epow ? [] : [[ranges.hotplug, 'RAS_HOTPLUG'] as const]),
        [ranges.vio, 'hvc_console'],
      ] as const
    ).map(([number, user]) => ({
      name: `interrupts ${user}`,
      expected: `${chip} ${number} Edge ${user}`,
      seen: source(number),
    })),
  ];
}

/** The numbers of a row of /proc/interrupts, one for each CPU. */
function counts({ report, environment }: Subject, row: RegExp): number[] {
  const line = report.interrupts.find((text) => row.test(text)) ?? '';
  return line
    .replace(/^ *\S+: */, '')
    .split(/ +/)
    .slice(0, environment.smp.cpus)
    .map(Number);
}

/** Every CPU takes decrementer interrupts; where there are several, each is called by others. */
function interruptItems(subject: Subject): Item[] {
  const { environment, report, choice } = subject;
  const { cpus } = environment.smp;
  const taken = (row: RegExp): string =>
    counts(subject, row)
      .map((count) => (count > 0 ? 'some' : 'none'))
      .join(' ');
  const some = Array.from({ length: cpus }, () => 'some').join(' ');
  const items = [
    { name: 'online CPUs', expected: cpus === 1 ? '0' : `0-${cpus - 1}`, seen: report.online },
    { name: 'interrupts timer', expected: some, seen: taken(/Local timer interrupts for timer event/) },
  ];
  if (cpus > 1) {
    const row = choice.interrupts === 'xive' ? /XIVE-IPI/ : /XICS +2 /;
    items.push({ name: 'interrupts between CPUs', expected: some, seen: taken(row) });
  }
  return items;
}

/** Bits of the words of H_GET_CPU_CHARACTERISTICS, most significant 0. (PAPR) */
function bit(word: string, number: number): boolean {
  return ((BigInt(word) >> BigInt(63 - number)) & 1n) === 1n;
}

/** What /sys says of two vulnerabilities. (Linux, arch/powerpc/kernel/security.c and platforms/pseries/setup.c) */
function vulnerabilityItems({ environment, report }: Subject): Item[] {
  const { character, behaviour } = environment.characteristics;
  const favourSecurity = bit(behaviour, 0);
  const flush = favourSecurity && bit(behaviour, 1);
  const barrier = favourSecurity && bit(behaviour, 2) && bit(character, 0);
  const threadPrivate = bit(character, 4) ? ', L1D private per thread' : '';
  const speculation = 'Mitigation: __user pointer sanitization';
  return [
    {
      name: 'vulnerability meltdown',
      expected: flush ? `Mitigation: RFI Flush${threadPrivate}` : 'Not affected',
      seen: report.vulnerabilities.get('meltdown') ?? 'absent',
    },
    {
      name: 'vulnerability spectre_v1',
      expected: `${speculation}${barrier ? ', ori31 speculation barrier enabled' : ''}`,
      seen: report.vulnerabilities.get('spectre_v1') ?? 'absent',
    },
  ];
}

/** Groups of hypercalls of which a guest makes some, or none at all. */
function callItems({ environment, choice, calls }: Subject): Item[] {
  if (calls.size === 0) return [];
  const made = (pattern: RegExp): string => ([...calls.keys()].some((name) => pattern.test(name)) ? 'some' : 'none');
  const group = (name: string, expected: boolean, pattern: RegExp): Item => ({
    name: `hypercalls ${name}`,
    expected: expected ? 'some' : 'none',
    seen: made(pattern),
  });
  const isRadix = choice.mmu === 'radix';
  const isXive = choice.interrupts === 'xive';
  const unknown = [...calls.keys()].filter((name) => name.startsWith('H_') && !(name in environment.hypercalls));
  return [
    group('hash table', !isRadix, /^H_(ENTER|PROTECT)$/),
    // A guest of ISA 3.0 says which MMU it uses, hash or radix.
    group('process table', choice.isa300, /^H_REGISTER_PROC_TBL$/),
    group('XIVE', isXive, /^H_INT_/),
    group('XICS', !isXive, /^H_(CPPR|IPI|XIRR|XIRR_X|EOI)$/),
    group('H_RPT_INVALIDATE', isRadix && !choice.shootdown, /^H_RPT_INVALIDATE$/),
    { name: 'hypercalls that explain does not name', expected: '', seen: unknown.join(' ') },
  ];
}

/** @returns what is compared of what the kernel says. */
export function kernelItems(subject: Subject): Item[] {
  return [
    ...mmuItems(subject),
    ...clockItems(subject),
    ...controllerItems(subject),
    ...interruptItems(subject),
    ...vulnerabilityItems(subject),
    ...callItems(subject),
  ];
}
