// A CPU that runs fuzz cases: page tables, memory, an interrupt handler on the host's side that skips what has failed.
import { clearArchitectedState } from '../../src/cpu/architected-state.ts';
import { modelBit, slotOffset, sprOffset, state } from '../../src/cpu/state.ts';
import type { Vcpu } from '../../src/cpu/vcpu.ts';
import { codeKey } from '../../src/engine/code-key.ts';
import { Engine, type EngineImages } from '../../src/engine/engine.ts';
import { leaveReason } from '../../src/engine/leave-reason.ts';
import type { CodePage } from '../../src/engine/translator/region-place.ts';
import type { TranslatorTuning } from '../../src/engine/translator/translator-tuning.ts';
import type { IsaVersion } from '../../src/isa/version.ts';
import { type FuzzCase, places, windowPages } from './case.ts';

const ramBytes = 0x10_0000;
const processTable = 0x8000;
const lpcrNumber = 318;
/** LPCR of a radix guest: UPRT, GTSE, HR; interrupts come in real mode at the base, big-endian. */
const lpcr = 0x50_0000n;
const pageBytes = 4096;
const largePageBytes = 0x1_0000;
/** By how much each page's content is turned against that of the one before. */
const turn = 72;
/** sc 1: comes back to the host. */
const returnWord = 0x4400_0022;
const systemCallVector = 0xc00;

const leafEntry = (real: number, access: bigint) => (3n << 62n) | BigInt(real) | 0x180n | access;
const readWriteExecute = 7n;
const readExecute = 5n;

/** Where a page is: those of the window, and the read-only ones behind it, in the case's order. */
function realAddress(address: number, scattered: FuzzCase['scattered']): number {
  const index = (address - places.window) / pageBytes;
  const page = index < 0 ? undefined : scattered?.[index % windowPages];
  return page === undefined ? address : address + (page - (index % windowPages)) * pageBytes;
}

/** What one step did. */
export interface StepResult {
  readonly reason: number;
  readonly executed: number;
}

/** One engine with the fuzz machine around it. */
export class FuzzCpu {
  readonly engine: Engine;
  readonly vcpu: Vcpu;
  readonly #image = new Uint8Array(ramBytes);
  readonly #view = new DataView(this.#image.buffer);

  constructor(images: EngineImages, edition: IsaVersion, translator?: TranslatorTuning) {
    this.engine = new Engine(
      { vcpus: 1, ramBytes, edition, images, ...(translator ? { translator } : {}) },
      { mmioRead: () => undefined, mmioWrite: () => false, ticks: () => 0, timerChanged: () => {} },
    );
    const vcpu = this.engine.vcpus[0];
    if (!vcpu) throw new Error('a machine has at least one vCPU');
    this.vcpu = vcpu;
  }

  /** Puts memory and registers into the case's first state, with nothing decoded or translated. */
  prepare(fuzzCase: FuzzCase): void {
    this.engine.code.dropAll();
    this.#fillMemory(fuzzCase);
    this.engine.ram.writeBytes(0, this.#image);
    this.#setRegisters(fuzzCase);
  }

  #fillMemory(fuzzCase: FuzzCase): void {
    const view = this.#view;
    this.#image.fill(0);
    for (let vector = 0x100; vector < 0x4000; vector += 0x20) view.setUint32(vector, returnWord);
    for (let page = 0; places.window + page * pageBytes < places.unmapped; page++) {
      const at = places.window + page * pageBytes;
      const from = (page * turn) % pageBytes;
      this.#image.set(fuzzCase.window.subarray(from), at);
      this.#image.set(fuzzCase.window.subarray(0, from), at + pageBytes - from);
    }
    this.#fillTree(fuzzCase);
    for (const [i, word] of fuzzCase.words.entries())
      view.setUint32(fuzzCase.start + 4 * i, word, fuzzCase.littleEndian);
  }

