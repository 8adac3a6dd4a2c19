// The machine capabilities: names, values, defaults and their reduction by CPU level: section 3 of the specification.
import { type CpuClass, classSupports, type LevelName, levelRank } from './cpu-models.ts';
import { isOlderThan, type MachineType } from './machine-types.ts';
import type { Code, Reason } from './reasons.ts';
import { parseSize, sizeText } from './text.ts';

/** A capability without its `cap-`. */
export type CapabilityName =
  | 'htm'
  | 'vsx'
  | 'dfp'
  | 'cfpc'
  | 'sbbc'
  | 'ibs'
  | 'hpt-max-page-size'
  | 'nested-hv'
  | 'large-decr'
  | 'ccf-assist'
  | 'fwnmi'
  | 'rpt-invalidate'
  | 'ail-mode-3'
  | 'nested-papr'
  | 'dawr1'
  | 'ail-mode-2';

/** Values of all capabilities: a greater value offers all that a smaller one does. */
export type CapabilityValues = Readonly<Record<CapabilityName, number>>;

/** How a capability is written on the command line. */
export type CapabilityKind =
  /** on or off. */
  | { readonly kind: 'boolean' }
  /** One of these words; a word's place is its value. */
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** A size that is a power of two; its value is the power. */
  | { readonly kind: 'size' };

/** One capability. */
export interface CapabilityRow {
  /** Name without `cap-`; a plain string so that a test can add one of its own. */
  readonly name: string;
  /** Place in the reports, the streams and upstream. */
  readonly index: number;
  readonly values: CapabilityKind;
  /** Default of the newest machine type. */
  readonly standard: number;
  /** The first machine type that has the default; in all older ones it is 0, unless a machine row says more. */
  readonly since: string;
  /** The level without which the default falls to `reducedTo` (section 3.2). */
  readonly needsLevel?: LevelName;
  readonly reducedTo?: number;
  /** Section of the migration stream, after `spapr/cap/`. */
  readonly section: string;
  /** The reason code of a refusal for it. */
  readonly code: Code;
  /** What it gives the guest, for a person. */
  readonly summary: string;
}

const boolean = { kind: 'boolean' } as const;
const protection = { kind: 'words', words: ['broken', 'workaround', 'fixed'] } as const;

/** Every capability in the order of its index, which is also the order of the checks. */
export const capabilityRows: readonly CapabilityRow[] = [
  {
    name: 'htm',
    index: 0,
    values: boolean,
    standard: 0,
    since: '2.1',
    needsLevel: 'power8',
    section: 'htm',
    code: 'E_HTM',
    summary: 'hardware transactional memory',
  },
  {
    name: 'vsx',
    index: 1,
    values: boolean,
    standard: 1,
    since: '2.1',
    needsLevel: 'power7',
    section: 'vsx',
    code: 'E_VSX',
    summary: 'vector-scalar floating point',
  },
  {
    name: 'dfp',
    index: 2,
    values: boolean,
    standard: 1,
    since: '2.1',
    needsLevel: 'power7',
    section: 'dfp',
    code: 'E_DFP',
    summary: 'decimal floating point',
  },
  {
    name: 'cfpc',
    index: 3,
    values: protection,
    standard: 1,
    since: '2.1',
    needsLevel: 'power8',
    section: 'cfpc',
    code: 'E_SEC(cfpc)',
    summary: 'cache flush on privilege change',
  },
  {
    name: 'sbbc',
    index: 4,
    values: protection,
    standard: 1,
    since: '2.1',
    needsLevel: 'power7+',
    section: 'sbbc',
    code: 'E_SEC(sbbc)',
    summary: 'speculation barrier for bounds checks',
  },
  {
    name: 'ibs',
    index: 5,
    values: { kind: 'words', words: ['broken', 'workaround', 'fixed-ibs', 'fixed-ccd', 'fixed-na'] },
    standard: 1,
    since: '2.1',
    needsLevel: 'power7',
    section: 'ibs',
    code: 'E_SEC(ibs)',
    summary: 'indirect branch speculation',
  },
  {
    name: 'hpt-max-page-size',
    index: 6,
    values: { kind: 'size' },
    standard: 16,
    since: '2.1',
    section: 'hpt_maxpagesize',
    code: 'E_HPT_PAGE',
    summary: 'largest page of a hash page table',
  },
  {
    name: 'nested-hv',
    index: 7,
    values: boolean,
    standard: 0,
    since: '2.1',
    section: 'nested_kvm_hv',
    code: 'E_NESTED',
    summary: 'KVM inside the guest, older interface',
  },
  {
    name: 'large-decr',
    index: 8,
    values: boolean,
    standard: 1,
    since: '2.1',
    needsLevel: 'power9',
    section: 'large_decr',
    code: 'E_LARGE_DECR',
    summary: 'decrementer of 56 bits',
  },
  {
    name: 'ccf-assist',
    index: 9,
    values: boolean,
    standard: 1,
    since: '2.1',
    section: 'ccf_assist',
    code: 'E_SEC(ccf)',
    summary: 'count cache flush with hardware help',
  },
  {
    name: 'fwnmi',
    index: 10,
    values: boolean,
    standard: 1,
    since: '2.1',
    section: 'fwnmi',
    code: 'E_FWNMI',
    summary: 'firmware-assisted machine checks',
  },
  {
    name: 'rpt-invalidate',
    index: 11,
    values: boolean,
    standard: 0,
    since: '2.1',
    section: 'rpt_invalidate',
    code: 'E_RPT',
    summary: 'H_RPT_INVALIDATE',
  },
  {
    name: 'ail-mode-3',
    index: 12,
    values: boolean,
    standard: 1,
    since: '2.1',
    needsLevel: 'power8',
    section: 'ail_mode_3',
    code: 'E_AIL3',
    summary: 'interrupts with translation on (AIL mode 3)',
  },
  {
    name: 'nested-papr',
    index: 13,
    values: boolean,
    standard: 0,
    since: '2.1',
    section: 'nested_papr',
    code: 'E_NESTED',
    summary: 'KVM inside the guest, PAPR interface',
  },
  {
    name: 'dawr1',
    index: 14,
    values: boolean,
    standard: 1,
    since: '9.2',
    needsLevel: 'power10',
    section: 'dawr1',
    code: 'E_DAWR1',
    summary: 'second data watchpoint',
  },
  {
    name: 'ail-mode-2',
    index: 15,
    values: boolean,
    standard: 0,
    since: '2.1',
    section: 'ail_mode_2',
    code: 'E_AIL2',
    summary: 'interrupts with translation on (AIL mode 2)',
  },
];

