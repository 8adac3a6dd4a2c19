// Which items of the state block are architected (Power ISA Books I and III), to compare two CPUs that should agree.
import { type StateName, sprOffset, state } from './state.ts';
import type { Vcpu } from './vcpu.ts';

/** Items that software can see; the rest is bookkeeping of the engine and its TLB. */
const architectedItems: readonly StateName[] = [
  ...(['gpr', 'cr', 'nip', 'msr', 'ca', 'ca32', 'ov', 'ov32', 'so', 'xerLow', 'fpscr', 'vscr'] as const),
  ...(['reserveHost', 'reserveSize', 'pending', 'facilities', 'pcrMask', 'tbOffset', 'decExpiry'] as const),
  ...(['processTable', 'slb', 'spr', 'vsr'] as const),
  ...(['purrOffset', 'spurrOffset', 'vtbOffset', 'nested', 'nestedLpid', 'nestedState', 'nestedRegisters'] as const),
  ...(['hdecExpiry', 'outer', 'outerSpr', 'outerTbOffset', 'outerPurrOffset', 'outerSpurrOffset'] as const),
  ...(['outerVtbOffset', 'outerPcrMask'] as const),
];

/** Byte ranges of the state block that are compared, adjacent ones joined. */
const ranges: readonly (readonly [number, number])[] = architectedItems
  .map((name) => [state[name].offset, state[name].offset + state[name].size * state[name].count] as const)
  .sort((a, b) => a[0] - b[0])
  .reduce<(readonly [number, number])[]>((joined, [from, to]) => {
    const last = joined.at(-1);
    if (last && last[1] === from) joined[joined.length - 1] = [last[0], to];
    else joined.push([from, to]);
    return joined;
  }, []);

const sumRanges = [
  [state.gpr.offset, state.fpKind.offset],
  [sprOffset(8), sprOffset(10)],
  [sprOffset(18), sprOffset(28)],
  [state.vsr.offset, state.vsr.offset + 1024],
] as const;

/** True when two vCPUs have the same architected state. */
export function sameArchitectedState(a: Vcpu, b: Vcpu): boolean {
  // Both blocks lie at multiples of 4096, the layout aligns every item to its size.
  for (const [from, to] of ranges) {
    let at = from;
    for (; at + 8 <= to; at += 8) {
      if (a.view.getInt32(at, true) !== b.view.getInt32(at, true)) return false;
      if (a.view.getInt32(at + 4, true) !== b.view.getInt32(at + 4, true)) return false;
    }
    for (; at < to; at++) if (a.view.getUint8(at) !== b.view.getUint8(at)) return false;
  }
  return true;
}

/** A 32-bit sum (FNV-1a over words) of the registers that unprivileged code can see and of NIP and MSR. */
export function architectedSum(vcpu: Vcpu): number {
  let sum = 0x811c9dc5;
  for (const [from, to] of sumRanges) {
    for (let at = from; at < to; at += 4) sum = Math.imul(sum ^ vcpu.view.getInt32(at, true), 0x01000193);
  }
  return sum;
}

/** An item that differs: its name as in the state table (`gpr[3]`, `LR`, `SPR 26`), both values in hexadecimal. */
export interface StateDifference {
  readonly name: string;
  readonly left: string;
  readonly right: string;
}

const sprNames: Readonly<Record<number, string>> = {
  8: 'LR',
  9: 'CTR',
  18: 'DSISR',
  19: 'DAR',
  26: 'SRR0',
  27: 'SRR1',
  815: 'TAR',
};

function elementName(name: StateName, i: number): string {
  if (name === 'spr') return sprNames[i] ?? `SPR ${i}`;
  return state[name].count === 1 ? name : `${name}[${i}]`;
}

function hexOf(view: DataView, offset: number, size: number): string {
  let text = '';
  for (let i = size - 1; i >= 0; i--)
    text += view
      .getUint8(offset + i)
      .toString(16)
      .padStart(2, '0');
  return text;
}

/** All architected items in which two vCPUs differ. */
export function stateDifferences(a: Vcpu, b: Vcpu): readonly StateDifference[] {
  return architectedItems.flatMap((name) => {
    const { offset, size, count } = state[name];
    return Array.from({ length: count }, (_, i) => {
      const at = offset + i * size;
      return { name: elementName(name, i), left: hexOf(a.view, at, size), right: hexOf(b.view, at, size) };
    }).filter(({ left, right }) => left !== right);
  });
}

/** Sets every architected item to zero. */
export function clearArchitectedState(vcpu: Vcpu): void {
  for (const [from, to] of ranges) for (let at = from; at < to; at++) vcpu.view.setUint8(at, 0);
}
