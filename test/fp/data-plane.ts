// Runs functions of the data plane on a state block of their own, for tests.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vcpuBase } from '../../src/cpu/memory-map.ts';
import { state } from '../../src/cpu/state.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** The data plane with one vCPU. */
export interface DataPlane {
  /** Calls a function with the vCPU's address and these arguments. */
  call(name: string, ...args: readonly (bigint | number)[]): unknown;
  /** As `call`, for a result of 64 bits: unsigned. */
  call64(name: string, ...args: readonly (bigint | number)[]): bigint;
  readonly view: DataView;
  readonly cpu: number;
  fpscr(): bigint;
  setFpscr(value: bigint): void;
  /** Linear-memory address of VSR n. */
  vsrRef(n: number): number;
  vsr(n: number): bigint;
  setVsr(n: number, value: bigint): void;
}

/** Loads the built data plane into a memory of its own. */
export function loadDataPlane(): DataPlane {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
  const module = new WebAssembly.Module(readFileSync(join(root, 'dist/assembly/data-plane.wasm')));
  // What the machine around the data plane offers is out of reach of these functions.
  const environment = new Proxy<Record<string, unknown>>(
    { memory },
    { get: (target, name) => target[String(name)] ?? (() => unexpected(String(name))) },
  );
  const { exports } = new WebAssembly.Instance(module, { env: environment });
  const view = new DataView(memory.buffer);
  const cpu = vcpuBase;
  const vsrRef = (n: number) => cpu + state.vsr.offset + 16 * n;
  const call = (name: string, ...args: readonly (bigint | number)[]): unknown => {
    const f = exports[name];
    if (typeof f !== 'function') throw new Error(`the data plane has no function ${name}`);
    return f(cpu, ...args);
  };
  return {
    call,
    call64: (name, ...args) => {
      const result = call(name, ...args);
      if (typeof result !== 'bigint') throw new Error(`${name} has no 64-bit result`);
      return BigInt.asUintN(64, result);
    },
    view,
    cpu,
    fpscr: () => view.getBigUint64(cpu + state.fpscr.offset, true),
    setFpscr: (value) => view.setBigUint64(cpu + state.fpscr.offset, value, true),
    vsrRef,
    vsr: (n) => (view.getBigUint64(vsrRef(n) + 8, true) << 64n) | view.getBigUint64(vsrRef(n), true),
    setVsr: (n, value) => {
      view.setBigUint64(vsrRef(n) + 8, value >> 64n, true);
      view.setBigUint64(vsrRef(n), BigInt.asUintN(64, value), true);
    },
  };
}

function unexpected(name: string): never {
  throw new Error(`the data plane called ${name}`);
}
