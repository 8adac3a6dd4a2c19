// The engine as a target of instruction tests.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelBit, type StateName, sprOffset, state as stateItems } from '../../src/cpu/state.ts';
import { TestCpu, type TestCpuOptions } from '../../src/engine/test-cpu.ts';
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

/** Runs words on a {@link TestCpu}. */
export class EngineTarget implements ExecutionTarget {
  readonly #cpu: TestCpu;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;

  constructor(options: Omit<TestCpuOptions, 'images'>) {
    const dataPlane = readFileSync(join(root, 'dist/assembly/data-plane.wasm'));
    this.#cpu = new TestCpu({ ...options, images: { dataPlane } });
    const { view } = this.#cpu.vcpu;
    this.#view = view;
    this.#bytes = new Uint8Array(view.buffer, view.byteOffset);
  }

  addressFor(words: number): bigint {
    return BigInt(this.#cpu.addressFor(words));
  }

  setState(state: Uint8Array): void {
    const from = new DataView(state.buffer, state.byteOffset, block.bytes);
    const model = Object.values(modelBit).reduce((sum, bit) => sum | bit, 0);
    this.#view.setInt32(offsetOf('model'), model, true);
    this.#cpu.reset();
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

  step(words: readonly number[]): number | undefined {
    return this.#cpu.execute(words);
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
