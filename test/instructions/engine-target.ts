// The engine as a target of instruction tests.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelBit, type StateName, sprOffset, state as stateItems } from '../../src/cpu/state.ts';
import { codeKey } from '../../src/engine/code-key.ts';
import { leaveReason } from '../../src/engine/leave-reason.ts';
import { TestCpu, type TestCpuOptions } from '../../src/engine/test-cpu.ts';
import { defaultTuning } from '../../src/engine/translator/translator-tuning.ts';
import { isPrefix } from '../../src/isa/field.ts';
import { block, type ExecutionTarget, windowAddress, windowBytes } from './machine-state.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** XER bits that have a place of their own in the state block, as shifts. */
const xerBits = [
  ['so', 31],
  ['ov', 30],
  ['ca', 29],
  ['ov32', 19],
  ['ca32', 18],
] as const;

const offsetOf = (name: StateName) => stateItems[name].offset;

/** sc 1: comes back to the caller. */
const returnWord = 0x4400_0022;
/** Guest real addresses of the programs. */
const codeStart = 0x1_0000;
const codeEnd = 0x40_0000;
const pageBytes = 4096;

/** How a target is made. */
export interface EngineTargetOptions {
  readonly edition: NonNullable<TestCpuOptions['edition']>;
  readonly littleEndian: boolean;
  /** Runs with MSR[SF]=0. */
  readonly is32?: boolean;
  /** Translates every program before it runs. */
  readonly translate: boolean;
}

/** Runs programs on a {@link TestCpu}: interpreted, or translated in one batch. */
export class EngineTarget implements ExecutionTarget {
  readonly #cpu: TestCpu;
  readonly #options: EngineTargetOptions;
  #programs: readonly { readonly address: number; readonly end: number }[] = [];
  readonly #view: DataView;
  readonly #bytes: Uint8Array;

  constructor(options: EngineTargetOptions) {
    const { edition, littleEndian, translate } = options;
    const dataPlane = readFileSync(join(root, 'dist/assembly/data-plane.wasm'));
    const translator = { ...defaultTuning, threshold: 1, batch: Number.POSITIVE_INFINITY, onlyExecuted: false };
    this.#options = options;
    this.#cpu = new TestCpu({ edition, littleEndian, images: { dataPlane }, ...(translate ? { translator } : {}) });
    const { view } = this.#cpu.vcpu;
    this.#view = view;
    this.#bytes = new Uint8Array(view.buffer, view.byteOffset);
    for (let vector = 0x100; vector < 0x1000; vector += 0x20) {
      // Interrupts are taken in big-endian mode (LPCR[ILE]=0).
      this.#cpu.engine.ram.write32(vector, returnWord);
    }
  }

  #encode(words: readonly number[]): Uint8Array {
    const bytes = new DataView(new ArrayBuffer(4 * words.length));
    for (const [i, word] of words.entries()) bytes.setUint32(4 * i, word, this.#options.littleEndian);
    return new Uint8Array(bytes.buffer);
  }

  load(programs: readonly (readonly number[])[]): readonly bigint[] {
    const places: { address: number; end: number }[] = [];
    const pages = new Map<number, number[]>();
    let address = codeStart;
    for (const words of programs) {
      const needed = 4 * (words.length + 1);
      if (isPrefix(words[0] ?? 0) && address % 64 === 60) {
        pages.get(address - (address % pageBytes))?.push(returnWord);
        address += 4;
      }
      // A page begins with a return of its own, which makes it known as code; no program crosses its end.
      if ((address % pageBytes) + needed > pageBytes) address = Math.ceil(address / pageBytes) * pageBytes;
      if (address % pageBytes === 0) {
        pages.set(address, [returnWord]);
        address += 4;
      }
      pages.get(address - (address % pageBytes))?.push(...words, returnWord);
      places.push({ address, end: address + needed });
      address += needed;
    }
    if (address > codeEnd) throw new Error(`${programs.length} programs are too many for one load`);
    for (const [start, words] of pages) this.#writePage(start, words);
    this.#programs = places;
    if (this.#options.translate) this.#translate();
    return places.map((place) => BigInt(place.address));
  }

  #writePage(start: number, words: readonly number[]): void {
    this.#cpu.engine.ram.writeBytes(start, this.#encode(words));
    this.#cpu.reset();
    this.#runAt(start);
  }

