// A guest's own tables: a process table in its memory, and the tree of its process 0.
import type { Hypervisor } from './hypervisor.ts';
import { RadixTree } from './trees.ts';

/** Where problem state finds the first 2 MiB of a guest. */
export const user = 0x10_0000_0000n;

/** Offset of a guest's tables in its memory. */
const tables = 0x10_0000n;

export const processes = {
  /** Guest real address of the process table unless said otherwise, and the second doubleword of its partition table entry. */
  table: tables + 0x5_0000n,
  word: tables + 0x5_0000n,
  /**
   * The tree of process 0 of a guest, its tables at guest real address `from`, which its hypervisor maps to the second MiB of the
   * guest's memory. The process table is always at {@link processes.table}.
   */
  tree(h: Hypervisor, lpid: number, from = tables): RadixTree {
    const behind = h.memoryOf(lpid) + tables - from;
    const tree = new RadixTree({ from, write: (address, value) => h.store(behind + address, value) });
    h.store(h.memoryOf(lpid) + processes.table, tree.word);
    return tree;
  },
} as const;
