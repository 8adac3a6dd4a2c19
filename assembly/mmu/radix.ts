// Radix tree translation, process-scoped (Power ISA v3.1 Book III, section 6.7.10). A guest's real addresses are the host's;
// those of its own guests go through the partition-scoped tree (`partition.ts`), the tables' addresses among them.
import * as L from '../generated/layout';
import * as R from '../supervisor/registers';
import { partitionEntry, partitionWord0, partitionWord1, translatePartition } from './partition';
import * as T from './translation';
import * as Tree from './tree';

/** What AMR and IAMR key 0 leave of the access rights of a problem-state page for privileged accesses. */
function keyRights(cpu: usize): i32 {
  const amr = R.spr(cpu, R.SPR_AMR);
  const iamr = R.spr(cpu, R.SPR_IAMR);
  return (amr >> 62 & 1 ? 0 : T.CAN_READ) | (amr >> 63 ? 0 : T.CAN_WRITE) | (iamr >> 62 & 1 ? 0 : T.CAN_EXECUTE);
}

/**
 * Walks the tree for `access` (ACCESS_READ, …). Returns FOUND with `real` and `rights` set, or FAULT/SEGMENT with
 * `fault` set to DSISR or SRR1 bits. Sets R and C.
 */
export function walkRadix(cpu: usize, ea: u64, access: i32): i32 {
  const quadrant = <i32>(ea >> 62);
  if (quadrant == 1 || quadrant == 2) return T.SEGMENT;
  const pid = quadrant == 0 ? R.spr(cpu, R.SPR_PIDR) & 0xffffffff : 0;
  const outcome = descend(load<u64>(cpu, L.S_processTable), pid, ea, 0);
  if (outcome != T.FOUND) return outcome;
  const pte = Tree.leaf;
  const rights = leafRights(cpu, pte);
  if (!(rights & (1 << access))) return T.faulted(access == T.ACCESS_EXECUTE ? T.NO_EXECUTE : T.PROTECTION);
  const update = neededBits(access);
  if ((pte & update) != update) atomic.or<u64>(Tree.entry, bswap(update));
  const changed = ((pte | update) & Tree.C) != 0;
  return T.foundInLeaf(Tree.leafBits(), Tree.realAddress(ea), rights, changed, isKeyed(cpu, pte));
}

@inline function neededBits(access: i32): u64 {
  return access == T.ACCESS_WRITE ? Tree.R | Tree.C : Tree.R;
}

/** The page is one of problem state, and the access a privileged one. */
@inline function isKeyed(cpu: usize, pte: u64): bool {
  return (R.msr(cpu) & R.MSR_PR) == 0 && (pte & Tree.PRIVILEGED) == 0;
}

function leafRights(cpu: usize, pte: u64): i32 {
  const rights = Tree.rights(pte);
  if (isKeyed(cpu, pte)) return rights & keyRights(cpu);
  return R.msr(cpu) & R.MSR_PR && pte & Tree.PRIVILEGED ? 0 : rights;
}

/**
 * From the process table entry of `pid` to the leaf for `ea`, left in `tree.ts`. With `partition`, the first doubleword of a
 * partition table entry, tables have guest real addresses that go through its tree: PARTITION when one of them faults.
 */
function descend(processTable: u64, pid: u64, ea: u64, partition: u64): i32 {
  if (pid << 4 >= (<u64>1) << (12 + (processTable & 31))) return T.faulted(T.NO_TRANSLATION);
  const process = tableEntry((processTable & 0x0fff_ffff_ffff_f000) + (pid << 4), partition);
  if (process == 0) return partition ? T.PARTITION : T.faulted(T.BAD_PROCESS_TABLE);
  const root = bswap(load<u64>(process));
  if (!Tree.begin(root, ea & 0x3fff_ffff_ffff_ffff)) return T.SEGMENT;
  while (Tree.nextLevel(ea)) {
    const entry = tableEntry(Tree.next, partition);
    if (entry == 0) return partition ? T.PARTITION : T.faulted(T.BAD_CONFIGURATION);
    if (!Tree.take(entry)) return T.faulted(T.NO_TRANSLATION);
    if (Tree.leaf) return T.FOUND;
  }
  return T.faulted(T.BAD_CONFIGURATION);
}

