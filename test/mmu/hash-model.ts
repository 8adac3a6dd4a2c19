// Hash translation said plainly: SLB, page table groups, protection, reference and change bits, and the hypercalls on the
// table. It searches for everything each time (Power ISA v3.0 Book III, sections 5.7.7, 5.7.8, 5.7.9; PAPR, 14.5.4.1).
import type { PageKind } from './page-sizes.ts';

/** What an access does. */
export type Access = 'load' | 'store' | 'fetch';

/** What a translation gives: a real address, or an interrupt with its bits of DSISR or SRR1 (without "store"). */
export type Translation =
  | { readonly kind: 'found'; readonly real: bigint; readonly slot: number }
  | { readonly kind: 'segment' }
  | { readonly kind: 'fault'; readonly bits: bigint };

/** An SLB entry as `slbmte` gives it. */
export interface SegmentEntry {
  readonly esidWord: bigint;
  readonly vsidWord: bigint;
}

/** One vCPU's share of translation. */
export interface ModelCpu {
  readonly slb: (SegmentEntry | undefined)[];
  problem: boolean;
  amr: bigint;
  iamr: bigint;
}

/** Status values of hypercalls. */
export const hStatus = { success: 0, parameter: -4, groupFull: -6, notFound: -7 } as const;

/** Bits of a page table entry. */
export const pte = {
  valid: 1n,
  secondary: 2n,
  bolted: 0x10n,
  referenced: 0x100n,
  changed: 0x80n,
  noExecute: 4n,
  guarded: 8n,
  coherent: 0x10n,
  inhibited: 0x20n,
  writeThrough: 0x40n,
  rights: 0xb000_0000_0000_0e07n,
} as const;

/** Flags of the calls, by PAPR's bit numbers. */
export const hFlag = {
  exact: 1n << (63n - 24n),
  read4: 1n << (63n - 26n),
  avpn: 1n << (63n - 32n),
  andCond: 1n << (63n - 33n),
  zeroPage: 1n << (63n - 48n),
} as const;

/** Figure "Protection states": rights by the segment's key bit (row) and PP0 || PP (column). */
const protection = [
  ['rw', 'rw', 'rw', 'r', '', '', 'r', ''],
  ['', 'r', 'rw', 'r', '', '', '', ''],
] as const;

const noPage = 1n << (63n - 33n);
const noExecute = 1n << (63n - 35n);
const protectionFault = 1n << (63n - 36n);
const keyFault = 1n << (63n - 42n);

const tera = 1n << 62n;
const ones = (bits: bigint): bigint => (1n << bits) - 1n;

/** log2 of a segment's size. */
export function segmentShift(vsidWord: bigint): bigint {
  return (vsidWord & tera) !== 0n ? 40n : 28n;
}

/** A virtual page as the page table knows it. */
export interface VirtualPage {
  /** B || AVPN as in an entry's first word, without its low bits. */
  readonly avpn: bigint;
  readonly hash: bigint;
}

/** The virtual page of an address in a segment with this VSID word and base page size. */
export function virtualPage(vsidWord: bigint, ea: bigint, base: bigint): VirtualPage {
  const shift = segmentShift(vsidWord);
  const vsid = (vsidWord & ones(62n)) >> (shift === 40n ? 24n : 12n);
  const offset = ea & ones(shift);
  const page = offset >> base;
  const hash = (shift === 40n ? vsid ^ (vsid << 25n) : vsid) ^ page;
  const address = (vsid << shift) | (page << base);
  return { avpn: (vsidWord & tera) | ((address >> 23n) << 7n), hash: hash & ones(39n) };
}

/** The machine: one table, some vCPUs. */
export class HashModel {
  readonly cpus: readonly ModelCpu[];
  readonly kinds: readonly PageKind[];
  readonly ramBytes: bigint;
  readonly isa300: boolean;
  /** First and second words, and the hash of what an entry was made for. */
  first: BigUint64Array;
  second: BigUint64Array;
  hashes: BigUint64Array;

  constructor(options: { cpus: number; slots: number; kinds: readonly PageKind[]; ramBytes: number; isa300: boolean }) {
    this.cpus = Array.from({ length: options.cpus }, () => ({
      slb: new Array<SegmentEntry | undefined>(32).fill(undefined),
      problem: false,
      amr: 0n,
      iamr: 0n,
    }));
    this.kinds = options.kinds;
    this.ramBytes = BigInt(options.ramBytes);
    this.isa300 = options.isa300;
    this.first = new BigUint64Array(options.slots);
    this.second = new BigUint64Array(options.slots);
    this.hashes = new BigUint64Array(options.slots);
  }

