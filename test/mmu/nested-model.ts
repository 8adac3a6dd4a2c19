// Translation for a guest of a guest said plainly: the process's tree, whose tables have guest real addresses, then the partition's
// (Power ISA v3.1 Book III, sections 6.7.10 and 7.5.16).
import type { Access } from './hash-model.ts';
import { type Leaf, leafBit, type RadixCpu, translateRadix } from './radix-model.ts';

/** A page of a process; `at` is the guest real address of its entry, `tables` are those of the doublewords on the way there. */
export interface InnerLeaf extends Leaf {
  readonly tables: readonly bigint[];
}

/** A guest: its partition's pages, and those of its processes. */
export interface NestedGuest {
  readonly partition: readonly Leaf[];
  readonly processes: readonly (readonly InnerLeaf[])[];
}

/** Where an access goes, or whose fault it is, with the bits of (H)DSISR (without "store" of the access) or (H)SRR1. */
export type NestedTranslation =
  | { readonly kind: 'found'; readonly real: bigint; readonly outer: Leaf; readonly inner?: InnerLeaf }
  | { readonly kind: 'segment' }
  | { readonly kind: 'fault'; readonly bits: bigint }
  | { readonly kind: 'partition'; readonly bits: bigint; readonly guestReal: bigint; readonly tableStore: boolean };

const bit = (n: bigint): bigint => 1n << (63n - n);
const faultBit = { noPage: bit(33n), noExecute: bit(35n), protection: bit(36n), setRc: bit(45n), table: bit(46n) };
const quadrant3 = 3n << 62n;

/** Why the partition does not let an access go to a guest real address, 0 when it does. */
function refusal({ word }: Leaf, access: Access): bigint {
  const has = (mask: bigint): boolean => (word & mask) === mask;
  if (!has(leafBit.valid)) return faultBit.noPage;
  if (access === 'fetch') {
    if (!has(leafBit.execute) || (word & 0x30n) === leafBit.nonIdempotent) return faultBit.noExecute;
  } else if (!has(leafBit.write) && (access === 'store' || !has(leafBit.read))) return faultBit.protection;
  return has(leafBit.referenced) && (access !== 'store' || has(leafBit.changed)) ? 0n : faultBit.setRc;
}

/** Through the partition's tree. */
export function throughPartition(
  { partition }: NestedGuest,
  guestReal: bigint,
  access: Access,
  table = false,
): NestedTranslation {
  const outer = partition.find(({ start, shift }) => (guestReal ^ start) >> shift === 0n);
  const bits = outer ? refusal(outer, access) : faultBit.noPage;
  const fault = { guestReal, tableStore: table && access === 'store' };
  if (!outer || bits !== 0n) return { kind: 'partition', bits: bits | (table ? faultBit.table : 0n), ...fault };
  const within = (1n << outer.shift) - 1n;
  return { kind: 'found', real: (outer.word & 0x01ff_ffff_ffff_f000n & ~within) | (guestReal & within), outer };
}

/** Translates with translation on, and changes nothing. */
export function translateNested(guest: NestedGuest, cpu: RadixCpu, ea: bigint, access: Access): NestedTranslation {
  const pages = guest.processes[ea >> 62n === 3n ? 0 : cpu.pid] ?? [];
  const inner = pages.find(({ start, shift }) => ((ea & ~quadrant3) ^ start) >> shift === 0n);
  for (const at of inner?.tables ?? []) {
    const table = throughPartition(guest, at, 'load', true);
    if (table.kind !== 'found') return table;
  }
  const own = translateRadix(() => pages, cpu, ea, access);
  if (own.kind !== 'found' || !inner) return own.kind === 'found' ? { kind: 'segment' } : own;
  const last = throughPartition(guest, own.real, access);
  if (last.kind !== 'found') return last;
  const needed = leafBit.referenced | (access === 'store' ? leafBit.changed : 0n);
  if ((inner.word & needed) !== needed) {
    const update = throughPartition(guest, BigInt(inner.at), 'store', true);
    if (update.kind !== 'found') return update;
  }
  return { kind: 'found', real: last.real, outer: last.outer, inner };
}
