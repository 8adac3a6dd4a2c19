// Random use of guests of a guest: two vCPUs enter and leave two of them, whose trees and whose hypervisor's trees change, with
// every form of invalidation; each access and each TLB entry is what the model says.

import assert from 'node:assert/strict';
import { tlbEntries, tlbPidSlots, tlbSetBytes } from '../../src/cpu/memory-map.ts';
import { sprOffset, state, stateBytes } from '../../src/cpu/state.ts';
import { DataPlane, msr } from '../data-plane-harness.ts';
import type { Access } from './hash-model.ts';
import {
  type InnerLeaf,
  type NestedGuest,
  type NestedTranslation,
  throughPartition,
  translateNested,
} from './nested-model.ts';
import { type Leaf, leafBit, type RadixCpu, touchLeaf } from './radix-model.ts';
import { Random } from './random.ts';
import { runRandom } from './random-run.ts';

const ramBytes = 32 << 20;
const partitionTable = 0x1000;
const structures = 0x4000;
const firstTable = 0x1_0000;
/** Frames for pages of guests; 2 MiB pages lie at the end. */
const firstFrame = 16 << 20;
const processCount = 3;
/** Guest real addresses: tables in pages of 4 KiB from here on, then pages of each size. */
const tablesAt = 0x800_0000n;
const quadrant3 = 3n << 62n;
const lpcrRadix = 0x10_0000n | 0x40_0000n | 0x400n;
const rts52 = 0x4000_0000_0000_00a0n;

type Shift = 12n | 16n | 21n | 30n;
const shifts: readonly Shift[] = [12n, 16n, 21n, 30n];
const ap: Readonly<Record<string, bigint>> = { 12: 0n, 16: 5n, 21: 1n, 30: 2n };
/** Everything is big-endian: a change of the byte order would drop translations, and hide who else has to. */
const mode = { kernel: msr.kernel & ~1n, user: msr.user & ~1n, real: msr.real & ~1n } as const;
const tableOf = { load: 'tlbRead', store: 'tlbWrite', fetch: 'tlbExecute' } as const;
const firstRecords = 0x1000;

/** Counts of what has happened, by name. */
export type NestedCounts = Record<string, number>;

/** Levels below the root of 13 bits: address bits beneath, bits of the level. */
function levels(shift: bigint): readonly (readonly [bigint, bigint])[] {
  const all = [
    [30n, 9n],
    [21n, 9n],
    [shift === 16n ? 16n : 12n, shift === 16n ? 5n : 9n],
  ] as const;
  return all.filter(([below]) => below >= shift);
}

interface Guest extends NestedGuest {
  readonly lpid: number;
  readonly partition: Leaf[];
  readonly processes: InnerLeaf[][];
}

interface Cpu extends RadixCpu {
  /** The guest that runs; undefined: its hypervisor does. */
  guest: Guest | undefined;
  translated: boolean;
}

const operations = {
  access: 1500,
  inner: 20,
  outer: 14,
  tables: 10,
  mode: 10,
  pid: 6,
  amr: 6,
  enter: 6,
} as const;

