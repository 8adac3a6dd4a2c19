// What a program in the guest sees: /proc/cpuinfo, its auxiliary vector, system calls, and which instructions there are.
import {
  auxiliaryType,
  badDescriptor,
  fixedDataCache,
  type Hwcap2Name,
  type HwcapName,
  hwcap,
  hwcap2,
  illegalInstructionStatus,
  knownCpu,
  paFeatureBits,
  shortRevisionFamilies,
} from './linux-facts.ts';
import type { Item, Subject } from './subject.ts';

function digits(value: number | bigint): string {
  return value.toString(16).padStart(16, '0');
}

/** The value of a line of /proc/cpuinfo on every CPU that has one, each once. */
function cpuinfo({ report }: Subject, name: string): string {
  const lines = report.cpuinfo.filter((line) => line.split(':')[0]?.trim() === name);
  return [...new Set(lines.map((line) => line.slice(line.indexOf(':') + 1).trim()))].join(' | ');
}

function revision(pvr: number): string {
  const [family, low] = [pvr >>> 16, pvr & 0xffff];
  const major = (low >>> 8) & (shortRevisionFamilies.includes(family) ? 0xf : 0xff);
  const hex = (value: number): string => value.toString(16).padStart(4, '0');
  return `${major}.${low & 0xff} (pvr ${hex(family)} ${hex(low)})`;
}

function cpuinfoItems(subject: Subject): Item[] {
  const { environment, choice, report, pvr } = subject;
  const megahertz = (environment.clockFrequency / 1e6).toFixed(6);
  const vector = environment.facilities.vmx > 0 ? ', altivec supported' : '';
  const values: readonly (readonly [name: string, expected: string])[] = [
    ['cpu', `${knownCpu(Number(choice.level.cpuVersion)).name}${vector}`],
    ['revision', revision(pvr)],
    ['clock', `${megahertz}MHz`],
    ['timebase', `${environment.timebaseFrequency}`],
    ['platform', 'pSeries'],
    ['MMU', choice.mmu === 'radix' ? 'Radix' : 'Hash'],
  ];
  const count = report.cpuinfo.filter((line) => /^processor\s*:/.test(line)).length;
  return [
    { name: 'cpuinfo processors', expected: `${environment.smp.cpus}`, seen: `${count}` },
    ...values.map(([name, expected]) => ({ name: `cpuinfo ${name}`, expected, seen: cpuinfo(subject, name) })),
  ];
}

/** The bits of AT_HWCAP: the level's, changed by what the CPU's node says. */
function expectedHwcap({ environment, choice }: Subject): Set<HwcapName> {
  const bits = new Set(knownCpu(Number(choice.level.cpuVersion)).hwcap);
  if (environment.facilities.vmx >= 1) bits.add('ALTIVEC');
  if (environment.facilities.vmx >= 2) bits.add('VSX');
  if (environment.facilities.dfp) bits.add('DFP');
  for (const { byte, bit, hwcap: name } of paFeatureBits) {
    const [length = 0] = choice.level.paFeatures;
    if (byte >= length) continue;
    const isSet = (((choice.level.paFeatures[2 + byte] ?? 0) >> (7 - bit)) & 1) !== 0;
    if (isSet) bits.add(name);
    else bits.delete(name);
  }
  return bits;
}

/** The bits of AT_HWCAP2. This kernel is built without transactional memory. */
function expectedHwcap2({ environment, choice }: Subject): Set<Hwcap2Name> {
  const bits = new Set(knownCpu(Number(choice.level.cpuVersion)).hwcap2);
  // Linux takes vectored system calls only together with interrupts that keep translation on.
  if (!environment.ailModes.includes(3)) bits.delete('SCV');
  bits.add('EBB');
  return bits;
}

/** Bits by name, so that a difference reads well, then whatever has no name. */
function bitNames(value: bigint, names: Readonly<Record<string, number>>): string {
  let rest = value;
  const found: string[] = [];
  for (const [name, bit] of Object.entries(names)) {
    if ((rest & BigInt(bit)) === 0n) continue;
    found.push(name);
    rest &= ~BigInt(bit);
  }
  return [...found, ...(rest === 0n ? [] : [`0x${rest.toString(16)}`])].join(' ');
}

function bitsOf(bits: ReadonlySet<string>, names: Readonly<Record<string, number>>): bigint {
  return [...bits].reduce((sum, name) => sum | BigInt(names[name] ?? 0), 0n);
}

