// Random page tables of both kinds that are right often enough for code to run: most entries map memory where it lies, some map it
// elsewhere, to device pages, with other rights, or are garbage. (Power ISA Book III, sections 5.7.7 and 5.7.10)
import { state } from '../../src/cpu/state.ts';
import type { Vcpu } from '../../src/cpu/vcpu.ts';
import { queuePage, sourcePage, timaAddress } from '../../src/interrupts/xive/mmio.ts';
import type { Random } from '../translator-fuzz/random.ts';

const valid = 1n << 63n;
const leaf = 1n << 62n;

/** Where the tables lie in guest RAM. */
export const tablePlaces = { processTable: 0x10_0000, roots: 0x20_0000, rootBytes: 0x10_0000, rootCount: 3 } as const;

/** A real address that an entry may name. */
function realPage(random: Random, own: bigint, ramBytes: number): bigint {
  if (random.chance(0.8)) return own;
  if (random.chance(0.5)) return BigInt(random.below(ramBytes)) & ~0xffffn;
  if (random.chance(0.5)) return sourcePage(random.below(0x1400));
  if (random.chance(0.3))
    return random.chance(0.5) ? queuePage(random.below(16)) : timaAddress(random.chance(0.5) ? 'os' : 'user');
  return random.doubleword() & 0x00ff_ffff_ffff_0000n;
}

/** Rights, R and C: everything allowed, most often. */
function attributes(random: Random): bigint {
  return random.chance(0.7) ? 0x187n | (random.chance(0.3) ? 8n : 0n) : BigInt(random.below(0x1000)) & 0x1ffn;
}

/** One radix tree at `at`: a root of 13 bits, a table for each of its first GiB, of 2 MiB leaves and of tables below. */
function putTree(view: DataView, at: number, random: Random, ramBytes: number): void {
  let free = at + 0x1_0000;
  const table = (): number => {
    free += 0x1000;
    return free - 0x1000;
  };
  const set = (address: number, value: bigint) => view.setBigUint64(address, BigInt.asUintN(64, value));
  const second = table();
  set(at, valid | BigInt(second) | 9n);
  for (let entry = 1; entry < 64; entry++)
    if (random.chance(0.1)) set(at + 8 * random.below(8192), random.doubleword());
  if (random.chance(0.3)) set(second, valid | leaf | realPage(random, 0n, ramBytes) | attributes(random));
  else {
    const third = table();
    set(second, valid | BigInt(third) | 9n);
    for (let megabytes = 0; megabytes < ramBytes; megabytes += 1 << 21) {
      const place = third + 8 * (megabytes >> 21);
      if (random.chance(0.05)) {
        // Pages of 4 or of 64 KiB below.
        const fourth = table();
        const small = random.chance(0.5);
        set(place, valid | BigInt(fourth) | (small ? 9n : 5n));
        for (let page = 0; page < (small ? 512 : 32); page++) {
          const own = BigInt(megabytes) + BigInt(page) * (small ? 0x1000n : 0x1_0000n);
          set(fourth + 8 * page, valid | leaf | realPage(random, own, ramBytes) | attributes(random));
        }
      } else if (random.chance(0.04)) set(place, random.doubleword());
      else
        set(place, valid | leaf | (realPage(random, BigInt(megabytes), ramBytes) & ~0x1f_ffffn) | attributes(random));
    }
  }
  for (let entry = 1; entry < 512; entry++) if (random.chance(0.05)) set(second + 8 * entry, random.doubleword());
}

/** Writes trees and the process table. `view` is of guest RAM. */
export function putRadixTables(view: DataView, random: Random, ramBytes: number): void {
  const { processTable, roots, rootBytes, rootCount } = tablePlaces;
  for (let root = 0; root < rootCount; root++) putTree(view, roots + root * rootBytes, random, ramBytes);
  for (let process = 0; process < 64; process++) {
    const root = BigInt(roots + random.below(rootCount) * rootBytes);
    // RTS of 52 bits, RPDB, RPDS of 13.
    const entry = random.chance(0.9) ? (0b10n << 61n) | (0b101n << 5n) | root | 13n : random.doubleword();
    view.setBigUint64(processTable + 16 * process, entry);
  }
}

/** Entries of the hash page table that map low memory, for the segments that {@link putSegments} makes. `table` is its memory. */
export function putHashTable(table: DataView, random: Random, ramBytes: number): void {
  const groups = BigInt(table.byteLength / 128);
  for (let count = 0; count < 600; count++) {
    const segment = BigInt(random.below(8));
    const page = BigInt(random.below(random.chance(0.7) ? 0x200 : 0x1_0000));
    const hash = (segment ^ page) & (groups - 1n);
    const at = Number(hash) * 128 + 16 * random.below(8);
    // AVPN is the virtual address from bit 23 up, a segment being 2^28 bytes.
    const avpn = (segment << 12n) | (((page >> 11n) << 7n) & 0xf80n);
    table.setBigUint64(at, random.chance(0.95) ? avpn | 1n : random.doubleword());
    const rights = random.chance(0.8) ? 0x192n : BigInt(random.below(0x1000));
    table.setBigUint64(at + 8, realPage(random, page << 12n, ramBytes) | rights);
  }
}

/** Random segments: the first and that of the kernel's addresses are there, most often. */
export function putSegments(vcpu: Vcpu, random: Random): void {
  const set = (entry: number, esid: bigint, vsid: bigint) => {
    vcpu.view.setBigUint64(state.slb.offset + 16 * entry, esid, true);
    vcpu.view.setBigUint64(state.slb.offset + 16 * entry + 8, vsid, true);
  };
  const entryValid = 1n << 27n;
  for (let entry = 0; entry < 32; entry++) {
    const segment = BigInt(random.below(8));
    const esid = random.chance(0.5) ? 0n : 0xc000_0000_0000_0000n;
    if (entry < 2) set(entry, ((BigInt(entry) * 0xcn) << 60n) | entryValid | BigInt(entry), segment << 12n);
    else if (random.chance(0.3))
      set(
        entry,
        esid | (BigInt(random.below(16)) << 28n) | entryValid,
        (segment << 12n) | BigInt(random.below(0x1000)),
      );
    else set(entry, 0n, 0n);
  }
}
