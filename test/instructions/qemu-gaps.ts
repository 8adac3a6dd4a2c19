// Where QEMU 7.2 differs from the Power ISA, or the Power ISA leaves a result undefined: what a comparison leaves out.
import { block } from './machine-state.ts';
import type { VectorCase } from './vector-format.ts';

/** What a comparison of one case leaves out: everything, or bits of a register of the block. */
export type Ignored = 'all' | readonly { readonly index: number; readonly mask: bigint }[];

interface QemuGap {
  /** Base mnemonic. */
  readonly mnemonic: RegExp;
  readonly ignored: (word: number, one: VectorCase) => Ignored | undefined;
  readonly reason: string;
}

/** Value of bits first…last (as the manual numbers them) of a word. */
const bits = (word: number, first: number, last: number) => (word >>> (31 - last)) & (2 ** (last - first + 1) - 1);
const gpr = (n: number) => block.gpr / 8 + n;

/** The gaps. */
export const qemuGaps: readonly QemuGap[] = [];

/** What to leave out of the comparison of a case of this base mnemonic. */
export function ignoredOf(mnemonic: string, word: number, one: VectorCase): Ignored {
  const list: { index: number; mask: bigint }[] = [];
  for (const gap of qemuGaps) {
    if (!gap.mnemonic.test(mnemonic)) continue;
    const ignored = gap.ignored(word, one);
    if (ignored === 'all') return 'all';
    if (ignored !== undefined) list.push(...ignored);
  }
  return list;
}
void bits;
void gpr;
