// The data plane alone, in a memory of its own: tests call its functions directly against models in TypeScript.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machineWord, tlbEntries, vcpuBase, vcpuStride } from '../src/cpu/memory-map.ts';
import { modelBit, sprOffset, state } from '../src/cpu/state.ts';
import { Vcpu } from '../src/cpu/vcpu.ts';

// Exports have the signatures of assembly/; a test names them itself.
type DataPlaneFunction = (...args: (number | bigint)[]) => number | bigint | undefined;

/** MSR values that tests use. */
export const msr = {
  /** 64-bit supervisor, translation on, interrupts off. */
  kernel: 0x8000000000001033n,
  /** 64-bit problem state. */
  user: 0x800000000000d033n,
  real: 0x8000000000001003n,
} as const;

/** An MMIO access that the data plane asked for. */
export interface MmioAccess {
  readonly real: number;
  readonly size: number;
  /** Value of a write; undefined for a read. */
  readonly value?: bigint;
}

const page = 65536;

/** A machine of `cpus` vCPUs and RAM without an engine. */
export class DataPlane {
  readonly memory: WebAssembly.Memory;
  readonly view: DataView;
  readonly ramBase: number;
  readonly ramBytes: number;
  readonly hptBase: number;
  readonly recordMap: number;
  readonly codeMap: number;
  readonly cpus: Vcpu[] = [];
  readonly mmio: MmioAccess[] = [];
  readonly codeWrites: { real: number; size: number }[] = [];
  readonly recordRequests: number[] = [];
  timerChanges = 0;
  ticks = 1000n;
  /** What MMIO reads give, as a big-endian value; undefined = nothing there. */
  mmioValue: bigint | undefined = 0n;
  readonly #exports: Readonly<Record<string, unknown>>;

  constructor(options: { cpus?: number; ramBytes?: number; hptBytes?: number; hptRoom?: number } = {}) {
    const count = options.cpus ?? 1;
    this.ramBytes = options.ramBytes ?? 4 * 1024 * 1024;
    this.recordMap = vcpuBase + count * vcpuStride;
    this.codeMap = this.recordMap + (this.ramBytes / 4096) * 16;
    this.ramBase = Math.ceil((this.codeMap + this.ramBytes / 4096) / page) * page;
    this.hptBase = this.ramBase + this.ramBytes;
    const pages = (this.hptBase + (options.hptRoom ?? options.hptBytes ?? 0)) / page;
    // The data plane declares a shared memory of at least 64 and at most 65536 pages.
    this.memory = new WebAssembly.Memory({ initial: Math.max(64, pages), maximum: 65536, shared: true });
    this.view = new DataView(this.memory.buffer);
    const path = join(dirname(fileURLToPath(import.meta.url)), '../assembly/data-plane.wasm');
    const module = new WebAssembly.Module(readFileSync(path));
    this.#exports = new WebAssembly.Instance(module, { env: { memory: this.memory, ...this.#imports() } }).exports;
    this.setWord('ramBase', this.ramBase);
    this.setWord('ramBytes', this.ramBytes);
    this.setWord('codeMap', this.codeMap);
    this.setWord('recordMap', this.recordMap);
    this.setWord('hptBase', this.hptBase);
    this.setWord('hptBytes', options.hptBytes ?? 0);
    this.setWord('hashPages', 0xffff);
    this.setWord('vcpuBase', vcpuBase);
    this.setWord('vcpuCount', count);
    for (let i = 0; i < count; i++) {
      const cpu = new Vcpu(this.memory.buffer, vcpuBase + i * vcpuStride, i);
      this.cpus.push(cpu);
      cpu.view.setInt32(state.index.offset, i, true);
      const { isa206, isa207, isa300, radix } = modelBit;
      cpu.view.setInt32(state.model.offset, isa206 | isa207 | isa300 | radix, true);
      this.call('tlbInit', cpu.address);
      this.setMsr(i, msr.real);
    }
  }

