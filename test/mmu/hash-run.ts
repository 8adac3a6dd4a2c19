// Random hypercalls on the hash page table, SLB instructions and accesses of two vCPUs, on the data plane and on the model.
// An access does what translated code does: it takes a TLB entry when one hits, so that a stale one shows.

import assert from 'node:assert/strict';
import { tlbEntries, tlbSetBytes } from '../../src/cpu/memory-map.ts';
import { modelBit, state, stateBytes } from '../../src/cpu/state.ts';
import { DataPlane, msr } from '../data-plane-harness.ts';
import { type Access, HashModel, hFlag, type ModelCpu, pte, type VirtualPage, virtualPage } from './hash-model.ts';
import { hashPagesWord, pageKinds } from './page-sizes.ts';
import { Random } from './random.ts';
import { runRandom } from './random-run.ts';

/** What to run. */
export interface HashRun {
  readonly seed: number;
  readonly operations: number;
  /** POWER9's `slbia` and keys, or POWER8's. */
  readonly isa300: boolean;
  /** cap-hpt-max-page-size, log2. */
  readonly maximumShift: number;
}

/** How often things happened, to show that a run has met them. */
export type HashCounts = Record<string, number>;

const ramBytes = 64 * 1024 * 1024;
const leastTable = 0x4_0000;
const most = 4 * leastTable;
const tera = 1n << 62n;
const base4K = { base: 12n, slb: 0n };
const base64K = { base: 16n, slb: 0x110n };
const base16M = { base: 24n, slb: 0x100n };
const base16G = { base: 34n, slb: 0x120n };

interface Segment {
  readonly ea: bigint;
  readonly oneTera: boolean;
  readonly vsid: bigint;
  readonly base: bigint;
  readonly slb: bigint;
  readonly offsets: readonly bigint[];
}

/** A virtual page and an address in it. */
interface Place {
  readonly segment: Segment;
  readonly ea: bigint;
  readonly vsidWord: bigint;
  readonly page: VirtualPage;
}

/** Twelve small segments whose pages share eight groups, and one of each other kind. */
const segments: readonly Segment[] = [
  ...Array.from({ length: 12 }, (_, i) => ({
    ea: BigInt(i) << 28n,
    oneTera: false,
    vsid: 0x5_1230n ^ BigInt(i),
    ...base4K,
    offsets: Array.from({ length: 8 }, (_, page) => BigInt(page) << 12n),
  })),
  { ea: 0xc000n << 48n, oneTera: true, vsid: 0xea1b217n, ...base64K },
  { ea: 0xc0000100n << 32n, oneTera: true, vsid: 0x3f_ffff_fffen, ...base4K },
  { ea: 0x200n << 32n, oneTera: true, vsid: 0x12_3456n, ...base16M },
  { ea: 0xd000n << 48n, oneTera: false, vsid: 0x3_ffff_ffff_fff1n, ...base64K },
  { ea: 0xd00000001n << 28n, oneTera: false, vsid: 0x77n, ...base16M },
  { ea: 0xe000n << 48n, oneTera: true, vsid: 0x99n, ...base16G },
].map((segment) => ({
  offsets: [0n, 1n, 2n, 0x7fn, 0x80n, 0x801n]
    .map(
      (page) =>
        ((page << 12n) | (page << 20n) | (page << segment.base)) & (segment.oneTera ? 0xff_ffff_f000n : 0xfff_f000n),
    )
    .map((offset) => (offset >> segment.base) << segment.base),
  ...segment,
}));

const operations = {
  enter: 20,
  remove: 6,
  bulkRemove: 2,
  protect: 5,
  read: 3,
  clear: 4,
  access: 100,
  across: 3,
  segment: 10,
  slbie: 2,
  slbia: 1,
  slbRead: 2,
  mode: 6,
  keys: 3,
} as const;

const tables = ['tlbRead', 'tlbWrite', 'tlbExecute'] as const;
const tableOf = { load: 'tlbRead', store: 'tlbWrite', fetch: 'tlbExecute' } as const;
const firstRecords = 0x1000;

class Runner {
  readonly counts: HashCounts = {};
  readonly #random: Random;
  readonly #plane: DataPlane;
  readonly #model: HashModel;
  /** Places that accesses come back to. */
  readonly #recent: Place[];
  #place: number;