/** Host address of a doubleword of a table; 0 when it lies outside RAM, or when the partition's tree faults. */
@inline function tableEntry(real: u64, partition: u64): usize {
  return partition ? nestedEntry(real, partition, T.ACCESS_READ) : Tree.hostOf(real, 8);
}

/** The same through the partition's tree, which the walk up to here is not to be lost in. */
function nestedEntry(real: u64, partition: u64, access: i32): usize {
  const place = Tree.save();
  const outcome = translatePartition(partition, real, access, T.TABLE_ACCESS);
  Tree.restore(place);
  if (outcome != T.FOUND) return 0;
  const host = Tree.hostOf(T.real, 8);
  if (host == 0) T.faultedInPartition(T.BAD_CONFIGURATION | T.TABLE_ACCESS, real);
  return host;
}

/**
 * Translates for a guest of the guest: with translation off through the partition's tree, else through both. PARTITION:
 * `fault` has HDSISR or HSRR1 bits, `guestReal` what ASDR is to hold.
 */
export function walkNested(cpu: usize, ea: u64, access: i32): i32 {
  const entry = partitionEntry(load<u32>(cpu, L.S_nestedLpid));
  if (entry == 0) return T.faultedInPartition(T.BAD_CONFIGURATION, ea);
  const partition = partitionWord0(entry);
  const msr = R.msr(cpu);
  if (!(msr & (access == T.ACCESS_EXECUTE ? R.MSR_IR : R.MSR_DR))) {
    return translatePartition(partition, ea & T.REAL_MASK, access, 0);
  }
  const quadrant = <i32>(ea >> 62);
  if (quadrant == 1 || quadrant == 2) return T.SEGMENT;
  const pid = quadrant == 0 ? R.spr(cpu, R.SPR_PIDR) & 0xffffffff : 0;
  const outcome = descend(partitionWord1(entry), pid, ea, partition);
  if (outcome != T.FOUND) return outcome;
  const rights = leafRights(cpu, Tree.leaf);
  if (!(rights & (1 << access))) return T.faulted(access == T.ACCESS_EXECUTE ? T.NO_EXECUTE : T.PROTECTION);
  return finishNested(ea, access, partition, rights, isKeyed(cpu, Tree.leaf));
}

/**
 * Translates for its hypervisor, which copies to or from it: privileged, without AMR. The address lies in quadrant 0 of `pid`
 * (0: what quadrant 3 is).
 */
export function walkNestedFor(lpid: u32, pid: u64, ea: u64, access: i32): i32 {
  const entry = partitionEntry(lpid);
  if (entry == 0) return T.faulted(T.NO_TRANSLATION);
  const partition = partitionWord0(entry);
  const outcome = descend(partitionWord1(entry), pid, ea, partition);
  if (outcome != T.FOUND) return outcome;
  const rights = Tree.rights(Tree.leaf);
  if (!(rights & (1 << access))) return T.faulted(T.PROTECTION);
  return finishNested(ea, access, partition, rights, false);
}

/** From the leaf of the process's tree through the partition's; sets R and C in the leaf, which is a store to its page. */
function finishNested(ea: u64, access: i32, partition: u64, rights: i32, keyed: bool): i32 {
  const pte = Tree.leaf;
  const at = Tree.next;
  const outcome = translatePartition(partition, Tree.realAddress(ea), access, 0);
  if (outcome != T.FOUND) return outcome;
  const real = T.real;
  const both = rights & T.rights;
  let changed = T.changed;
  const update = neededBits(access);
  if ((pte & update) != update) {
    const leaf = nestedEntry(at, partition, T.ACCESS_WRITE);
    if (leaf == 0) return T.PARTITION;
    atomic.or<u64>(leaf, bswap(update));
  }
  changed = changed && ((pte | update) & Tree.C) != 0;
  return T.found(real, both, changed, keyed);
}
