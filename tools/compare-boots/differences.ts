// The differences between what one guest sees on QEMU and on Continuo: kernel log, device tree, /proc, auxiliary vector, programs.

import { auxiliaryType } from '../../test/boot-matrix/linux-facts.ts';
import type { GuestReport } from '../../test/boot-matrix/report-guest.ts';
import { missingLines } from '../../test/e2e/kernel-log.ts';

/** One difference. Equal keys are one kind of difference, to be reviewed once. */
export interface Difference {
  /** `log QEMU …`, `log Continuo …`, `tree PATH differs`, `tree PATH only QEMU`, `cpuinfo …`, `AT_…`, … */
  readonly key: string;
  readonly qemu: string;
  readonly continuo: string;
}

/** A property's path without what numbers the CPUs, the model, and the memory. */
function general(path: string): string {
  return path
    .replace(/PowerPC,POWER\d+@[0-9a-f]+/, 'PowerPC,POWER')
    .replace(/memory@[0-9a-f]+/, 'memory@')
    .replace(/interrupt-controller@[0-9a-f]+/, 'interrupt-controller@');
}

/** Properties of a node that list its dynamic reconfiguration connectors. (PAPR, "ibm,drc-indexes") */
const connectorProperty = /(^|\/)ibm,drc-(indexes|names|types|power-domains)$/;

/**
 * The lists of connectors of each node as one property, in the order of their indices: the order in the lists says nothing, and
 * QEMU's is that of a hash table.
 */
function withConnectors(tree: GuestReport['tree']): Map<string, Uint8Array> {
  const result = new Map([...tree].filter(([path]) => !connectorProperty.test(path)));
  for (const [path, indexes] of tree) {
    const parent = /^(.*\/)?ibm,drc-indexes$/.exec(path);
    if (parent === null) continue;
    const list = (name: string): Buffer => Buffer.from(tree.get(`${parent[1] ?? ''}ibm,drc-${name}`) ?? []);
    // Both string lists begin with a cell that counts them.
    const [names, types] = ['names', 'types'].map((name) => list(name).subarray(4).toString('latin1').split('\0'));
    const cell = (bytes: Buffer, at: number): string => bytes.subarray(4 * at + 4, 4 * at + 8).toString('hex');
    const entries = Array.from({ length: list('indexes').readUInt32BE(0) }, (_, at) =>
      [cell(Buffer.from(indexes), at), names?.[at], types?.[at], cell(list('power-domains'), at)].join(' '),
    );
    result.set(`${parent[1] ?? ''}connectors`, Buffer.from(entries.sort().join('; ')));
  }
  return result;
}

function shorten(value: Uint8Array | undefined): string {
  if (value === undefined) return 'absent';
  const text = Buffer.from(value).toString('hex');
  return text.length > 160 ? `${text.slice(0, 160)}… (${value.length} bytes)` : text;
}

function treeDifferences(qemu: GuestReport['tree'], continuo: GuestReport['tree']): Difference[] {
  const differences: Difference[] = [];
  for (const path of [...new Set([...qemu.keys(), ...continuo.keys()])].sort()) {
    const [theirs, ours] = [qemu.get(path), continuo.get(path)];
    if (theirs !== undefined && ours !== undefined && Buffer.from(theirs).equals(ours)) continue;
    const kind = theirs === undefined ? 'only Continuo' : ours === undefined ? 'only QEMU' : 'differs';
    differences.push({ key: `tree ${general(path)} ${kind}`, qemu: shorten(theirs), continuo: shorten(ours) });
  }
  return differences;
}

/** Lines that only one of both has; their order is that in which threads of the kernel came to them. */
function lineDifferences(name: string, qemu: readonly string[], continuo: readonly string[]): Difference[] {
  return [
    ...missingLines(qemu, continuo).map((line) => ({ key: `${name} QEMU: ${line}`, qemu: line, continuo: 'absent' })),
    ...missingLines(continuo, qemu).map((line) => ({
      key: `${name} Continuo: ${line}`,
      qemu: 'absent',
      continuo: line,
    })),
  ];
}

function mapDifferences(
  name: string,
  qemu: ReadonlyMap<string, string>,
  continuo: ReadonlyMap<string, string>,
): Difference[] {
  return [...new Set([...qemu.keys(), ...continuo.keys()])]
    .map((key) => ({
      key: `${name} ${key}`,
      qemu: qemu.get(key) ?? 'absent',
      continuo: continuo.get(key) ?? 'absent',
    }))
    .filter((difference) => difference.qemu !== difference.continuo);
}

/** Entries of the auxiliary vector that are facts of the platform; the others are addresses, or the same for any program. */
function auxiliary(report: GuestReport): Map<string, string> {
  return new Map(
    Object.entries(auxiliaryType).map(([name, type]) => [
      name,
      report.auxiliaryStrings.get(type) ?? `0x${(report.auxiliary.get(type) ?? -1n).toString(16)}`,
    ]),
  );
}

/** Names, numbers and controllers of interrupts, without how often each came. */
function interruptRows({ interrupts }: GuestReport): string[] {
  return interrupts.map((line) =>
    line
      .replace(/(?<=:)(?: +\d+)+(?= {2})/, '')
      .replaceAll(/ +/g, ' ')
      .trim(),
  );
}

/** @returns every difference between two reports of guests with the same options. */
export function bootDifferences(qemu: GuestReport, continuo: GuestReport): Difference[] {
  return [
    ...lineDifferences('log', qemu.log, continuo.log),
    ...treeDifferences(withConnectors(qemu.tree), withConnectors(continuo.tree)),
    ...lineDifferences('cpuinfo', qemu.cpuinfo, continuo.cpuinfo),
    ...lineDifferences('interrupts', interruptRows(qemu), interruptRows(continuo)),
    ...mapDifferences('auxiliary vector', auxiliary(qemu), auxiliary(continuo)),
    ...mapDifferences('program', qemu.probe, continuo.probe),
    ...continuo.perCpu.flatMap((seen, cpu) => mapDifferences('program', qemu.perCpu[cpu] ?? new Map(), seen)),
    ...mapDifferences('vulnerability', qemu.vulnerabilities, continuo.vulnerabilities),
    ...mapDifferences('online', new Map([['CPUs', qemu.online]]), new Map([['CPUs', continuo.online]])),
  ];
}
