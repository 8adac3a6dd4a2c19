// Partition-scoped translation: the partition table of the guest's guests and their trees (Power ISA v3.1 Book III, sections
// 6.7.6 and 6.7.10). Guest real addresses become real addresses of the guest that is their hypervisor.
import * as L from '../generated/layout';
import * as T from './translation';
import * as Tree from './tree';

/** First doubleword of an entry: the partition translates by radix trees. */
const HOST_RADIX: u64 = 1 << 63;

/** Entries of a partition table register's table (PTCR): 2^(8 + PATS). */
@inline export function partitionEntries(ptcr: u64): u64 {
  return (<u64>1) << (8 + (ptcr & 31));
}

/** Host address of the partition table entry of an LPID; 0 when there is none in RAM. */
export function partitionEntry(lpid: u32): usize {
  const ptcr = load<u64>(L.W_partitionTable);
  if (ptcr == 0 || <u64>lpid >= partitionEntries(ptcr)) return 0;
  return Tree.hostOf((ptcr & 0x0fff_ffff_ffff_f000) + (<u64>lpid << 4), 16);
}

/** Its doublewords: the partition-scoped tree, and the guest's process table. */
@inline export function partitionWord0(entry: usize): u64 {
  return bswap(load<u64>(entry));
}
@inline export function partitionWord1(entry: usize): u64 {
  return bswap(load<u64>(entry, 8));
}

/**
 * Translates a guest real address through the tree of `partition`, the first doubleword of its entry. R and C are not set but
 * asked for, as the architecture allows: a leaf without them faults, and the hypervisor sets them.
 * @param table T.TABLE_ACCESS where a table of the guest is accessed, else 0: a bit of the fault
 */
export function translatePartition(partition: u64, real: u64, access: i32, table: u64): i32 {
  if (!(partition & HOST_RADIX)) return T.faultedInPartition(T.BAD_CONFIGURATION | table, real);
  // Bit 0 is HR here, and RTS has the bits that it has in a process table entry.
  if (!Tree.begin(partition & ~HOST_RADIX, real)) return T.faultedInPartition(T.NO_TRANSLATION | table, real);
  while (Tree.nextLevel(real)) {
    const entry = Tree.hostOf(Tree.next, 8);
    if (entry == 0) break;
    if (!Tree.take(entry)) return T.faultedInPartition(T.NO_TRANSLATION | table, real);
    if (Tree.leaf) return check(real, access, table);
  }
  return T.faultedInPartition(T.BAD_CONFIGURATION | table, real);
}

/** Rights, R and C of the leaf. */
function check(real: u64, access: i32, table: u64): i32 {
  const leaf = Tree.leaf;
  const rights = Tree.rights(leaf);
  const stores = table && access == T.ACCESS_WRITE ? T.TABLE_STORE : 0;
  if (!(rights & (1 << access))) {
    const bits = access == T.ACCESS_EXECUTE ? T.NO_EXECUTE : T.PROTECTION;
    return T.faultedInPartition(bits | table | stores, real);
  }
  const needed = access == T.ACCESS_WRITE ? Tree.R | Tree.C : Tree.R;
  if ((leaf & needed) != needed) return T.faultedInPartition(T.SET_RC | table | stores, real);
  return T.found(Tree.realAddress(real), rights, (leaf & Tree.C) != 0, false);
}