  #translate(): void {
    const { translator } = this.#cpu.engine;
    const { littleEndian } = this.#options;
    for (const { address } of this.#programs) {
      const key = codeKey({ realPage: Math.floor(address / pageBytes), restricted: false, littleEndian });
      translator?.sample({ key, offset: address % pageBytes });
    }
    translator?.translateWaiting();
  }

  /** Regions that were translated so far. */
  get regions(): number {
    return this.#cpu.engine.translator?.statistics.regions ?? 0;
  }

  #runAt(address: number): number {
    this.#cpu.vcpu.nip = BigInt(address);
    // Interrupt vectors hold a return, too.
    return this.#cpu.engine.run(this.#cpu.vcpu, 16).reason;
  }

  run(index: number): number | undefined {
    const program = this.#programs[index];
    if (program === undefined) throw new Error(`no program ${index}`);
    const reason = this.#runAt(program.address);
    const nip = Number(this.#cpu.vcpu.nip);
    return reason === leaveReason.hypercall && nip === program.end ? undefined : nip & ~0x1f;
  }

  setState(state: Uint8Array): void {
    const from = new DataView(state.buffer, state.byteOffset, block.bytes);
    const model = Object.values(modelBit).reduce((sum, bit) => sum | bit, 0);
    this.#view.setInt32(offsetOf('model'), model, true);
    this.#cpu.reset();
    if (this.#options.is32) {
      this.#cpu.vcpu.msr &= ~(1n << 63n);
      this.#cpu.engine.dataPlane.updateContext(this.#cpu.vcpu.address);
    }
    this.#bytes.set(state.subarray(block.gpr, block.gpr + 256), offsetOf('gpr'));
    this.#bytes.set(state.subarray(block.vsr, block.vsr + 1024), offsetOf('vsr'));
    this.#cpu.vcpu.cr = from.getUint32(block.cr, true);
    const xer = from.getUint32(block.xer, true);
    for (const [name, shift] of xerBits) this.#set64(offsetOf(name), BigInt((xer >>> shift) & 1));
    this.#set64(offsetOf('xerLow'), BigInt(xer & 0x7f));
    this.#set64(sprOffset(9), from.getBigUint64(block.ctr, true));
    this.#set64(sprOffset(8), from.getBigUint64(block.lr, true));
    this.#set64(sprOffset(815), from.getBigUint64(block.tar, true));
    this.#set64(offsetOf('fpscr'), from.getBigUint64(block.fpscr, true));
    this.#set64(offsetOf('vscr'), from.getBigUint64(block.vscr, true));
    this.#cpu.engine.ram.writeBytes(windowAddress, state.subarray(block.memory, block.memory + windowBytes));
  }

  getState(state: Uint8Array): void {
    const to = new DataView(state.buffer, state.byteOffset, block.bytes);
    state.set(this.#bytes.subarray(offsetOf('gpr'), offsetOf('gpr') + 256), block.gpr);
    state.set(this.#bytes.subarray(offsetOf('vsr'), offsetOf('vsr') + 1024), block.vsr);
    to.setBigUint64(block.cr, BigInt(this.#cpu.vcpu.cr), true);
    let xer = Number(this.#get64(offsetOf('xerLow')));
    for (const [name, shift] of xerBits) xer |= Number(this.#get64(offsetOf(name))) << shift;
    to.setBigUint64(block.xer, BigInt(xer >>> 0), true);
    to.setBigUint64(block.ctr, this.#get64(sprOffset(9)), true);
    to.setBigUint64(block.lr, this.#get64(sprOffset(8)), true);
    to.setBigUint64(block.tar, this.#get64(sprOffset(815)), true);
    to.setBigUint64(block.fpscr, this.#get64(offsetOf('fpscr')), true);
    to.setBigUint64(block.vscr, this.#get64(offsetOf('vscr')), true);
    state.set(this.#cpu.engine.ram.readBytes(windowAddress, windowBytes), block.memory);
  }

  #get64(offset: number): bigint {
    return this.#view.getBigUint64(offset, true);
  }

  #set64(offset: number, value: bigint): void {
    this.#view.setBigUint64(offset, value, true);
  }
}