  /** One tree of 13, 9, 9 and, for pages of 64 KiB, 5 or, for those of 4 KiB, 9 bits. */
  #fillTree({ scattered }: FuzzCase): void {
    const view = this.#view;
    const { pageTables, readOnly, unmapped } = places;
    // RTS stands for 52-bit addresses.
    view.setBigUint64(processTable, 0x4000_0000_0000_00a0n | BigInt(pageTables) | 13n);
    view.setBigUint64(pageTables, (1n << 63n) | BigInt(pageTables + 0x1_0000) | 9n);
    view.setBigUint64(pageTables + 0x1_0000, (1n << 63n) | BigInt(pageTables + 0x1_1000) | 9n);
    const bits = scattered ? 9n : 5n;
    view.setBigUint64(pageTables + 0x1_1000, (1n << 63n) | BigInt(pageTables + 0x1_2000) | bits);
    const size = scattered ? pageBytes : largePageBytes;
    for (let address: number = places.code; address < unmapped; address += size) {
      const access = address >= readOnly ? readExecute : readWriteExecute;
      view.setBigUint64(
        pageTables + 0x1_2000 + 8 * (address / size),
        leafEntry(realAddress(address, scattered), access),
      );
    }
  }

  #setRegisters(fuzzCase: FuzzCase): void {
    const { vcpu } = this;
    clearArchitectedState(vcpu);
    const set = (offset: number, value: bigint) => vcpu.view.setBigUint64(offset, value, true);
    vcpu.view.setInt32(
      state.model.offset,
      Object.values(modelBit).reduce((sum, bit) => sum | bit, 0),
      true,
    );
    vcpu.view.setInt32(state.exception.offset, 0, true);
    set(state.processTable.offset, BigInt(processTable));
    set(state.decExpiry.offset, 1n << 40n);
    set(sprOffset(lpcrNumber), lpcr);
    for (const [n, value] of fuzzCase.gpr.entries()) vcpu.setGpr(n, value);
    for (const [i, value] of fuzzCase.vsr.entries()) set(state.vsr.offset + 8 * i, value);
    vcpu.cr = fuzzCase.cr;
    const [ca, ov, so] = fuzzCase.xer;
    for (const [offset, bit] of [
      [slotOffset.ca, ca],
      [slotOffset.ca32, ca],
      [slotOffset.ov, ov],
      [slotOffset.ov32, ov],
      [slotOffset.so, so],
    ] as const)
      set(offset, BigInt(bit));
    set(slotOffset.lr, fuzzCase.lr);
    set(slotOffset.ctr, fuzzCase.ctr);
    set(slotOffset.fpscr, fuzzCase.fpscr);
    set(slotOffset.vscr, fuzzCase.vscr);
    vcpu.msr = fuzzCase.msr;
    vcpu.nip = BigInt(fuzzCase.start);
    this.engine.dataPlane.tlbInit(vcpu.address);
    this.engine.dataPlane.updateContext(vcpu.address);
  }

  /** Makes regions from some instructions of the case. */
  heat(fuzzCase: FuzzCase): void {
    const { translator, code } = this.engine;
    if (!translator) return;
    const page = (real: number) => {
      const records = code.records(real, fuzzCase.littleEndian);
      const { littleEndian } = fuzzCase;
      return { key: codeKey({ realPage: real >>> 12, restricted: false, littleEndian }), records };
    };
    const hot = fuzzCase.hot.map((index) => fuzzCase.start + 4 * index);
    for (const real of hot) translator.sample({ key: page(real).key, offset: real & 0xfff });
    translator.translateWaiting();
    if (!fuzzCase.joined) return;
    const called = [fuzzCase.lr, fuzzCase.ctr].map(Number);
    for (const real of hot) {
      const here = real & ~0xfff;
      const way = [
        { at: fuzzCase.start - here, instructions: fuzzCase.words.length },
        ...called.map((ea) => ({ at: (ea - here) & ~3, instructions: 1 })),
      ];
      // Regions that control passes through, and regions in which it goes round.
      const runs = fuzzCase.words.length % 2 === 0 ? way : new Array<typeof way>(20).fill(way).flat();
      const pages = new Map<number, CodePage>();
      for (let at = places.code; at < places.window; at += 4096) pages.set((at - here) >> 12, page(at));
      translator.join({ key: page(real).key, offset: real & 0xfff }, { runs, pages });
    }
    translator.translateWaiting();
  }

  /** Runs for a budget. */
  run(budget: number): StepResult {
    return this.engine.run(this.vcpu, budget);
  }

  /** After an interrupt: goes on behind the instruction that raised it, or at the start when that is elsewhere. */
  handleInterrupt(fuzzCase: FuzzCase, reason: number): boolean {
    const { vcpu } = this;
    if (reason !== leaveReason.hypercall || vcpu.nip >= 0x4000n) return false;
    const vector = Number(vcpu.nip) & ~0x1f;
    const after = Number(BigInt.asUintN(32, vcpu.spr(26))) + (vector === systemCallVector ? 0 : 4);
    const inside = after > fuzzCase.start && after < fuzzCase.start + 4 * fuzzCase.words.length;
    vcpu.msr = fuzzCase.msr;
    vcpu.nip = BigInt(inside ? after : fuzzCase.start);
    this.engine.dataPlane.updateContext(vcpu.address);
    return true;
  }

  /** Bytes of RAM, as they are. */
  memory(): Uint8Array {
    return this.engine.ram.readBytes(0, ramBytes);
  }
}