  #imports(): Record<string, (...args: number[]) => number | undefined> {
    return {
      ticks: () => {
        this.view.setBigUint64(machineWord.virtualTicks, this.ticks, true);
        return undefined;
      },
      interrupted: () => {},
      timerChanged: () => {
        this.timerChanges++;
        return undefined;
      },
      codeWritten: (_cpu, real = 0, size = 0) => {
        this.codeWrites.push({ real: real >>> 0, size });
        return undefined;
      },
      decodeRecord: () => undefined,
      recordsOf: (_cpu, key = 0) => {
        this.recordRequests.push(key);
        return 0x1000 + key;
      },
      mmioRead: (cpu = 0, high = 0, low = 0, size = 0) => {
        this.mmio.push({ real: (high >>> 0) * 2 ** 32 + (low >>> 0), size });
        if (this.mmioValue === undefined) return 1;
        this.view.setBigUint64(cpu + state.mmioValue.offset, this.mmioValue, true);
        return 0;
      },
      mmioWrite: (cpu = 0, high = 0, low = 0, size = 0) => {
        const value = this.view.getBigUint64(cpu + state.mmioValue.offset, true);
        this.mmio.push({ real: (high >>> 0) * 2 ** 32 + (low >>> 0), size, value });
        return 0;
      },
    };
  }

  /** Calls an export; i64 results come as unsigned. */
  call(name: string, ...args: (number | bigint)[]): number | bigint | undefined {
    // Every function export of the data plane takes and gives numbers and bigints.
    const result = (this.#exports[name] as DataPlaneFunction)(...args);
    return typeof result === 'bigint' ? BigInt.asUintN(64, result) : result;
  }

  /** Calls an export with vCPU `index` first. */
  on(index: number, name: string, ...args: (number | bigint)[]): number | bigint | undefined {
    return this.call(name, this.cpu(index).address, ...args);
  }

  cpu(index: number): Vcpu {
    const cpu = this.cpus[index];
    if (!cpu) throw new Error(`no vCPU ${index}`);
    return cpu;
  }

  setWord(name: keyof typeof machineWord, value: number): void {
    this.view.setBigUint64(machineWord[name], BigInt(value), true);
  }

  setMsr(index: number, value: bigint): void {
    this.cpu(index).msr = value;
    this.on(index, 'updateContext');
  }

  setSpr(index: number, n: number, value: bigint): void {
    this.cpu(index).setSpr(n, value);
    this.on(index, 'updateContext');
  }

  state32(index: number, name: 'exception' | 'facilities' | 'pending' | 'tlbRead' | 'tlbWrite' | 'tlbExecute'): number {
    return this.cpu(index).view.getInt32(state[name].offset, true);
  }

  setState64(index: number, name: 'processTable' | 'nip' | 'exceptionSrr1' | 'tbOffset', value: bigint): void {
    this.cpu(index).view.setBigUint64(state[name].offset, value, true);
  }

  /** The raised vector with its details; the exception is cleared. Undefined when there is none. */
  takeException(index: number): { vector: number; dar: bigint; dsisr: bigint; srr1: bigint } | undefined {
    const cpu = this.cpu(index);
    const vector = this.state32(index, 'exception');
    if (vector === 0) return undefined;
    cpu.view.setInt32(state.exception.offset, 0, true);
    return {
      vector,
      dar: cpu.view.getBigUint64(sprOffset(19), true),
      dsisr: cpu.view.getBigUint64(sprOffset(18), true),
      srr1: cpu.view.getBigUint64(state.exceptionSrr1.offset, true),
    };
  }

  /** A doubleword of guest RAM, big-endian. */
  read64(real: number): bigint {
    return this.view.getBigUint64(this.ramBase + real);
  }
  write64(real: number, value: bigint): void {
    this.view.setBigUint64(this.ramBase + real, value);
  }

  /** What inline code does: the host address on a TLB hit, else undefined. */
  probe(index: number, table: 'tlbRead' | 'tlbWrite' | 'tlbExecute', ea: bigint, size = 1): number | undefined {
    const low = Number(ea & 0xffffffffn);
    const entry = (this.state32(index, table) >>> 0) + (((low >>> 8) ^ (low >>> 20)) & ((tlbEntries - 1) * 16));
    const offset = BigInt.asUintN(64, ea - this.view.getBigUint64(entry, true));
    // Data entries span two pages; see assembly/mmu/tlb.ts.
    if (offset > BigInt((table === 'tlbExecute' ? 4096 : 8192) - size)) return undefined;
    return this.view.getUint32(entry + 8, true) + Number(offset);
  }
}