  constructor({ seed, isa300, maximumShift }: HashRun) {
    const kinds = pageKinds(maximumShift);
    this.#random = new Random(seed);
    this.#plane = new DataPlane({ cpus: 2, ramBytes, hptBytes: leastTable, hptRoom: 2 * most });
    this.#plane.setWord('hashPages', hashPagesWord(kinds));
    this.#place = this.#plane.hptBase;
    this.#recent = Array.from({ length: 12 }, () => this.#page());
    this.#model = new HashModel({ cpus: 2, slots: leastTable / 16, kinds, ramBytes, isa300 });
    for (const cpu of this.#plane.cpus) {
      if (!isa300) cpu.view.setInt32(state.model.offset, modelBit.isa206 | modelBit.isa207, true);
      this.#plane.setSpr(cpu.index, 318, 0n);
      this.#plane.setMsr(cpu.index, msr.kernel);
    }
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  step(): void {
    this[this.#random.weighted(operations)]();
  }

  /** A hypercall of vCPU 0: its status and GPRs 4 to 11. */
  #call(name: string, ...args: bigint[]): { status: number; results: bigint[] } {
    const cpu = this.#plane.cpu(0);
    for (let i = 0; i < 8; i++) cpu.setGpr(4 + i, args[i] ?? 0n);
    const status = Number(this.#plane.on(0, name));
    this.#count(`${name} ${status}`);
    return { status, results: Array.from({ length: 8 }, (_, i) => cpu.gpr(4 + i)) };
  }

  #page(): Place {
    const segment = this.#random.pick(segments);
    const ea = segment.ea | this.#random.pick(segment.offsets);
    const vsidWord = segment.oneTera ? tera | (segment.vsid << 24n) : segment.vsid << 12n;
    return { segment, ea, vsidWord, page: virtualPage(vsidWord, ea, segment.base) };
  }

  /** A slot to try something on: mostly one that is in use. */
  #slot(): bigint {
    if (this.#random.chance(40)) return BigInt(this.#model.slots) + BigInt(this.#random.below(3));
    const { page, segment } = this.#page();
    const slot = this.#model.find(page, segment.base);
    if (slot !== undefined) return BigInt(slot);
    return BigInt(this.#model.groupOf(page.hash, this.#random.chance(2)) + this.#random.below(8));
  }

  #avpn(slot: bigint): bigint {
    if (this.#random.chance(8)) return this.#random.word();
    return slot < this.#model.slots ? this.#model.entry(Number(slot))[0] & ~0x7fn : 0n;
  }

  #rights(): bigint {
    const random = this.#random;
    const high = 1n << 63n;
    const pp = random.pick([0n, 1n, 2n, 2n, 2n, 2n, 2n, 3n, high, high | 2n, high | 1n, high | 3n]);
    const keys = [1n << 9n, 7n << 9n, (1n << 60n) | (1n << 9n), (3n << 60n) | (7n << 9n)];
    return pp | (random.chance(3) ? random.pick(keys) : 0n) | (random.chance(8) ? pte.noExecute : 0n);
  }

  enter(): void {
    this.#enter(this.#page());
  }

  #enter({ page, segment }: Place): void {
    const random = this.#random;
    const model = this.#model;
    for (const secondary of [false, true]) {
      const group = model.groupOf(page.hash, secondary);
      for (let slot = group; slot < group + 8; slot++) {
        const [first] = model.entry(slot);
        if ((first & pte.valid) !== 0n && (first & ~0x7fn) === page.avpn && model.hashes[slot] === page.hash) return;
      }
    }
    // Also kinds that are not offered: the call has to refuse them.
    const kind = random.pick(pageKinds(34).filter(({ base }) => base === segment.base));
    const size = 1n << kind.actual;
    const frames = BigInt(ramBytes) / size;
    const outside = random.chance(12);
    const frame = BigInt(random.below(Number(frames > 16n ? 16n : frames === 0n ? 1n : frames)));
    const real = outside ? (0x2000n << 32n) & ~(size - 1n) : frame * size;
    const attributes = random.chance(40) ? 0n : outside ? pte.inhibited | pte.guarded : pte.coherent;
    const touched = random.pick([0n, 0n, pte.referenced, pte.referenced | pte.changed]);
    const secondary = random.chance(3);
    const second = real | kind.lp | attributes | this.#rights() | touched;
    const bolted = random.chance(4) ? pte.bolted : 0n;
    const first =
      page.avpn | kind.large | bolted | (secondary ? pte.secondary : 0n) | pte.valid | (random.chance(9) ? 0x60n : 0n);
    const group = model.groupOf(page.hash, secondary);
    const flags = random.chance(3) ? hFlag.exact : 0n;
    const index = random.chance(60) ? BigInt(model.slots) : BigInt(group + random.below(8));
    const expected = model.enter(flags, index, first, second, page.hash);
    const { status, results } = this.#call('hEnter', flags, index, first, second);
    assert.equal(status, expected.status, 'H_ENTER');
    if (status !== 0) return;
    assert.equal(results[0], BigInt(expected.slot), 'H_ENTER: slot');
    this.#count(`page of 2^${kind.actual} in 2^${kind.base}`);
  }

