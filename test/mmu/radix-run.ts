// Random changes of radix trees with every form of invalidation, and accesses of two vCPUs, on the data plane and on the
// model. An access does what translated code does: it takes a TLB entry when one hits, so that a stale one shows.

import assert from 'node:assert/strict';
import { tlbEntries, tlbPidSlots, tlbSetBytes } from '../../src/cpu/memory-map.ts';
import { state, stateBytes } from '../../src/cpu/state.ts';
import { invalidateTlb } from '../../src/machine/tlb-invalidation.ts';
import { NestedGuests } from '../../src/papr/hypercalls/nested.ts';
import { translationHandlers } from '../../src/papr/hypercalls/translation.ts';
import type { Hypercall } from '../../src/papr/hypercalls/types.ts';
import type { PlatformState } from '../../src/papr/platform-state.ts';
import { DataPlane, msr } from '../data-plane-harness.ts';
import type { Access } from './hash-model.ts';
import type { HashCounts } from './hash-run.ts';
import {
  type Leaf,
  leafBit,
  type RadixCpu,
  type RadixTranslation,
  type Tree,
  touchLeaf,
  translateRadix,
} from './radix-model.ts';
import { Random } from './random.ts';
import { runRandom } from './random-run.ts';

const ramBytes = 64 * 1024 * 1024;
const tables = [0x10_0000, 0x10_1000] as const;
const firstTree = 0x100_0000;
const firstFrame = 0x200_0000;
const processes = 8;
/** Entries of a process table of the smallest size. */
const tableEntries = 256;

const quadrant3 = 3n << 62n;
const lpcr = { gtse: 0x400n, radix: 0x10_0000n, uprt: 0x40_0000n } as const;

/** What a tree can map: some pages of each size, among them such that share an entry of a TLB, and the last page of all. */
const pages: readonly { readonly start: bigint; readonly shift: bigint }[] = [
  ...[0x1000n, 0x2000n, 0x3000n, 0x1_0000n, 0x101_1000n, 0x100_2000n, 0xf_ffff_ffff_f000n].map((start) => ({
    start,
    shift: 12n,
  })),
  ...[0x40_0000n, 0x41_0000n, 0x43_0000n, 0x140_0000n].map((start) => ({ start, shift: 16n })),
  ...[0x6000_0000n, 0x6020_0000n, 0x7000_0000n].map((start) => ({ start, shift: 21n })),
  ...[0x100_0000_0000n, 0x100_4000_0000n].map((start) => ({ start, shift: 30n })),
];

/** Offsets in a page at which accesses are made. Pages of 1 GiB begin at real address 0, where the trees are. */
const offsets: Readonly<Record<string, readonly bigint[]>> = {
  12: [0n],
  16: [0n, 0x1000n, 0xf000n],
  21: [0n, 0x1000n, 0x1f_f000n],
  30: [0x200_0000n, 0x3ff_f000n, 0x3000_0000n],
};

const apOf: Readonly<Record<string, bigint>> = { 12: 0n, 16: 5n, 21: 1n, 30: 2n };
const sizeBit: Readonly<Record<string, bigint>> = { 12: 1n, 16: 2n, 21: 4n, 30: 8n };

/** Forms of invalidation for one page, and those that take a whole process or all with it. */
const pageForms = ['tlbie', 'tlbiel', 'rpt page', 'rpt range', 'tlbie cluster'] as const;
const processForms = ['tlbie process', 'tlbiel process', 'tlbie all', 'tlbiel all', 'rpt process', 'rpt all'] as const;

const operations = {
  change: 20,
  touchless: 6,
  switchTree: 2,
  register: 1,
  pid: 6,
  mode: 8,
  amr: 8,
  copy: 12,
  iamr: 1,
  access: 300,
  odd: 3,
  across: 4,
  useless: 3,
} as const;

const tableOf = { load: 'tlbRead', store: 'tlbWrite', fetch: 'tlbExecute' } as const;
const firstRecords = 0x1000;