  get slots(): number {
    return this.first.length;
  }
  get groups(): bigint {
    return BigInt(this.slots / 8);
  }
  entry(slot: number): [bigint, bigint] {
    return [this.first[slot] ?? 0n, this.second[slot] ?? 0n];
  }
  #set(slot: number, first: bigint, second: bigint): void {
    this.first[slot] = first;
    this.second[slot] = second;
  }
  #isValid(slot: number): boolean {
    return ((this.first[slot] ?? 0n) & pte.valid) !== 0n;
  }

  /** The SLB entry that an address lies in. */
  segmentOf(cpu: ModelCpu, ea: bigint): SegmentEntry | undefined {
    return cpu.slb.find((entry) => entry && (entry.esidWord ^ ea) >> segmentShift(entry.vsidWord) === 0n);
  }

  /** First slot of the group where a hash is looked for. */
  groupOf(hash: bigint, secondary: boolean): number {
    return Number((secondary ? ~hash : hash) & (this.groups - 1n)) * 8;
  }

  /** The page kind of an entry; with a base page size only among those of such segments. */
  kindOf(first: bigint, second: bigint, base?: bigint): PageKind | undefined {
    return this.kinds.find(
      (kind) =>
        (base === undefined || kind.base === base) &&
        (first & 4n) === kind.large &&
        (kind.large === 0n || (second & ones(60n) & ones(kind.actual) & ~0xfffn) === kind.lp),
    );
  }

  /** Slot of the entry for a virtual page. */
  find(page: VirtualPage, base: bigint): number | undefined {
    for (const secondary of [false, true]) {
      const group = this.groupOf(page.hash, secondary);
      for (let slot = group; slot < group + 8; slot++) {
        const [first, second] = this.entry(slot);
        if ((first & pte.valid) === 0n || ((first & pte.secondary) !== 0n) !== secondary) continue;
        if ((first & ~0x7fn) === page.avpn && this.kindOf(first, second, base)) return slot;
      }
    }
    return undefined;
  }

  /** Where an access goes; changes nothing. */
  translate(cpu: ModelCpu, ea: bigint, access: Access, problem = cpu.problem): Translation {
    const segment = this.segmentOf(cpu, ea);
    if (!segment) return { kind: 'segment' };
    const { vsidWord } = segment;
    const noExecuteSegment = (vsidWord & 0x200n) !== 0n;
    if (access === 'fetch' && noExecuteSegment) return { kind: 'fault', bits: noExecute };
    const base = this.kinds.find(({ slb }) => slb === (vsidWord & 0x130n))?.base;
    const slot = base === undefined ? undefined : this.find(virtualPage(vsidWord, ea, base), base);
    if (base === undefined || slot === undefined) return { kind: 'fault', bits: noPage };
    const [first, second] = this.entry(slot);
    const bits = this.#denied(cpu, second, access, (vsidWord & (problem ? 0x400n : 0x800n)) !== 0n);
    if (bits !== 0n) return { kind: 'fault', bits };
    const shift = this.kindOf(first, second, base)?.actual ?? 0n;
    return { kind: 'found', real: (second & ones(60n) & ~ones(shift)) | (ea & ones(shift)), slot };
  }

  #denied(cpu: ModelCpu, second: bigint, access: Access, key: boolean): bigint {
    const pp = Number((second & 3n) | ((second >> 61n) & 4n));
    const allowed = protection[key ? 1 : 0][pp] ?? '';
    const number = ((second >> 57n) & 0x18n) | ((second >> 9n) & 7n);
    const [writeBit, readBit] = [1n << (63n - 2n * number), 1n << (62n - 2n * number)];
    let bits = 0n;
    if (access === 'fetch') {
      if ((second & (pte.noExecute | pte.guarded)) !== 0n) bits |= noExecute;
      else if (allowed === '') bits |= protectionFault;
      if ((cpu.iamr & readBit) !== 0n) bits |= keyFault;
    } else {
      if (!allowed.includes(access === 'load' ? 'r' : 'w')) bits |= protectionFault;
      if ((cpu.amr & (access === 'load' ? readBit : writeBit)) !== 0n) bits |= keyFault;
    }
    return bits;
  }

  /** Records that an access was made through an entry. */
  touch(slot: number, access: Access): void {
    this.second[slot] = (this.second[slot] ?? 0n) | pte.referenced | (access === 'store' ? pte.changed : 0n);
  }

  slbia(cpu: ModelCpu, ih: number): void {
    if (this.isa300 && ih === 7) return;
    const spared = this.isa300 && (ih === 3 || ih === 4) ? -1 : 0;
    cpu.slb.forEach((entry, n) => {
      if (n === spared || !entry) return;
      if (this.isa300 && ih === 3 && (entry.vsidWord & 0x80n) === 0n) return;
      cpu.slb[n] = undefined;
    });
  }

  slbie(cpu: ModelCpu, rb: bigint): void {
    const shift = ((rb >> 25n) & 3n) === 1n ? 40n : 28n;
    cpu.slb.forEach((entry, n) => {
      if (entry && segmentShift(entry.vsidWord) === shift && (entry.esidWord ^ rb) >> shift === 0n) {
        cpu.slb[n] = undefined;
      }
    });
  }

  /** H_ENTER; the hash is that of the page which the entry is for. */
  enter(flags: bigint, index: bigint, first: bigint, second: bigint, hash: bigint): { status: number; slot: number } {
    const kind = this.kindOf(first, second);
    if (!kind || index >= BigInt(this.slots)) return { status: hStatus.parameter, slot: 0 };
    const real = second & ones(60n) & ~ones(kind.actual);
    const wimg = second & 0x78n;
    const fits = real < this.ramBytes ? wimg === pte.coherent : (wimg & 0x60n) === pte.inhibited;
    if (!fits) return { status: hStatus.parameter, slot: 0 };
    const from = (flags & hFlag.exact) !== 0n ? Number(index) : Number(index & ~7n);
    const last = (flags & hFlag.exact) !== 0n ? from : from + 7;
    for (let slot = from; slot <= last; slot++) {
      if (this.#isValid(slot)) continue;
      this.#set(slot, first & ~0x60n, second);
      this.hashes[slot] = hash;
      return { status: hStatus.success, slot };
    }
    return { status: hStatus.groupFull, slot: 0 };
  }

  #condition(index: bigint, flags: bigint, avpn: bigint): number {
    if (index >= BigInt(this.slots)) return hStatus.parameter;
    const [first] = this.entry(Number(index));
    if ((first & pte.valid) === 0n) return hStatus.notFound;
    if ((flags & hFlag.avpn) !== 0n && (first & ~0x7fn) !== avpn) return hStatus.notFound;
    return (flags & hFlag.andCond) !== 0n && (first & avpn) !== 0n ? hStatus.notFound : hStatus.success;
  }

  /** H_REMOVE. */
  remove(flags: bigint, index: bigint, avpn: bigint): { status: number; old: [bigint, bigint] } {
    const status = this.#condition(index, flags, avpn);
    if (status !== hStatus.success) return { status, old: [0n, 0n] };
    const old = this.entry(Number(index));
    this.#set(Number(index), 0n, 0n);
    return { status, old };
  }

  /** H_PROTECT. */
  protect(flags: bigint, index: bigint, avpn: bigint): number {
    const status = this.#condition(index, flags & hFlag.avpn, avpn);
    if (status !== hStatus.success) return status;
    const [first, second] = this.entry(Number(index));
    const rights = ((flags >> 8n) << 63n) | (((flags >> 12n) & 3n) << 60n) | (flags & 0xe07n);
    this.#set(Number(index), first, (second & ~pte.rights) | (rights & pte.rights));
    return hStatus.success;
  }

  /** H_CLEAR_REF, H_CLEAR_MOD. */
  clear(index: bigint, bit: bigint): { status: number; old: bigint } {
    const status = this.#condition(index, 0n, 0n);
    if (status !== hStatus.success) return { status, old: 0n };
    const [first, second] = this.entry(Number(index));
    this.#set(Number(index), first, second & ~bit);
    return { status, old: second };
  }

  /** Every entry to its place in a table of another size; false when two bolted ones want one place. */
  resize(slots: number): boolean {
    const next = new HashModel({ cpus: 0, slots, kinds: this.kinds, ramBytes: 0, isa300: true });
    for (let slot = 0; slot < this.slots; slot++) {
      if (!this.#isValid(slot)) continue;
      const [first, second] = this.entry(slot);
      const hash = this.hashes[slot] ?? 0n;
      const to = next.groupOf(hash, (first & pte.secondary) !== 0n) + (slot & 7);
      if (next.#isValid(to)) {
        if ((first & pte.bolted) === 0n) continue;
        if (((next.first[to] ?? 0n) & pte.bolted) !== 0n) return false;
      }
      next.#set(to, first, second);
      next.hashes[to] = hash;
    }
    [this.first, this.second, this.hashes] = [next.first, next.second, next.hashes];
    return true;
  }
}