  remove(): void {
    const slot = this.#slot();
    const flags = this.#random.pick([0n, hFlag.avpn, hFlag.andCond]);
    const avpn = flags === hFlag.andCond ? this.#random.pick([0n, pte.bolted, pte.bolted]) : this.#avpn(slot);
    const expected = this.#model.remove(flags, slot, avpn);
    const { status, results } = this.#call('hRemove', flags, slot, avpn);
    assert.equal(status, expected.status, 'H_REMOVE');
    if (status === 0) assert.deepEqual(results.slice(0, 2), expected.old, 'H_REMOVE: the old entry');
  }

  bulkRemove(): void {
    const args: bigint[] = [];
    const wanted: bigint[] = [];
    let status: number | undefined;
    let ended = false;
    for (let i = 0; i < 4; i++) {
      const slot = this.#slot();
      const code = this.#random.chance(25) ? BigInt(this.#random.below(3) * 2) & 3n : this.#random.chance(12) ? 3n : 1n;
      const control = BigInt(this.#random.chance(30) ? 3 : this.#random.below(3));
      const avpn = control === 2n ? this.#random.pick([0n, pte.bolted]) : this.#avpn(slot);
      const request = (code << 62n) | (control << 56n) | slot;
      args.push(request, avpn);
      if (ended || code === 3n || code !== 1n) {
        wanted.push(request);
        if (!ended && code !== 3n) status = -4;
        ended = true;
        continue;
      }
      const flags = ((control & 1n) !== 0n ? hFlag.andCond : 0n) | ((control & 2n) !== 0n ? hFlag.avpn : 0n);
      // Bits 6 and 7 of the control word are AVPN-match 0b10 and ANDCOND 0b01, as in PAPR.
      const result = control === 3n ? { status: -4, old: [0n, 0n] } : this.#model.remove(flags, slot, avpn);
      const answer = (2n << 62n) | (control << 56n) | slot;
      if (result.status === 0) wanted.push(answer | ((((result.old[1] ?? 0n) >> 7n) & 3n) << 58n));
      else wanted.push(answer | (result.status === -7 ? 1n << 60n : 2n << 60n));
      if (result.status === -4) {
        status = -4;
        ended = true;
      }
    }
    const answered = this.#call('hBulkRemove', ...args);
    assert.equal(answered.status, status ?? 0, 'H_BULK_REMOVE');
    assert.deepEqual(
      [0, 2, 4, 6].map((n) => answered.results[n]),
      wanted,
      'H_BULK_REMOVE: answers',
    );
  }

  protect(): void {
    const slot = this.#slot();
    const avpn = this.#avpn(slot);
    const rights = this.#rights();
    const match = this.#random.chance(2) ? hFlag.avpn : 0n;
    const flags = match | ((rights >> 63n) << 8n) | (((rights >> 60n) & 3n) << 12n) | (rights & 0xe07n);
    const expected = this.#model.protect(flags, slot, avpn);
    assert.equal(this.#call('hProtect', flags, slot, avpn).status, expected, 'H_PROTECT');
  }

  read(): void {
    const slot = this.#slot();
    const four = this.#random.chance(3);
    const { status, results } = this.#call('hRead', four ? hFlag.read4 : 0n, slot);
    if (slot >= this.#model.slots) {
      assert.equal(status, -4);
      return;
    }
    const from = four ? Number(slot & ~3n) : Number(slot);
    const wanted = Array.from({ length: four ? 4 : 1 }, (_, i) => this.#model.entry(from + i)).flat();
    assert.deepEqual(results.slice(0, wanted.length), wanted, 'H_READ');
  }

  clear(): void {
    const slot = this.#slot();
    const [name, bit] = this.#random.pick([
      ['hClearRef', pte.referenced],
      ['hClearMod', pte.changed],
    ] as const);
    const expected = this.#model.clear(slot, bit);
    const { status, results } = this.#call(name, 0n, slot);
    assert.equal(status, expected.status, name);
    if (status === 0) assert.equal(results[0], expected.old, name);
  }

  #cpu(): { index: number; cpu: ModelCpu } {
    const index = this.#random.below(2);
    const cpu = this.#model.cpus[index];
    assert.ok(cpu);
    return { index, cpu };
  }

