// What a random guest needs to be a hypervisor (cap-nested-hv): a partition table, structures of H_ENTER_NESTED that are right often
// enough to be entered, and the words of the call.
import type { Random } from '../translator-fuzz/random.ts';
import { tablePlaces } from './tables.ts';

/** Number of the call. */
export const enterNested = 0xf804;
export const setPartitionTable = 0xf800;

/** The partition table, and pairs of structures. */
export const nestedPlaces = {
  table: 0x5_0000,
  pairs: 0x6_0000,
  pairBytes: 0x400,
  pairCount: 32,
  registers: 0x200,
} as const;
const lpids = 8;
const hostRadix = 1n << 63n;
const rts = (0b10n << 61n) | (0b101n << 5n);

/** Where a guest of the guest starts and in which mode. */
export interface NestedStart {
  readonly entry: () => bigint;
  readonly msr: () => bigint;
  readonly value: () => bigint;
}

/** Writes them. `view` is of guest RAM. */
export function putNested(view: DataView, random: Random, start: NestedStart): void {
  const { roots, rootBytes, rootCount, processTable } = tablePlaces;
  for (let lpid = 0; lpid < lpids; lpid++) {
    const at = nestedPlaces.table + 16 * lpid;
    const root = BigInt(roots + random.below(rootCount) * rootBytes);
    view.setBigUint64(at, random.chance(0.9) ? hostRadix | rts | root | 13n : random.doubleword());
    view.setBigUint64(at + 8, random.chance(0.9) ? BigInt(processTable) : random.doubleword());
  }
  for (let pair = 0; pair < nestedPlaces.pairCount; pair++) {
    const at = nestedPlaces.pairs + pair * nestedPlaces.pairBytes;
    const little = random.chance(0.4);
    const set = (offset: number, value: bigint): void =>
      view.setBigUint64(at + offset, BigInt.asUintN(64, value), little);
    for (let offset = 0; offset < nestedPlaces.pairBytes; offset += 8) set(offset, start.value());
    set(0, random.chance(0.95) ? BigInt(1 + random.below(2)) : random.doubleword());
    view.setUint32(at + 8, random.chance(0.95) ? random.below(lpids) : random.word(), little);
    view.setUint32(at + 12, random.below(random.chance(0.95) ? 2048 : 2 ** 32), little);
    if (random.chance(0.8)) set(48, 0xff_ffffn);
    // The limit: far away, soon, or anything.
    if (random.chance(0.8)) set(88, random.chance(0.5) ? 1n << 60n : BigInt(random.below(1 << 24)));
    const registers = nestedPlaces.registers;
    set(registers + 256, start.entry());
    set(registers + 264, (start.msr() & ~1n) | (little ? 1n : 0n));
  }
}

/** `sc 1` for H_ENTER_NESTED with one of the pairs: lis and ori make the numbers. */
export function enterNestedWords(random: Random): number[] {
  const pair = random.below(nestedPlaces.pairCount) * nestedPlaces.pairBytes;
  const number = (register: number, value: number): number[] => [
    (0x3c00_0000 | (register << 21) | (value >>> 16)) >>> 0,
    (0x6000_0000 | (register << 21) | (register << 16) | (value & 0xffff)) >>> 0,
  ];
  return [
    ...number(4, nestedPlaces.pairs + pair),
    ...number(5, nestedPlaces.pairs + pair + nestedPlaces.registers),
    ...number(3, enterNested),
    0x4400_0022,
  ];
}