class Runner {
  readonly counts: HashCounts = {};
  readonly #random: Random;
  readonly #plane = new DataPlane({ cpus: 2, ramBytes });
  readonly #cpus: readonly RadixCpu[] = [0, 1].map(() => ({ problem: false, pid: 0, amr: 0n, iamr: 0n }));
  /** Two trees for each process, and which of them each of the two process tables names. */
  readonly #trees: { readonly root: number; readonly leaves: Leaf[] }[][] = [];
  readonly #named = tables.map(() => new Array<number>(processes).fill(0));
  readonly #rpt: (call: Hypercall) => unknown;
  /** Pages of this process that accesses come back to. */
  #recent: bigint[] = [];
  #table = 0;
  #next = firstTree;

  constructor(seed: number) {
    this.#random = new Random(seed);
    for (let pid = 0; pid < processes; pid++) this.#trees.push([this.#tree(), this.#tree()]);
    for (let table = 0; table < 2; table++) {
      for (let pid = 0; pid < processes; pid++) this.#nameTree(table, pid, this.#random.below(2));
    }
    for (const cpu of this.#plane.cpus) {
      this.#plane.setSpr(cpu.index, 318, lpcr.radix | lpcr.uprt | lpcr.gtse);
      this.#plane.setState64(cpu.index, 'processTable', BigInt(tables[0]));
      this.#plane.setMsr(cpu.index, msr.kernel);
    }
    this.#recent = Array.from({ length: 12 }, () => this.#anyAddress());
    const functions = Object.fromEntries(
      ['tlbFlushTranslated', 'tlbFlushPid', 'tlbFlushRange'].map((name) => [
        name,
        (...args: (number | bigint)[]) => this.#plane.call(name, ...args),
      ]),
    ) as unknown as Parameters<typeof invalidateTlb>[0]; // The data plane's functions of these names.
    const services = {
      invalidateTlb: (request: Parameters<typeof invalidateTlb>[2]) =>
        invalidateTlb(functions, this.#plane.cpus, request),
    };
    // The handlers use nothing but the service.
    const state = { services } as unknown as PlatformState;
    const handlers = translationHandlers(state, new NestedGuests(state));
    assert.ok(handlers.H_RPT_INVALIDATE);
    this.#rpt = handlers.H_RPT_INVALIDATE;
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  step(): void {
    this[this.#random.weighted(operations)]();
  }

  #space(bytes: number): number {
    const at = Math.ceil(this.#next / bytes) * bytes;
    this.#next = at + bytes;
    assert.ok(this.#next <= firstFrame);
    return at;
  }

  /** A tree of 13, 9, 9, 9 bits (5 for pages of 64 KiB) with an invalid leaf for each page. */
  #tree(): { root: number; leaves: Leaf[] } {
    const root = this.#space(8 << 13);
    const leaves = pages.map(({ start, shift }) => {
      let at = root + 8 * Number(start >> 39n);
      for (const [level, small] of [
        [30n, 9n],
        [21n, 9n],
        [shift === 16n ? 16n : 12n, shift === 16n ? 5n : 9n],
      ] as const) {
        if (shift > level) break;
        let word = this.#plane.read64(at);
        if (word === 0n) {
          word = leafBit.valid | BigInt(this.#space(8 << Number(small))) | small;
          this.#plane.write64(at, word);
        }
        at = Number(word & 0x0fff_ffff_ffff_ff00n) + 8 * Number((start >> level) & ((1n << small) - 1n));
      }
      return { start, shift, at, word: 0n };
    });
    return { root, leaves };
  }

  /** Writes an entry of a process table: 52 bits (RTS = 21), root of 2^13 entries. */
  #nameTree(table: number, pid: number, which: number): void {
    const named = this.#named[table];
    assert.ok(named);
    named[pid] = which;
    const root = this.#trees[pid]?.[which]?.root ?? 0;
    this.#plane.write64((tables[table] ?? 0) + 16 * pid, 0x4000_0000_0000_00a0n | BigInt(root) | 13n);
  }

  #treeOf = (pid: number): Tree | undefined => {
    if (pid >= tableEntries) return undefined;
    const named = this.#named[this.#table];
    return this.#trees[pid]?.[named?.[pid] ?? 0]?.leaves ?? [];
  };

  #translate(index: number, ea: bigint, access: Access): RadixTranslation {
    return translateRadix(this.#treeOf, this.#cpu(index), ea, access);
  }

  #cpu(index: number): RadixCpu {
    const cpu = this.#cpus[index];
    assert.ok(cpu);
    return cpu;
  }

  #leafWord(shift: bigint): bigint {
    const random = this.#random;
    const span = shift > 16n ? 1n << shift : 0x1_0000n;
    const real =
      shift === 30n
        ? 0n
        : BigInt(firstFrame) + BigInt(random.below(Number(BigInt(ramBytes - firstFrame) / span))) * span;
    const away = random.chance(20) ? 0x6_0000_0000_0000n : 0n;
    const rights = random.pick([6n, 6n, 7n, 14n, 15n, 4n, 5n, 12n, 13n, 2n, 1n, 0n, 8n, 10n]);
    const kind = random.chance(10) ? random.pick([leafBit.nonIdempotent, leafBit.tolerant, 0x10n]) : 0n;
    const touched = random.pick([0n, leafBit.referenced, leafBit.referenced | leafBit.changed]);
    return leafBit.valid | leafBit.leaf | real | away | rights | kind | touched;
  }