  /** Makes a segment that is missing; what stood in its place goes first or, as Linux does, with it. */
  segment(): void {
    const { index, cpu } = this.#cpu();
    this.#segment(index, cpu, this.#page());
  }

  #segment(index: number, cpu: ModelCpu, { segment, vsidWord }: Place): void {
    if (this.#model.segmentOf(cpu, segment.ea)) return;
    const slot = this.#random.below(32);
    const old = cpu.slb[slot];
    if (old && this.#random.chance(2)) this.#slbie(index, cpu, old.esidWord, old.vsidWord);
    const bits =
      this.#random.pick([0x400n, 0x400n, 0xc00n, 0x800n, 0n, 0x600n]) | (this.#random.chance(2) ? 0x80n : 0n);
    const entry = { esidWord: segment.ea | 0x800_0000n, vsidWord: vsidWord | segment.slb | bits };
    this.#plane.on(index, 'slbMoveTo', entry.vsidWord, entry.esidWord | BigInt(slot));
    cpu.slb[slot] = entry;
    this.#count('slbmte');
  }

  #slbie(index: number, cpu: ModelCpu, esidWord: bigint, vsidWord: bigint): void {
    const rb = (esidWord & ~0xfff_ffffn) | (vsidWord & tera ? 1n << 25n : 0n) | (vsidWord & 0x80n ? 1n << 24n : 0n);
    this.#plane.on(index, 'slbInvalidateEntry', rb);
    this.#model.slbie(cpu, rb);
    this.#count('slbie');
  }

  slbie(): void {
    const { index, cpu } = this.#cpu();
    const { segment, vsidWord } = this.#page();
    const entry = this.#model.segmentOf(cpu, segment.ea);
    this.#slbie(index, cpu, segment.ea, entry?.vsidWord ?? vsidWord);
  }

  slbia(): void {
    const { index, cpu } = this.#cpu();
    const ih = this.#random.pick([0, 1, 2, 3, 4, 6, 7]);
    this.#plane.on(index, 'slbInvalidateAll', ih);
    this.#model.slbia(cpu, ih);
    this.#count(`slbia ${ih}`);
  }