function auxiliaryItems(subject: Subject): Item[] {
  const { environment, choice, report, pvr } = subject;
  const { cpu } = environment;
  const seen = (type: keyof typeof auxiliaryType): bigint => report.auxiliary.get(auxiliaryType[type]) ?? -1n;
  const text = (type: keyof typeof auxiliaryType): string =>
    report.auxiliaryStrings.get(auxiliaryType[type]) ?? 'absent';
  const sizes = [
    ['AT_DCACHEBSIZE', cpu.cacheLine],
    ['AT_ICACHEBSIZE', cpu.cacheLine],
    ['AT_L1I_CACHESIZE', cpu.l1InstructionCache],
    ['AT_L1D_CACHESIZE', fixedDataCache[pvr >>> 16] ?? cpu.l1DataCache],
  ] as const;
  return [
    {
      name: 'AT_HWCAP',
      expected: bitNames(bitsOf(expectedHwcap(subject), hwcap), hwcap),
      seen: bitNames(seen('AT_HWCAP'), hwcap),
    },
    {
      name: 'AT_HWCAP2',
      expected: bitNames(bitsOf(expectedHwcap2(subject), hwcap2), hwcap2),
      seen: bitNames(seen('AT_HWCAP2'), hwcap2),
    },
    {
      name: 'AT_PLATFORM',
      expected: knownCpu(Number(choice.level.cpuVersion)).platform,
      seen: text('AT_PLATFORM'),
    },
    { name: 'AT_BASE_PLATFORM', expected: knownCpu(pvr).platform, seen: text('AT_BASE_PLATFORM') },
    ...sizes.map(([name, size]) => ({ name, expected: `${size}`, seen: `${seen(name)}` })),
  ];
}

/** What the probe prints for its two calls, where they work. */
function callLines(instruction: 'sc' | 'scv'): [string, string][] {
  // `sc` tells a failure by CR0[SO] and a positive number, `scv` by a negative one. (Linux, powerpc/syscall64-abi)
  const failure = instruction === 'sc' ? digits(badDescriptor) : digits(BigInt.asUintN(64, BigInt(-badDescriptor)));
  return [
    [`${instruction}.write.result`, failure],
    [`${instruction}.write.so`, digits(instruction === 'sc' ? 1 : 0)],
    [`${instruction}.write.lr`, digits(1)],
    [`${instruction}.getuid.result`, digits(0)],
    [`${instruction}.getuid.so`, digits(0)],
    [`${instruction}.getuid.lr`, digits(1)],
  ];
}

function callItems(subject: Subject, where: string, seen: ReadonlyMap<string, string>): Item[] {
  const vectored = expectedHwcap2(subject).has('SCV');
  const expected: [string, string][] = [
    ...callLines('sc'),
    ['status.systemCall', '0'],
    ...callLines('scv').map(([name, value]): [string, string] => [name, vectored ? value : 'absent']),
    ['status.systemCallVectored', `${vectored ? 0 : illegalInstructionStatus}`],
  ];
  return expected.map(([name, value]) => ({
    name: `${where} ${name}`,
    expected: value,
    seen: seen.get(name) ?? 'absent',
  }));
}

/** An instruction of each edition: 2.07 moves 0x1234, 3.0 takes 47 modulo 10, 3.1 turns the bytes of 0x1234. */
function editionItems({ choice, report }: Subject): Item[] {
  const editions = [
    ['isa207', true, digits(0x1234)],
    ['isa300', choice.isa300, digits(7)],
    ['isa310', choice.isa310, '3412000000000000'],
  ] as const;
  return editions.flatMap(([name, exists, result]) => [
    {
      name: `program status.${name}`,
      expected: `${exists ? 0 : illegalInstructionStatus}`,
      seen: report.probe.get(`status.${name}`) ?? 'absent',
    },
    { name: `program ${name}`, expected: exists ? result : 'absent', seen: report.probe.get(name) ?? 'absent' },
  ]);
}

/** @returns what is compared of what programs see. */
export function programItems(subject: Subject): Item[] {
  const { report } = subject;
  return [
    ...cpuinfoItems(subject),
    ...auxiliaryItems(subject),
    ...callItems(subject, 'program', report.probe),
    ...report.perCpu.flatMap((seen, cpu) => callItems(subject, `program on CPU ${cpu}`, seen)),
    {
      name: 'program status.otherVector',
      expected: `${illegalInstructionStatus}`,
      seen: report.probe.get('status.otherVector') ?? 'absent',
    },
    ...editionItems(subject),
  ];
}
