// Radix translation said plainly: what is mapped where, and who may do what (Power ISA v3.1 Book III, section 6.7.10).
import type { Access } from './hash-model.ts';

/** Bits of a leaf entry. */
export const leafBit = {
  valid: 1n << 63n,
  leaf: 1n << 62n,
  referenced: 0x100n,
  changed: 0x80n,
  nonIdempotent: 0x20n,
  tolerant: 0x30n,
  privileged: 8n,
  read: 4n,
  write: 2n,
  execute: 1n,
} as const;

/** A leaf: the page of 2^shift bytes at `start`, an offset in its quadrant; `at` is the entry's real address. */
export interface Leaf {
  readonly start: bigint;
  readonly shift: bigint;
  readonly at: number;
  /** The doubleword. */
  word: bigint;
}

/** A tree by the first byte of its pages. */
export type Tree = readonly Leaf[];

/** One vCPU's share. */
export interface RadixCpu {
  problem: boolean;
  pid: number;
  amr: bigint;
  iamr: bigint;
}

/** Where an access goes, or its interrupt with the bits of DSISR (without "store") or SRR1. */
export type RadixTranslation =
  | { readonly kind: 'found'; readonly real: bigint; readonly leaf: Leaf }
  | { readonly kind: 'segment' }
  | { readonly kind: 'fault'; readonly bits: bigint };

const noPage = 1n << (63n - 33n);
const noExecute = 1n << (63n - 35n);
const protectionFault = 1n << (63n - 36n);
const inQuadrant = (1n << 62n) - 1n;

/** The tree of a process in the present process table; undefined when the table has no entry of that number. */
export type TreeOf = (pid: number) => Tree | undefined;

/** Bits that a tree translates. */
const treeBits = 52n;

/** Translates and changes nothing. */
export function translateRadix(treeOf: TreeOf, cpu: RadixCpu, ea: bigint, access: Access): RadixTranslation {
  const quadrant = ea >> 62n;
  if (quadrant === 1n || quadrant === 2n) return { kind: 'segment' };
  const tree = treeOf(quadrant === 0n ? cpu.pid : 0);
  if (!tree) return { kind: 'fault', bits: noPage };
  const offset = ea & inQuadrant;
  if (offset >> treeBits !== 0n) return { kind: 'segment' };
  const leaf = tree.find(({ start, shift }) => (offset ^ start) >> shift === 0n);
  if (!leaf || (leaf.word & leafBit.valid) === 0n) return { kind: 'fault', bits: noPage };
  if (!allowed(cpu, leaf.word, access)) {
    return { kind: 'fault', bits: access === 'fetch' ? noExecute : protectionFault };
  }
  const within = (1n << leaf.shift) - 1n;
  return { kind: 'found', real: (leaf.word & 0x01ff_ffff_ffff_f000n & ~within) | (ea & within), leaf };
}

function allowed(cpu: RadixCpu, word: bigint, access: Access): boolean {
  const has = (bit: bigint): boolean => (word & bit) !== 0n;
  if (cpu.problem && has(leafBit.privileged)) return false;
  // AMR and IAMR, key 0: supervisor state in pages of problem state.
  const keyed = !cpu.problem && !has(leafBit.privileged);
  const denied = (register: bigint, bit: bigint): boolean => keyed && ((register >> (63n - bit)) & 1n) !== 0n;
  if (access === 'load') return (has(leafBit.read) || has(leafBit.write)) && !denied(cpu.amr, 1n);
  if (access === 'store') return has(leafBit.write) && !denied(cpu.amr, 0n);
  return has(leafBit.execute) && (word & 0x30n) !== leafBit.nonIdempotent && !denied(cpu.iamr, 1n);
}

/** Records an access in the leaf. */
export function touchLeaf(leaf: Leaf, access: Access): void {
  leaf.word |= leafBit.referenced | (access === 'store' ? leafBit.changed : 0n);
}