  slbRead(): void {
    const { index, cpu } = this.#cpu();
    const slot = this.#random.below(34);
    const entry = cpu.slb[slot];
    assert.equal(this.#plane.on(index, 'slbMoveFromEsid', BigInt(slot)), entry?.esidWord ?? 0n, 'slbmfee');
    assert.equal(this.#plane.on(index, 'slbMoveFromVsid', BigInt(slot)), entry?.vsidWord ?? 0n, 'slbmfev');
    const { ea } = this.#page();
    const found = this.#model.segmentOf(cpu, ea);
    assert.equal(this.#plane.on(index, 'slbFindEntry', ea & ~0xfff_ffffn), found?.vsidWord ?? 0n, 'slbfee.');
    assert.equal(this.#plane.on(index, 'slbFound'), found ? 1 : 0, 'slbfee.: CR0');
  }

  mode(): void {
    const { index, cpu } = this.#cpu();
    cpu.problem = !cpu.problem;
    this.#plane.setMsr(index, cpu.problem ? msr.user : msr.kernel);
  }

  keys(): void {
    const { index, cpu } = this.#cpu();
    const value = this.#random.chance(2) ? 0n : this.#random.word() & this.#random.word() & this.#random.word();
    if (cpu.problem) return;
    if (this.#random.chance(3)) {
      cpu.iamr = value & 0x5555_5555_5555_5555n;
      this.#plane.on(index, 'moveToSpr', 61, cpu.iamr);
    } else {
      cpu.amr = value;
      this.#plane.on(index, 'moveToSpr', 29, value);
    }
  }

  #interrupt(index: number, access: Access, ea: bigint): void {
    const { cpu } = { cpu: this.#model.cpus[index] };
    assert.ok(cpu);
    const expected = this.#model.translate(cpu, ea, access);
    const raised = this.#plane.takeException(index);
    if (expected.kind === 'found') {
      const outside = access === 'fetch' && expected.real >= ramBytes;
      assert.equal(raised?.vector, outside ? 0x400 : undefined, `${access} ${ea.toString(16)}`);
      return;
    }
    this.#count(`${access} ${expected.kind}`);
    const fetch = access === 'fetch';
    assert.equal(raised?.vector, expected.kind === 'segment' ? (fetch ? 0x480 : 0x380) : fetch ? 0x400 : 0x300);
    if (!fetch) assert.equal(raised?.dar, ea, 'DAR');
    if (expected.kind === 'segment') return;
    if (fetch) assert.equal(raised?.srr1, expected.bits, 'SRR1');
    else assert.equal(raised?.dsisr, expected.bits | (access === 'store' ? 0x200_0000n : 0n), 'DSISR');
  }

  /** What translated code finds in a table, as a real address. */
  #hit(index: number, access: Access, ea: bigint): bigint | undefined {
    const host = this.#plane.probe(index, tableOf[access], ea);
    return host === undefined ? undefined : this.#realOf(access, host, ea);
  }
  #realOf(access: Access, host: number, ea: bigint): bigint {
    if (access !== 'fetch') return BigInt(host - this.#plane.ramBase);
    // The harness's records of a page lie at a number that tells the page.
    return ((BigInt(host - Number(ea & 0xfffn) - firstRecords) >> 2n) << 12n) | (ea & 0xfffn);
  }

  access(): void {
    const { index, cpu } = this.#cpu();
    const place = this.#random.chance(4) ? this.#page() : this.#random.pick(this.#recent);
    this.#recent[this.#random.below(12)] = place;
    const { ea: page, segment } = place;
    const inside =
      this.#random.pick([0n, 0n, 0n, 0n, 0x1000n, 0x9000n, 0x83_4000n, 0x123_5000n]) & ((1n << segment.base) - 1n);
    const ea = page | inside | BigInt(this.#random.below(512) * 8);
    const access = this.#random.pick(['load', 'load', 'store', 'fetch'] as const);
    const expected = this.#model.translate(cpu, ea, access);
    const hit = this.#hit(index, access, ea);
    if (hit !== undefined) {
      this.#count(`${access} hit`);
      this.#checkHit(access, ea, hit, expected);
      return;
    }
    const devices = this.#plane.mmio.length;
    if (access === 'fetch') {
      this.#plane.cpu(index).nip = ea;
      this.#plane.on(index, 'fetchRecords');
    } else if (access === 'load') this.#plane.on(index, 'loadSlow', ea, 8);
    else this.#plane.on(index, 'storeSlow', ea, 8, 0n);
    this.#interrupt(index, access, ea);
    // What an operating system does then, most of the time.
    if (expected.kind === 'segment' && !this.#random.chance(4)) this.#segment(index, cpu, place);
    if (expected.kind === 'fault' && !this.#random.chance(3)) this.#enter(place);
    if (expected.kind !== 'found') return;
    this.#model.touch(expected.slot, access);
    this.#checkEntry(expected.slot);
    this.#count(`${access} walk`);
    if (expected.real < ramBytes) {
      const after = this.#hit(index, access, ea);
      assert.equal(after, expected.real, `${access} ${ea.toString(16)}: what the TLB has now`);
    } else if (access !== 'fetch') {
      assert.equal(this.#plane.mmio.length, devices + 1);
      assert.equal(BigInt(this.#plane.mmio.pop()?.real ?? -1), expected.real, 'real address of a device access');
    }
  }

  #checkHit(access: Access, ea: bigint, hit: bigint, expected: ReturnType<HashModel['translate']>): void {
    const where = `${access} ${ea.toString(16)}`;
    assert.equal(expected.kind, 'found', `${where}: stale TLB entry`);
    if (expected.kind !== 'found') return;
    assert.equal(hit, expected.real, where);
    const [, second] = this.#model.entry(expected.slot);
    const needed = access === 'store' ? pte.referenced | pte.changed : pte.referenced;
    assert.equal(second & needed, needed, `${where}: R or C would be missed`);
  }

  #checkEntry(slot: number): void {
    const { view } = this.#plane;
    const words = [
      view.getBigUint64(this.#place + slot * 16, true),
      view.getBigUint64(this.#place + slot * 16 + 8, true),
    ];
    assert.deepEqual(words, this.#model.entry(slot), `entry ${slot}`);
  }

  /** An access that two pages share. */
  across(): void {
    const { index, cpu } = this.#cpu();
    const ea = this.#page().ea + 0xffcn;
    const access = this.#random.pick(['load', 'store'] as const);
    if (access === 'load') this.#plane.on(index, 'loadSlow', ea, 8);
    else this.#plane.on(index, 'storeSlow', ea, 8, 0n);
    for (const part of [ea, (ea & ~0xfffn) + 0x1000n]) {
      const expected = this.#model.translate(cpu, part, access);
      if (expected.kind !== 'found') {
        this.#interrupt(index, access, part);
        return;
      }
      this.#model.touch(expected.slot, access);
    }
    assert.equal(this.#plane.takeException(index), undefined);
    this.#plane.mmio.length = 0;
  }

  resize(): void {
    const bytes = this.#random.pick([leastTable, 2 * leastTable, most]);
    const place = this.#place === this.#plane.hptBase ? this.#plane.hptBase + most : this.#plane.hptBase;
    this.#plane.call('hptClear', place, bytes);
    const moved = this.#plane.call('hptRehash', place, bytes) === 1;
    assert.equal(moved, this.#model.resize(bytes / 16), 'H_RESIZE_HPT_COMMIT');
    this.#count(`resize ${moved}`);
    if (moved) this.#place = place;
  }

  /** The table is resized now and then. */
  checked(n: number): void {
    if (n % 5000 === 4999) this.resize();
  }

  /** Every entry of the page table, and every TLB entry of all vCPUs in both privilege states. */
  checkAll(): void {
    for (let slot = 0; slot < this.#model.slots; slot++) this.#checkEntry(slot);
    const { view } = this.#plane;
    this.#model.cpus.forEach((cpu, index) => {
      for (const problem of [false, true]) {
        // Set 1 is the supervisor's, set 2 that of problem state, which a hash guest has one of.
        const set = this.#plane.cpu(index).address + stateBytes + (problem ? 2 : 1) * tlbSetBytes;
        tables.forEach((_, kind) => {
          const access = (['load', 'store', 'fetch'] as const)[kind] ?? 'load';
          for (let i = 0; i < tlbEntries; i++) {
            const at = set + (kind * tlbEntries + i) * 16;
            const ea = view.getBigUint64(at, true);
            const low = Number(ea & 0xffff_ffffn);
            if ((((low >>> 8) ^ (low >>> 20)) & 0xfff0) !== i * 16) continue; // empty
            const real = this.#realOf(access, view.getUint32(at + 8, true), ea);
            this.#checkHit(access, ea, real, this.#model.translate(cpu, ea, access, problem));
          }
        });
      }
    });
  }
}

/** Runs random operations; throws with the seed and the operation's number where the data plane and the model differ. */
export function runHash(run: HashRun): HashCounts {
  const runner = new Runner(run);
  runRandom(runner, { seed: run.seed, operations: run.operations, checkEvery: 1000 });
  return runner.counts;
}