class Runner {
  readonly counts: NestedCounts = {};
  readonly #random: Random;
  readonly #plane = new DataPlane({ cpus: 2, ramBytes });
  readonly #cpus: readonly Cpu[] = [0, 1].map(() => ({
    ...{ problem: false, pid: 0, amr: 0n, iamr: 0n, guest: undefined, translated: true },
  }));
  readonly #guests: Guest[];
  #next = firstTable;
  /** Pages of tables of each guest: guest real page to its frame. */
  readonly #frames = new Map<string, number>();

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#plane.setWord('partitionTable', partitionTable);
    this.#plane.setWord('nestedLpcr', 0);
    for (const { index } of this.#plane.cpus) {
      this.#plane.setSpr(index, 318, lpcrRadix);
      this.#plane.setMsr(index, mode.real);
    }
    this.#guests = [1, 2].map((lpid) => this.#guest(lpid));
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  #space(bytes: number): number {
    const at = Math.ceil(this.#next / bytes) * bytes;
    this.#next = at + bytes;
    assert.ok(this.#next <= firstFrame);
    return at;
  }

  /**
   * A tree with an invalid leaf for each page; `space` gives addresses of tables as directories name them, `write` and `read`
   * find them in RAM.
   */
  #tree(
    pages: readonly { readonly start: bigint; readonly shift: bigint }[],
    space: (bytes: number) => number,
    write: (at: number, word: bigint) => void,
    read: (at: number) => bigint,
  ): { root: number; leaves: { leaf: Leaf; tables: bigint[] }[] } {
    const root = space(8 << 13);
    const leaves = pages.map(({ start, shift }) => {
      let at = root + 8 * Number(start >> 39n);
      const tables = [BigInt(at)];
      for (const [below, bits] of levels(shift)) {
        let word = read(at);
        if (word === 0n) {
          word = leafBit.valid | BigInt(space(Math.max(4096, 8 << Number(bits)))) | bits;
          write(at, word);
        }
        at = Number(word & 0x0fff_ffff_ffff_ff00n) + 8 * Number((start >> below) & ((1n << bits) - 1n));
        tables.push(BigInt(at));
      }
      write(at, 0n);
      return { leaf: { start, shift, at, word: 0n }, tables };
    });
    return { root, leaves };
  }

  #guest(lpid: number): Guest {
    const plane = this.#plane;
    // The process's trees first: their tables tell which pages the partition needs for them.
    let nextTable = Number(tablesAt) + 0x1_0000;
    const frameOf = (at: number): number => {
      const key = `${lpid} ${at >> 12}`;
      const frame = this.#frames.get(key) ?? this.#space(4096);
      this.#frames.set(key, frame);
      return frame + (at & 0xfff);
    };
    const space = (bytes: number): number => {
      const at = Math.ceil(nextTable / bytes) * bytes;
      nextTable = at + bytes;
      return at;
    };
    const write = (at: number, word: bigint): void => plane.write64(frameOf(at), word);
    const read = (at: number): bigint => plane.read64(frameOf(at));
    const processes = Array.from({ length: processCount }, (_, pid) => {
      const pages = Array.from({ length: 16 }, (_, n) => {
        const shift = shifts[n % 4] ?? 12n;
        return { start: (BigInt(n >> 2) << 40n) | (BigInt(n % 4) << 31n) | (shift < 30n ? 3n << shift : 0n), shift };
      });
      const { root, leaves } = this.#tree(pages, space, write, read);
      const entry = tablesAt + 16n * BigInt(pid);
      write(Number(entry), rts52 | BigInt(root) | 13n);
      return leaves.map(({ leaf, tables }): InnerLeaf => ({ ...leaf, tables: [entry, ...tables] }));
    });
    const tablePages = [...new Set(processes.flat().flatMap(({ tables }) => tables.map((at) => at >> 12n)))];
    const partitionPages = [
      ...tablePages.map((page) => ({ start: page << 12n, shift: 12n })),
      ...shifts.flatMap((shift, n) =>
        [0n, 1n, 2n].map((i) => ({
          start: n === 2 ? BigInt(firstFrame) + (i << shift) : (BigInt(n + 1) << 36n) + (i << shift),
          shift,
        })),
      ),
    ];
    const { root, leaves } = this.#tree(
      partitionPages,
      (bytes) => this.#space(bytes),
      (at, word) => plane.write64(at, word),
      (at) => plane.read64(at),
    );
    plane.write64(partitionTable + 16 * lpid, (1n << 63n) | rts52 | BigInt(root) | 13n);
    plane.write64(partitionTable + 16 * lpid + 8, tablesAt);
    const guest: Guest = { lpid, partition: leaves.map(({ leaf }) => leaf), processes };
    for (const leaf of guest.partition) this.#setOuter(guest, leaf);
    for (const leaf of processes.flat()) this.#setInner(guest, leaf);
    return guest;
  }

  #isTable(leaf: Leaf): boolean {
    return leaf.start >> 27n === tablesAt >> 27n;
  }

  /** Gives a page of the partition new rights and, but for tables, another frame. */
  #setOuter(guest: Guest, leaf: Leaf): void {
    const random = this.#random;
    const table = this.#isTable(leaf);
    const whole = leafBit.read | leafBit.write | leafBit.referenced | leafBit.changed;
    let frame: number;
    if (table) frame = this.#frames.get(`${guest.lpid} ${Number(leaf.start >> 12n)}`) ?? 0;
    else if (leaf.shift === 30n) frame = 0;
    else {
      const span = Number(1n << leaf.shift);
      frame = firstFrame + random.below((ramBytes - firstFrame) / span) * span;
    }
    const rights =
      random.pick([6n, 7n, 7n, 7n, 15n, 4n, 5n, 2n, 1n, 0n, 3n]) | (random.chance(12) ? leafBit.nonIdempotent : 0n);
    const used = random.pick([0n, leafBit.referenced, leafBit.referenced | leafBit.changed, 0x180n, 0x180n]);
    const valid = random.chance(6) ? 0n : leafBit.valid | leafBit.leaf;
    const good = table ? !random.chance(30) : random.chance(2);
    leaf.word = good
      ? leafBit.valid | leafBit.leaf | BigInt(frame) | whole | (table ? 0n : leafBit.execute)
      : valid && valid | BigInt(frame) | rights | used;
    this.#plane.write64(leaf.at, leaf.word);
  }

  #setInner(guest: Guest, leaf: InnerLeaf): void {
    const random = this.#random;
    // Anywhere in the pages of the partition that are no tables, where the page fits.
    const pages = guest.partition.filter((page) => !this.#isTable(page));
    const page = random.pick(pages);
    const spread = page.shift > leaf.shift ? BigInt(random.below(2 ** 20)) << leaf.shift : 0n;
    const target = (page.start + (spread & ((1n << page.shift) - 1n))) & ~((1n << leaf.shift) - 1n);
    const rights = random.pick([6n, 7n, 7n, 15n, 15n, 14n, 4n, 5n, 12n, 2n, 1n, 0n]);
    const used = random.pick([0n, leafBit.referenced, 0x180n]);
    const word = random.chance(6) ? 0n : leafBit.valid | leafBit.leaf | target | rights | used;
    this.#writeInner(guest, leaf, word);
  }

  #frame(guest: Guest, guestReal: number): number {
    const frame = this.#frames.get(`${guest.lpid} ${guestReal >> 12}`);
    assert.ok(frame !== undefined);
    return frame + (guestReal & 0xfff);
  }

  #writeInner(guest: Guest, leaf: InnerLeaf, word: bigint): void {
    leaf.word = word;
    this.#plane.write64(this.#frame(guest, leaf.at), word);
  }

  #cpu(index: number): Cpu {
    const cpu = this.#cpus[index];
    assert.ok(cpu);
    return cpu;
  }

  step(): void {
    this[this.#random.weighted(operations)]();
  }

  /** The hypervisor changes what a guest has, and says so. */
  outer(): void {
    this.#changeOuter((leaf) => !this.#isTable(leaf));
  }

  /** The same for the pages of its tables. */
  tables(): void {
    this.#changeOuter((leaf) => this.#isTable(leaf));
  }

  #changeOuter(which: (leaf: Leaf) => boolean): void {
    const guest = this.#random.pick(this.#guests);
    this.#setOuter(guest, this.#random.pick(guest.partition.filter(which)));
    const all = this.#random.chance(4) ? 1 : 0;
    this.#plane.call('nestedInvalidate', all ? 0 : guest.lpid, all);
    this.#count('partition changed');
  }

  /** A guest changes a page of its own, and executes tlbie on a vCPU that runs it, or tlbiel on all of them. */
  inner(): void {
    const index = this.#random.below(2);
    const { guest } = this.#cpu(index);
    if (!guest) return;
    const pid = this.#random.below(processCount);
    const leaf = this.#random.pick(guest.processes[pid] ?? []);
    this.#setInner(guest, leaf);
    const rs = BigInt(pid) << 32n;
    const form = this.#random.pick(['page', 'process', 'all'] as const);
    const rb = { page: leaf.start | ((ap[String(leaf.shift)] ?? 0n) << 5n), process: 1n << 10n, all: 3n << 10n }[form];
    if (this.#random.chance(2)) this.#plane.on(index, 'tlbInvalidateEntry', rs, rb, 3, 0);
    else for (const each of [0, 1]) this.#plane.on(each, 'tlbInvalidateEntry', rs, rb, 3, 1);
    this.#count(`tlbie ${form}`);
  }

  mode(): void {
    const index = this.#random.below(2);
    const cpu = this.#cpu(index);
    if (!cpu.guest) return;
    cpu.translated = !this.#random.chance(4);
    cpu.problem = cpu.translated && this.#random.chance(2);
    this.#plane.setMsr(index, cpu.problem ? mode.user : cpu.translated ? mode.kernel : mode.real);
  }

  pid(): void {
    const index = this.#random.below(2);
    const cpu = this.#cpu(index);
    if (!cpu.guest || cpu.problem) return;
    cpu.pid = this.#random.below(processCount);
    this.#plane.on(index, 'moveToSpr', 48, BigInt(cpu.pid));
  }

  amr(): void {
    const index = this.#random.below(2);
    const cpu = this.#cpu(index);
    if (cpu.problem) return;
    cpu.amr = BigInt(this.#random.pick([0, 0, 3, 1, 2])) << 62n;
    this.#plane.on(index, 'moveToSpr', 29, cpu.amr);
  }

  /** A guest leaves, or the hypervisor enters one. */
  enter(): void {
    const index = this.#random.below(2);
    const cpu = this.#cpu(index);
    const vcpu = this.#plane.cpu(index);
    if (cpu.guest) {
      this.#plane.on(index, 'nestedLeave', 0x980, 0n);
      assert.equal(vcpu.gpr(3), 0x980n);
      assert.equal(this.#plane.read64(this.#structures(index) + 208), BigInt(cpu.pid));
      cpu.guest = undefined;
      this.#count('left');
      return;
    }
    const guest = this.#random.pick(this.#guests);
    const at = this.#structures(index);
    cpu.problem = false;
    cpu.translated = true;
    cpu.pid = this.#random.below(processCount);
    this.#plane.write64(at, 1n);
    this.#plane.write64(at + 8, BigInt(guest.lpid) << 32n);
    this.#plane.write64(at + 208, BigInt(cpu.pid));
    this.#plane.write64(at + 0x400 + 264, mode.kernel);
    vcpu.setGpr(4, BigInt(at));
    vcpu.setGpr(5, BigInt(at + 0x400));
    assert.equal(this.#plane.on(index, 'nestedEnter'), 0);
    cpu.guest = guest;
    this.#count('entered');
  }

  #structures(index: number): number {
    return structures + 0x1000 * index;
  }

  #translate(cpu: Cpu, ea: bigint, access: Access): NestedTranslation {
    assert.ok(cpu.guest);
    return cpu.translated ? translateNested(cpu.guest, cpu, ea, access) : throughPartition(cpu.guest, ea, access);
  }

  access(): void {
    const index = this.#random.below(2);
    const cpu = this.#cpu(index);
    const access = this.#random.pick(['load', 'load', 'store', 'fetch'] as const);
    if (!cpu.guest) {
      this.#outerAccess(index, access);
      return;
    }
    const pages = cpu.translated
      ? (cpu.guest.processes[this.#random.chance(4) ? 0 : cpu.pid] ?? [])
      : cpu.guest.partition.filter((leaf) => !this.#isTable(leaf));
    const { start, shift } = this.#random.pick(pages);
    // A few places in each page, so that they are met again.
    const within = (BigInt(this.#random.below(2)) * 0x1_1000n) & ((1n << shift) - 1n) & ~0xfffn;
    const high = cpu.translated && this.#random.chance(4) ? quadrant3 : 0n;
    this.#access(index, access, high | (start + within + BigInt(8 * this.#random.below(512))));
  }

  /** The hypervisor itself, whose translation is off. */
  #outerAccess(index: number, access: Access): void {
    const ea = BigInt(firstFrame + 8 * this.#random.below(1 << 20));
    const host = this.#plane.probe(index, tableOf[access], ea);
    if (host !== undefined) {
      this.#count(`outer ${access} hit`);
      assert.equal(this.#realOf(access, host, ea), ea, `${access} ${ea.toString(16)} of the hypervisor`);
    } else if (access === 'fetch') {
      this.#plane.cpu(index).nip = ea;
      this.#plane.on(index, 'fetchRecords');
    } else if (access === 'load') this.#plane.on(index, 'loadSlow', ea, 8);
    else this.#plane.on(index, 'storeSlow', ea, 8, this.#plane.read64(Number(ea)));
    assert.equal(this.#plane.takeException(index), undefined);
  }

  #access(index: number, access: Access, ea: bigint): void {
    const cpu = this.#cpu(index);
    const expected = this.#translate(cpu, ea, access);
    const where = `${access} ${ea.toString(16)} of vCPU ${index}`;
    const host = this.#plane.probe(index, tableOf[access], ea);
    if (host !== undefined) {
      this.#count(`${access} hit`);
      this.#checkHit(access, where, this.#realOf(access, host, ea), expected);
      return;
    }
    if (access === 'fetch') {
      this.#plane.cpu(index).nip = ea;
      this.#plane.on(index, 'fetchRecords');
    } else if (access === 'load') this.#plane.on(index, 'loadSlow', ea, 8);
    // What a store changes must not be a table: it stores what is there.
    else this.#storeSame(index, ea, expected);
    this.#interrupt(index, access, ea, expected);
    this.#plane.mmio.length = 0;
    if (expected.kind !== 'found') return;
    this.#count(`${access} walk`);
    if (expected.inner) touchLeaf(expected.inner, access);
    if (expected.real >= ramBytes) return;
    const after = this.#plane.probe(index, tableOf[access], ea);
    assert.ok(after !== undefined, `${where}: no TLB entry`);
    assert.equal(this.#realOf(access, after, ea), expected.real, where);
  }

  #storeSame(index: number, ea: bigint, expected: NestedTranslation): void {
    const inRam = expected.kind === 'found' && expected.real + 8n <= ramBytes;
    const real = inRam ? Number(expected.real) : 0;
    let value = inRam ? this.#plane.read64(real) : 0n;
    // The store may set R and C in the very doubleword.
    if (inRam && expected.inner && real === this.#frame(this.#guestOf(index), expected.inner.at)) value |= 0x180n;
    this.#plane.on(index, 'storeSlow', ea, 8, value);
  }

  #guestOf(index: number): Guest {
    const { guest } = this.#cpu(index);
    assert.ok(guest);
    return guest;
  }

  #realOf(access: Access, host: number, ea: bigint): bigint {
    if (access !== 'fetch') return BigInt(host - this.#plane.ramBase);
    return ((BigInt(host - Number(ea & 0xfffn) - firstRecords) >> 2n) << 12n) | (ea & 0xfffn);
  }

  #interrupt(index: number, access: Access, ea: bigint, expected: NestedTranslation): void {
    const raised = this.#plane.takeException(index);
    const fetch = access === 'fetch';
    const where = `${access} ${ea.toString(16)}`;
    const spr = (n: number): bigint => this.#plane.cpu(index).view.getBigUint64(sprOffset(n), true);
    const stores = access === 'store' ? 0x200_0000n : 0n;
    if (expected.kind === 'found') {
      assert.equal(raised?.vector, fetch && expected.real >= ramBytes ? 0x400 : undefined, where);
      return;
    }
    this.#count(`${access} ${expected.kind}`);
    if (expected.kind === 'partition') {
      assert.equal(raised?.vector, fetch ? 0xe20 : 0xe00, where);
      assert.equal(spr(816), expected.guestReal & ~0xfffn, `${where}: ASDR`);
      const stored = expected.tableStore ? (fetch ? 0x1_0000n : 0x200_0000n) : 0n;
      if (fetch) assert.equal(raised?.srr1, expected.bits | stored, `${where}: HSRR1`);
      else {
        assert.equal(spr(306), expected.bits | stored | stores, `${where}: HDSISR`);
        assert.equal(spr(307), ea, `${where}: HDAR`);
      }
      return;
    }
    assert.equal(raised?.vector, expected.kind === 'segment' ? (fetch ? 0x480 : 0x380) : fetch ? 0x400 : 0x300, where);
    if (expected.kind === 'segment') return;
    if (fetch) assert.equal(raised?.srr1, expected.bits, `${where}: SRR1`);
    else assert.equal(raised?.dsisr, expected.bits | stores, `${where}: DSISR`);
  }

  #checkHit(access: Access, where: string, real: bigint, expected: NestedTranslation): void {
    assert.equal(expected.kind, 'found', `${where}: stale TLB entry`);
    if (expected.kind !== 'found') return;
    assert.equal(real, expected.real, where);
    const needed = access === 'store' ? 0x180n : leafBit.referenced;
    for (const leaf of [expected.outer, expected.inner]) {
      if (leaf) assert.equal(leaf.word & needed, needed, `${where}: R or C would be missed`);
    }
  }

  /** Every leaf, and every TLB entry of vCPUs that run a guest; those of others hold nothing. */
  checkAll(): void {
    for (const guest of this.#guests) {
      for (const leaf of guest.partition) assert.equal(this.#plane.read64(leaf.at), leaf.word, 'partition');
      for (const leaf of guest.processes.flat()) {
        assert.equal(this.#plane.read64(this.#frame(guest, leaf.at)), leaf.word, 'process');
      }
    }
    for (const { index, view, address } of this.#plane.cpus) {
      const now = this.#cpu(index);
      const pidOf = (slot: number): number => view.getInt32(state.tlbPid.offset + 4 * slot, true);
      this.#checkSet(address + stateBytes, { ...now, translated: false, problem: false });
      this.#checkSet(address + stateBytes + tlbSetBytes, { ...now, translated: true, problem: false });
      for (let slot = 0; slot < tlbPidSlots; slot++) {
        const cpu = { ...now, translated: true, problem: true, pid: pidOf(slot) };
        this.#checkSet(address + stateBytes + (2 + slot) * tlbSetBytes, cpu);
      }
    }
  }

  #checkSet(set: number, cpu: Cpu): void {
    const { view } = this.#plane;
    for (const [kind, access] of (['load', 'store', 'fetch'] as const).entries()) {
      for (let i = 0; i < tlbEntries; i++) {
        const at = set + (kind * tlbEntries + i) * 16;
        const low = view.getUint32(at, true);
        if ((((low >>> 8) ^ (low >>> 20)) & 0xfff0) !== i * 16) continue; // empty
        const ea = view.getBigUint64(at, true);
        const where = `${access} ${ea.toString(16)}`;
        const real = this.#realOf(access, view.getUint32(at + 8, true), ea);
        if (!cpu.guest) {
          assert.equal(real, ea, `${where}: a guest has left it`);
          continue;
        }
        this.#checkHit(access, where, real, this.#translate(cpu, ea, access));
      }
    }
  }
}

/** Runs random operations; throws with the seed and the operation's number where the data plane and the model differ. */
export function runNested(run: { readonly seed: number; readonly operations: number }): NestedCounts {
  const runner = new Runner(run.seed);
  runRandom(runner, { ...run, checkEvery: 2000 });
  return runner.counts;
}