  #leaf(): { pid: number; leaf: Leaf } {
    const pid = this.#random.chance(2)
      ? this.#cpu(this.#random.below(2)).pid % processes
      : this.#random.below(processes);
    const leaf = this.#random.pick(this.#trees[pid]?.[this.#random.below(2)]?.leaves ?? []);
    return { pid, leaf };
  }

  #write(leaf: Leaf, word: bigint): void {
    leaf.word = word;
    this.#plane.write64(leaf.at, word);
  }

  /** Maps, unmaps or changes a page, with an invalidation where there was one. */
  change(): void {
    const { pid, leaf } = this.#leaf();
    const valid = (leaf.word & leafBit.valid) !== 0n;
    this.#write(leaf, valid && this.#random.chance(4) ? 0n : this.#leafWord(leaf.shift));
    if (valid) this.#invalidate(pid, leaf);
  }

  /** Clears R and C, as a system that looks for pages out of use does. */
  touchless(): void {
    const { pid, leaf } = this.#leaf();
    this.#write(leaf, leaf.word & ~(leafBit.referenced | (this.#random.chance(2) ? leafBit.changed : 0n)));
    this.#invalidate(pid, leaf);
  }

  /** Maps what an access has missed; the invalidation is for a right that was missing. */
  #mapAt(ea: bigint, index: number): void {
    const pid = ea >> 62n === 3n ? 0 : this.#cpu(index).pid;
    const leaf = this.#treeOf(pid)?.find(({ start, shift }) => ((ea & ~quadrant3) ^ start) >> shift === 0n);
    if (!leaf) return;
    const valid = (leaf.word & leafBit.valid) !== 0n;
    this.#write(leaf, this.#leafWord(leaf.shift));
    if (valid) this.#invalidate(pid, leaf);
  }

  #invalidate(pid: number, leaf: Leaf | undefined): void {
    const forms = leaf && !this.#random.chance(6) ? pageForms : processForms;
    const form = this.#random.pick(forms);
    this.#count(form);
    const rs = BigInt(pid) << 32n;
    // A process is named by bits 0:31 of RS; the quadrant of a page does not matter.
    const quadrant = pid === 0 && this.#random.chance(2) ? quadrant3 : 0n;
    const start = quadrant | (leaf?.start ?? 0n);
    const shift = leaf?.shift ?? 12n;
    const within = BigInt(this.#random.below(2 ** 30)) & ((1n << shift) - 1n);
    const rb = ((start | within) & ~0xfffn) | ((apOf[String(shift)] ?? 0n) << 5n);
    const ric = this.#random.pick([0, 2, 3]);
    switch (form) {
      case 'tlbie':
        this.#tlbie(rs, rb, 0, false);
        break;
      case 'tlbiel':
        this.#tlbie(rs, rb, 0, true);
        break;
      case 'tlbie cluster':
        this.#tlbie(rs, rb, 3, false);
        break;
      case 'tlbie process':
        this.#tlbie(rs, 1n << 10n, ric & 2, false);
        break;
      case 'tlbiel process':
        this.#tlbie(rs, 1n << 10n, ric & 2, true);
        break;
      case 'tlbie all':
        this.#tlbie(0n, this.#random.pick([2n, 3n]) << 10n, ric & 2, false);
        break;
      case 'tlbiel all':
        this.#tlbie(0n, 3n << 10n, ric & 2, true);
        break;
      case 'rpt page':
        this.#invalidateByCall(pid, 2n, sizeBit[String(shift)] ?? 1n, start | within, (start | within) + 1n);
        break;
      case 'rpt range': {
        const more = BigInt(this.#random.below(3)) << shift;
        const end = start + (1n << shift) + more;
        const sizes = this.#random.pick([sizeBit[String(shift)] ?? 1n, 0xfn, (1n << 64n) - 1n]);
        this.#invalidateByCall(pid, this.#random.pick([2n, 6n]), sizes, start, end >> 64n ? (1n << 64n) - 1n : end);
        break;
      }
      case 'rpt process':
        this.#invalidateByCall(pid, 2n, 0n, 0n, (1n << 64n) - 1n);
        break;
      case 'rpt all':
        this.#invalidateByCall(pid, 0xen, 0n, 0n, 0n);
        break;
    }
  }

  /** tlbie of vCPU 0, or tlbiel of each. */
  #tlbie(rs: bigint, rb: bigint, ric: number, local: boolean): void {
    const form = (ric << 4) | 3;
    for (const index of local ? [0, 1] : [this.#random.below(2)]) {
      this.#plane.on(index, 'tlbInvalidateEntry', rs, rb, form, local ? 1 : 0);
      assert.equal(this.#plane.takeException(index), undefined);
    }
  }

  #invalidateByCall(pid: number, what: bigint, sizes: bigint, start: bigint, end: bigint): void {
    const args = [BigInt(pid), 1n, what, sizes, start, end];
    // The handler asks for nothing else of a call.
    const call = { vcpu: this.#plane.cpu(0), argument: (n: number) => args[n] ?? 0n } as unknown as Hypercall;
    assert.equal(this.#rpt(call), 0n);
  }

  /** Forms that the guest may not use, or that name another process: the interrupt, and nothing is lost that must stay. */
  useless(): void {
    const index = this.#random.below(2);
    const privileged = (): void => {
      const raised = this.#plane.takeException(index);
      assert.deepEqual([raised?.vector, raised?.srr1], [0x700, 0x4_0000n]);
    };
    // Partition-scoped.
    this.#plane.on(index, 'tlbInvalidateEntry', 0n, 3n << 10n, 1, this.#random.below(2));
    privileged();
    this.#plane.setSpr(index, 318, lpcr.radix | lpcr.uprt);
    this.#plane.on(index, 'tlbInvalidateEntry', 0n, 3n << 10n, 3, 0);
    privileged();
    this.#plane.on(index, 'tlbSynchronize');
    privileged();
    this.#plane.setSpr(index, 318, lpcr.radix | lpcr.uprt | lpcr.gtse);
    this.#plane.on(index, 'tlbSynchronize');
    assert.equal(this.#plane.takeException(index), undefined);
    this.#count('privileged');
  }

  /** A process gets its other tree. */
  switchTree(): void {
    const pid = this.#random.below(processes);
    const which = this.#named[this.#table]?.[pid] === 0 ? 1 : 0;
    this.#nameTree(this.#table, pid, which);
    const rs = BigInt(pid) << 32n;
    if (this.#random.chance(3)) this.#invalidateByCall(pid, 0xen, 0n, 0n, 0n);
    else if (this.#random.chance(2)) this.#tlbie(rs, 1n << 10n, 2, false);
    else this.#tlbie(0n, 3n << 10n, 2, this.#random.chance(2));
    this.#count('other tree');
  }

  /** The other process table, as H_REGISTER_PROC_TBL does it. */
  register(): void {
    this.#table = 1 - this.#table;
    for (const cpu of this.#plane.cpus) {
      this.#plane.setState64(cpu.index, 'processTable', BigInt(tables[this.#table] ?? 0));
      this.#plane.on(cpu.index, 'updateContext');
    }
    this.#count('other table');
  }

  pid(): void {
    const index = this.#random.below(2);
    const cpu = this.#cpu(index);
    if (cpu.problem) return;
    this.#switchTo(index, this.#random.chance(20) ? tableEntries + 3 : this.#random.below(processes));
  }

  #switchTo(index: number, pid: number): void {
    this.#cpu(index).pid = pid;
    this.#plane.on(index, 'moveToSpr', 48, BigInt(pid));
  }

  mode(): void {
    const index = this.#random.below(2);
    const cpu = this.#cpu(index);
    cpu.problem = !cpu.problem;
    this.#plane.setMsr(index, cpu.problem ? msr.user : msr.kernel);
  }

  /** Opens or closes the way to the process's pages, as a kernel does around each of its accesses there. */
  amr(): void {
    const index = this.#random.below(2);
    const cpu = this.#cpu(index);
    if (cpu.problem) return;
    cpu.amr = (BigInt(this.#random.pick([0, 0, 0, 3, 3, 3, 1, 2])) << 62n) | (this.#random.word() >> 2n);
    this.#plane.on(index, 'moveToSpr', this.#random.pick([13, 29]), cpu.amr);
  }

  /** What a kernel does to copy from and to processes: AMR opens for one access and closes, perhaps with a switch between. */
  copy(): void {
    const index = this.#random.below(2);
    const cpu = this.#cpu(index);
    if (cpu.problem) this.mode();
    if (cpu.problem) return;
    const ea = this.#random.pick(this.#recent) & ~quadrant3;
    for (let i = 0; i < 3; i++) {
      for (const bits of [0n, 3n << 62n]) {
        cpu.amr = bits;
        this.#plane.on(index, 'moveToSpr', 29, bits);
        this.#access(index, this.#random.pick(['load', 'store'] as const), ea);
      }
      if (this.#random.chance(4)) this.#switchTo(index, this.#random.below(processes));
    }
  }

  iamr(): void {
    const index = this.#random.below(2);
    const cpu = this.#cpu(index);
    if (cpu.problem) return;
    cpu.iamr = BigInt(this.#random.below(2)) << 62n;
    this.#plane.on(index, 'moveToSpr', 61, cpu.iamr);
  }

  #anyAddress(): bigint {
    const page = this.#random.pick(pages);
    const quadrant = this.#random.chance(3) ? quadrant3 : 0n;
    return quadrant | page.start | this.#random.pick(offsets[String(page.shift)] ?? [0n]);
  }

  access(): void {
    const page = this.#random.chance(4) ? this.#anyAddress() : this.#random.pick(this.#recent);
    this.#recent[this.#random.below(12)] = page;
    const access = this.#random.pick(['load', 'load', 'store', 'fetch'] as const);
    this.#access(this.#random.below(2), access, page | BigInt(this.#random.below(512) * 8));
  }

  /** Quadrants that a guest has not, and addresses beyond a tree. */
  odd(): void {
    const ea = this.#random.pick([1n << 62n, 2n << 62n, 1n << 52n, quadrant3 | (1n << 52n), 1n << 61n]) | 0x1000n;
    this.#access(this.#random.below(2), this.#random.pick(['load', 'store', 'fetch'] as const), ea);
  }

  #access(index: number, access: Access, ea: bigint): void {
    const expected = this.#translate(index, ea, access);
    const host = this.#plane.probe(index, tableOf[access], ea);
    if (host !== undefined) {
      this.#count(`${access} hit`);
      this.#checkHit(access, ea, this.#realOf(access, host, ea), expected);
      return;
    }
    if (access === 'fetch') {
      this.#plane.cpu(index).nip = ea;
      this.#plane.on(index, 'fetchRecords');
    } else if (access === 'load') this.#plane.on(index, 'loadSlow', ea, 8);
    else this.#plane.on(index, 'storeSlow', ea, 8, 0n);
    this.#interrupt(index, access, ea, expected);
    // What an operating system does then, most of the time.
    if (expected.kind === 'fault' && !this.#random.chance(4)) this.#mapAt(ea, index);
    if (expected.kind !== 'found') return;
    this.#count(`${access} walk`);
    touchLeaf(expected.leaf, access);
    this.#checkLeaf(expected.leaf);
    if (expected.real < ramBytes) {
      const after = this.#plane.probe(index, tableOf[access], ea);
      assert.ok(after !== undefined, `${access} ${ea.toString(16)}: no TLB entry`);
      assert.equal(this.#realOf(access, after, ea), expected.real);
    } else if (access !== 'fetch') {
      assert.equal(BigInt(this.#plane.mmio.pop()?.real ?? -1), expected.real, 'real address of a device access');
    }
  }

  #realOf(access: Access, host: number, ea: bigint): bigint {
    if (access !== 'fetch') return BigInt(host - this.#plane.ramBase);
    // The harness's records of a page lie at a number that tells the page.
    return ((BigInt(host - Number(ea & 0xfffn) - firstRecords) >> 2n) << 12n) | (ea & 0xfffn);
  }

  #interrupt(index: number, access: Access, ea: bigint, expected: RadixTranslation): void {
    const raised = this.#plane.takeException(index);
    const fetch = access === 'fetch';
    const where = `${access} ${ea.toString(16)}`;
    if (expected.kind === 'found') {
      const outside = fetch && expected.real >= ramBytes;
      assert.equal(raised?.vector, outside ? 0x400 : undefined, where);
      return;
    }
    this.#count(`${access} ${expected.kind}`);
    assert.equal(raised?.vector, expected.kind === 'segment' ? (fetch ? 0x480 : 0x380) : fetch ? 0x400 : 0x300, where);
    if (!fetch) assert.equal(raised?.dar, ea, 'DAR');
    if (expected.kind === 'segment') return;
    if (fetch) assert.equal(raised?.srr1, expected.bits, 'SRR1');
    else assert.equal(raised?.dsisr, expected.bits | (access === 'store' ? 0x200_0000n : 0n), 'DSISR');
  }

  #checkHit(access: Access, ea: bigint, real: bigint, expected: RadixTranslation): void {
    const where = `${access} ${ea.toString(16)}`;
    assert.equal(expected.kind, 'found', `${where}: stale TLB entry`);
    if (expected.kind !== 'found') return;
    assert.equal(real, expected.real, where);
    const needed = access === 'store' ? leafBit.referenced | leafBit.changed : leafBit.referenced;
    assert.equal(expected.leaf.word & needed, needed, `${where}: R or C would be missed`);
  }

  #checkLeaf(leaf: Leaf): void {
    assert.equal(this.#plane.read64(leaf.at), leaf.word, `leaf of ${leaf.start.toString(16)}`);
  }

  /** An access that two pages share. */
  across(): void {
    const index = this.#random.below(2);
    const ea = this.#anyAddress() + 0xffcn;
    const access = this.#random.pick(['load', 'store'] as const);
    if (access === 'load') this.#plane.on(index, 'loadSlow', ea, 8);
    else this.#plane.on(index, 'storeSlow', ea, 8, 0n);
    for (const part of [ea, BigInt.asUintN(64, (ea & ~0xfffn) + 0x1000n)]) {
      const expected = this.#translate(index, part, access);
      if (expected.kind !== 'found') {
        this.#interrupt(index, access, part, expected);
        return;
      }
      touchLeaf(expected.leaf, access);
    }
    assert.equal(this.#plane.takeException(index), undefined);
    this.#plane.mmio.length = 0;
  }

  /** Every leaf, and every TLB entry of all vCPUs and processes. */
  checkAll(): void {
    for (const trees of this.#trees) for (const { leaves } of trees) for (const leaf of leaves) this.#checkLeaf(leaf);
    for (const { index, view, address } of this.#plane.cpus) {
      const now = this.#cpu(index);
      const slotPid = (slot: number): number => view.getInt32(state.tlbPid.offset + 4 * slot, true);
      this.#checkSet(address + stateBytes + tlbSetBytes, { ...now, problem: false });
      for (let slot = 0; slot < tlbPidSlots; slot++) {
        this.#checkSet(address + stateBytes + (2 + slot) * tlbSetBytes, { ...now, problem: true, pid: slotPid(slot) });
      }
    }
  }

  #checkSet(set: number, cpu: RadixCpu): void {
    const { view } = this.#plane;
    for (const [kind, access] of (['load', 'store', 'fetch'] as const).entries()) {
      for (let i = 0; i < tlbEntries; i++) {
        const at = set + (kind * tlbEntries + i) * 16;
        const low = view.getUint32(at, true);
        if ((((low >>> 8) ^ (low >>> 20)) & 0xfff0) !== i * 16) continue; // empty
        const ea = view.getBigUint64(at, true);
        const real = this.#realOf(access, view.getUint32(at + 8, true), ea);
        this.#checkHit(access, ea, real, translateRadix(this.#treeOf, cpu, ea, access));
      }
    }
  }
}

/** Runs random operations; throws with the seed and the operation's number where the data plane and the model differ. */
export function runRadix(run: { readonly seed: number; readonly operations: number }): HashCounts {
  const runner = new Runner(run.seed);
  runRandom(runner, { ...run, checkEvery: 1000 });
  return runner.counts;
}