/** A level predicate (section 7.2): the class supports the level, and max-cpu-compat, where given, is not older than it. */
export interface LevelLimit {
  readonly cpu: CpuClass;
  readonly maximum: LevelName | undefined;
}

/** @returns whether the guest can be in `level` or newer. */
export function levelReached(limit: LevelLimit, level: LevelName): boolean {
  return (
    classSupports(limit.cpu, level) && (limit.maximum === undefined || levelRank(level) <= levelRank(limit.maximum))
  );
}

/** Where a capability value comes from. */
export type CapabilitySource = 'machine-type' | 'cpu' | 'constraint' | 'option';

/** A capability's default and why. */
export interface CapabilityDefault {
  readonly value: number;
  readonly source: CapabilitySource;
  readonly detail: string;
}

/** The provenance of a default that no machine type has changed. */
export const standardDefault = 'default of every machine type from this one on';

/** @returns the default of a capability for a machine type, a CPU and the user's limit on its level (sections 3.1 and 3.2). */
export function capabilityDefault(row: CapabilityRow, type: MachineType, limit: LevelLimit): CapabilityDefault {
  // A made-up row of a test is in no machine row: indexing with its name gives undefined.
  const delta = type.capabilities[row.name as CapabilityName];
  const old = isOlderThan(type, row.since);
  const value = old ? 0 : (delta?.value ?? row.standard);
  const reducedTo = row.reducedTo ?? 0;
  if (row.needsLevel !== undefined && value > reducedTo && !levelReached(limit, row.needsLevel)) {
    const byClass = !classSupports(limit.cpu, row.needsLevel);
    return {
      value: reducedTo,
      source: byClass ? 'cpu' : 'constraint',
      detail: byClass
        ? `${limit.cpu.name} does not reach level ${row.needsLevel}`
        : `max-cpu-compat=${limit.maximum} stays below level ${row.needsLevel}`,
    };
  }
  if (old) return { value, source: 'machine-type', detail: `${type.name} is older than this capability's default` };
  if (delta !== undefined) return { value, source: 'machine-type', detail: `default up to pseries-${delta.setBy}` };
  return { value, source: 'machine-type', detail: standardDefault };
}

const yes = ['on', 'yes', 'true', 'y'];
const no = ['off', 'no', 'false', 'n'];

/** @returns the choices of a capability for a message. */
export function capabilityChoices(row: CapabilityRow): string {
  if (row.values.kind === 'boolean') return 'on, off';
  if (row.values.kind === 'words') return row.values.words.join(', ');
  return 'a size that is a power of two, such as 64k or 16m';
}

/** Reads a capability's value as the user wrote it; a value that it cannot have is a reason (E_CAP_VALUE, E_CAP_POW2). */
export function parseCapability(row: CapabilityRow, text: string): number | Reason {
  const option = `cap-${row.name}`;
  const low = text.toLowerCase();
  const wrong: Reason = {
    code: 'E_CAP_VALUE',
    option,
    message: `${option}=${text.slice(0, 40)} is no value of this capability; it takes ${capabilityChoices(row)}`,
  };
  if (row.values.kind === 'boolean') return yes.includes(low) ? 1 : no.includes(low) ? 0 : wrong;
  if (row.values.kind === 'words') {
    const value = row.values.words.indexOf(low);
    return value >= 0 ? value : wrong;
  }
  const size = parseSize(text);
  if (size === undefined) return wrong;
  if (size === 0n || (size & (size - 1n)) !== 0n) {
    return {
      code: 'E_CAP_POW2',
      option,
      message: `${option}=${text} is ${sizeText(size)}, which is not a power of two`,
    };
  }
  return size.toString(2).length - 1;
}

/** @returns a capability's value as the user would write it. */
export function capabilityText(row: CapabilityRow, value: number): string {
  if (row.values.kind === 'boolean') return value === 0 ? 'off' : 'on';
  if (row.values.kind === 'words') return row.values.words[value] ?? String(value);
  const text = sizeText(1n << BigInt(value));
  return text.endsWith(' bytes') ? text.replace(' bytes', '') : text.replace(/ (.)iB$/, '$1').toLowerCase();
}

/** @returns the row of a capability. */
export function capabilityRow(name: CapabilityName): CapabilityRow {
  // Every CapabilityName has a row: the test of this file compares the two lists.
  return capabilityRows.find((row) => row.name === name) as CapabilityRow;
}
