// The engine: one linear memory, the data plane, the interpreter of each mode, and the decoded code.
import { GuestMemory } from '../cpu/guest-memory.ts';
import { machineWord, vcpuBase, vcpuStride } from '../cpu/memory-map.ts';
import { modelBit, state } from '../cpu/state.ts';
import { Vcpu } from '../cpu/vcpu.ts';
import { type Decode, decoderOf } from '../isa/decode.ts';
import { isPrefix } from '../isa/field.ts';
import { instructionTable } from '../isa/table.ts';
import { type IsaVersion, isAtLeast } from '../isa/version.ts';
import { isRestrictedKey, realPageOf } from './code-key.ts';
import { CodeMemory } from './code-memory.ts';
import { CodePages } from './code-pages.ts';
import { type GeneratedInterpreter, generateInterpreter } from './interpreter/generate.ts';
import type { HandlerMap } from './interpreter/handler-map.ts';
import type { Mode } from './interpreter/mode.ts';
import { leaveReason } from './leave-reason.ts';
import { layOutMemory, type MemoryLayout } from './memory-layout.ts';
import { type EngineProfile, engineProfile } from './profile.ts';
import { tlbIndex } from './tlb-index.ts';
import { BatchCompiler, type BatchCompilerSetup } from './translator/batch-compiler.ts';
import { furthestPlace } from './translator/region-frame.ts';
import type { CodePage, RegionPlace, StraightRun } from './translator/region-place.ts';
import { generateRegionSwitch } from './translator/region-switch.ts';
import { type TranslationThread, Translator } from './translator/translator.ts';
import type { TranslatorTuning } from './translator/translator-tuning.ts';

/** What the engine asks of the machine around it; the data plane's imports without the 64-bit plumbing. */
export interface EngineHost {
  /** Load or store outside RAM. `value` is what a big-endian access of `size` bytes sees; undefined: nothing there. */
  mmioRead(vcpu: Vcpu, realHigh: number, realLow: number, size: number): bigint | undefined;
  mmioWrite(vcpu: Vcpu, realHigh: number, realLow: number, size: number, value: bigint): boolean;
  /** Timebase ticks since the machine started: a whole number, exact for half a year. */
  ticks(): number;
  /** The decrementer's expiry time of a vCPU has changed. */
  timerChanged(vcpu: Vcpu): void;
  /** An interrupt (vector; 0x3000 for scv) is about to be taken; `nip` and MSR are the interrupted ones. Costs time. */
  interrupted?(vcpu: Vcpu, vector: number): void;
  /** An instruction was decoded: its real address and word, and the word behind it where that may be its suffix. */
  decoded?(realAddress: number, word: number, suffix: number | undefined): void;
}

/** Generated code that a build provides: modules by `le64`, `be64`, `be32`, `le32`, and the data plane. */
export interface EngineImages {
  readonly dataPlane: Uint8Array;
  /** Interpreters made at build time; without them they are generated when first needed. */
  readonly interpreters?: { readonly handlers: HandlerMap; readonly modules: Readonly<Record<string, Uint8Array>> };
}

/** What an engine is made of. */
export interface EngineOptions {
  readonly vcpus: number;
  /** Bytes of guest RAM, a multiple of 64 KiB. */
  readonly ramBytes: number;
  /** Bytes of the hash page table, a power of two; 0 = none. */
  readonly hptBytes?: number;
  /** Page sizes in that table: a sum of `hashPageBit`. */
  readonly hashPages?: number;
  /** Bytes that it can grow to; a power of two, at least `hptBytes`. */
  readonly hptCapacity?: number;
  /** Edition of the CPU model: newer instructions are illegal. */
  readonly edition: IsaVersion;
  readonly images: EngineImages;
  /** Keep where slices end, for {@link Engine.profile}. */
  readonly sampling?: boolean;
  /** Translate hot code; without it everything is interpreted. */
  readonly translator?: TranslatorTuning;
  /** Starts a thread that translates while guest code runs; without it that is done in between. */
  readonly translationThread?: StartTranslationThread | undefined;
}

/** Starts a thread with a compiler of a machine's code; `memory` is shared. */
export type StartTranslationThread = (memory: WebAssembly.Memory, setup: BatchCompilerSetup) => TranslationThread;

/** Data-plane functions that TypeScript calls. */
export interface DataPlane {
  /** Starting state of what `darn` delivers. */
  seedRandom(seed0: bigint, seed1: bigint): void;
  tlbInit(cpu: number): void;
  tlbFlushAll(cpu: number): void;
  tlbFlushTranslated(cpu: number): void;
  tlbFlushPid(cpu: number, pid: number): void;
  /** Drops the pages of a PID from `start` to `end` (exclusive). */
  tlbFlushRange(cpu: number, pid: number, start: bigint, end: bigint): void;
  tlbDropWrite(realPage: number): void;
  jumpsChanged(): void;
  /** Forgets the addresses of decoded code; the TLBs are flushed by the caller. */
  forgetRecords(): void;
  translateQuietly(cpu: number, ea: bigint, access: number): bigint;
  updateContext(cpu: number): void;
  /** To be called after a change of DAWRn, DAWRXn or CIABR. */
  watchpointsChanged(cpu: number): void;
  deliver(cpu: number): void;
  returnFromInterrupt(cpu: number): void;
  deliverPending(cpu: number): number;
  /** Hypercalls on the hash page table: arguments and results in the vCPU's GPRs, the result is the status. */
  hEnter(cpu: number): number;
  hRemove(cpu: number): number;
  hBulkRemove(cpu: number): number;
  hProtect(cpu: number): number;
  hRead(cpu: number): number;
  hClearRef(cpu: number): number;
  hClearMod(cpu: number): number;
  /** H_ENTER_NESTED and H_COPY_TOFROM_GUEST; likewise. */
  nestedEnter(cpu: number): number;
  nestedCopy(cpu: number): number;
  /** Ends a run of a guest of the guest: its hypervisor is told a vector, and bits of HSRR1. */
  nestedLeave(cpu: number, vector: number, status: bigint): void;
  /** Drops the translations of a guest of the guest, by LPID, or (all = 1) of all of them. */
  nestedInvalidate(lpid: number, all: number): void;
  /** Empties a table; moves all entries of the current table to it (1), or leaves everything as it is (0). */
  hptClear(at: number, bytes: number): void;
  hptRehash(to: number, bytes: number): number;
}

/** Record pages that an engine keeps: 4000 pages of guest code in 64 MiB. */
const recordPages = 4000;

/** The modes that an interpreter exists for, by name. */
export const interpreterModes: Readonly<Record<'le64' | 'be64' | 'be32' | 'le32', Mode>> = {
  le64: { is64: true, littleEndian: true },
  be64: { is64: true, littleEndian: false },
  be32: { is64: false, littleEndian: false },
  le32: { is64: false, littleEndian: true },
};

/** The newest edition of a program that lacks these editions (bits of `modelBit`, not 0): the one below the oldest of them. */
function editionBelow(mask: number): IsaVersion {
  if (mask & modelBit.isa206) return '2.05';
  if (mask & modelBit.isa207) return '2.06';
  return mask & modelBit.isa300 ? '2.07' : '3.0';
}

/** Name of the mode that MSR asks for. */
export function modeName(msr: bigint): 'le64' | 'be64' | 'be32' | 'le32' {
  const is64 = msr >> 63n === 1n;
  const littleEndian = (msr & 1n) === 1n;
  return littleEndian ? (is64 ? 'le64' : 'le32') : is64 ? 'be64' : 'be32';
}

type Run = (cpu: number) => number;

/** A place at which regions are to be joined, and its effective address. */
interface JoiningPlace {
  readonly place: RegionPlace;
  readonly nip: bigint;
}

/** Runs vCPUs. */
export class Engine {
  readonly memory: WebAssembly.Memory;
  readonly ram: GuestMemory;
  /** Byte offsets of the two places of the hash page table, and what each can hold. */
  readonly hptPlaces: { readonly bases: readonly [number, number]; readonly capacity: number };
  readonly vcpus: readonly Vcpu[];
  readonly dataPlane: DataPlane;
  readonly code: CodePages;
  /** Undefined when only the interpreter runs. */
  readonly translator: Translator | undefined;
  readonly #view: DataView;
  readonly #sampling: boolean;
  readonly #samples = new Map<bigint, number>();
  readonly #modules = new Map<string, WebAssembly.Module>();
  readonly #runs = new Map<string, Run>();
  readonly #regionSwitch = new WebAssembly.Module(generateRegionSwitch());
  readonly #images: EngineImages;
  readonly #handlers: HandlerMap;
  readonly #imports: Record<string, unknown>;
  readonly #decode: Decode;
  readonly #edition: IsaVersion;
  /** For pages of problem state at a compatibility level. */
  #problemDecode: Decode;
  #problemEdition: IsaVersion;

  constructor(options: EngineOptions, host: EngineHost) {
    const layout = layOutMemory(options.vcpus, options.ramBytes, recordPages, options.hptCapacity);
    this.#images = options.images;
    this.#decode = decoderOf(options.edition);
    this.#problemDecode = this.#decode;
    this.#edition = options.edition;
    this.#problemEdition = options.edition;
    this.#sampling = options.sampling === true;
    this.memory = new WebAssembly.Memory({ initial: layout.totalPages, maximum: layout.totalPages, shared: true });
    const { buffer } = this.memory;
    this.#view = new DataView(buffer);
    this.vcpus = Array.from({ length: options.vcpus }, (_, i) => new Vcpu(buffer, vcpuBase + i * vcpuStride, i));
    this.#imports = { memory: this.memory, ...this.#hostImports(host, new CodeMemory(buffer, layout.ramBase)) };
    const instance = new WebAssembly.Instance(new WebAssembly.Module(options.images.dataPlane), { env: this.#imports });
    // The data plane is compiled from assembly/index.ts, which exports these functions with these signatures.
    this.dataPlane = instance.exports as unknown as DataPlane;
    Object.assign(this.#imports, instance.exports, {
      memory: this.memory,
      regions: new WebAssembly.Table({ element: 'anyfunc', initial: firstRegions }),
      noteHot: (record: number) => {
        // A stepped instruction has its record below the pool.
        if (record >>> 0 >= layout.recordPool) this.translator?.request(this.code.placeOf(record));
      },
    });
    this.#setWords(options, layout);
    if (host.interrupted) this.#view.setBigUint64(machineWord.watchInterrupts, 1n, true);
    this.hptPlaces = { bases: layout.hptBases, capacity: options.hptCapacity ?? 0 };
    this.#handlers = options.images.interpreters?.handlers ?? this.#generate('le64').handlers;
    this.code = new CodePages({
      buffer,
      pool: layout.recordPool,
      pages: layout.recordPages,
      ramBase: layout.ramBase,
      ramBytes: options.ramBytes,
      codeMap: layout.codeMap,
      table: instructionTable,
      decoderFor: (key) => this.#decoderFor(key),
      hasPrefixes: (key) => isAtLeast(isRestrictedKey(key) ? this.#problemEdition : this.#edition, '3.1'),
      handlers: this.#handlers,
      becameCode: (realPage) => this.dataPlane.tlbDropWrite(realPage),
      holdsRegions: (key) => this.translator?.holdsRegions(key) ?? false,
      codeWritten: (key, from, to) => this.translator?.written(key, from, to),
      dropped: () => {
        this.translator?.dropAll();
        this.dataPlane.forgetRecords();
        for (const vcpu of this.vcpus) this.dataPlane.tlbFlushAll(vcpu.address);
      },
    });
    if (options.translator) {
      const setup = { ramBase: layout.ramBase, edition: options.edition, tuning: options.translator };
      this.translator = new Translator({
        store: this.code,
        tuning: options.translator,
        compiler: options.translationThread?.(this.memory, setup) ?? new BatchCompiler(buffer, setup),
        imports: this.#imports,
        problemEdition: () => this.#problemEdition,
        newTable: () => this.#renewRegions(),
        regionGone: () => this.dataPlane.jumpsChanged(),
      });
    }
    this.ram = new GuestMemory(buffer, layout.ramBase, options.ramBytes, (address, length) =>
      this.code.written(address, length),
    );
    for (const vcpu of this.vcpus) {
      vcpu.view.setInt32(state.index.offset, vcpu.index, true);
      this.dataPlane.tlbInit(vcpu.address);
    }
  }

  #setWords(options: EngineOptions, layout: MemoryLayout): void {
    const set = (word: number, value: number) => this.#view.setBigUint64(word, BigInt(value), true);
    set(machineWord.ramBase, layout.ramBase);
    set(machineWord.ramBytes, options.ramBytes);
    set(machineWord.codeMap, layout.codeMap);
    set(machineWord.recordMap, layout.recordMap);
    set(machineWord.hptBase, layout.hptBases[0]);
    set(machineWord.hptBytes, options.hptBytes ?? 0);
    set(machineWord.hashPages, options.hashPages ?? 0);
    set(machineWord.vcpuCount, options.vcpus);
    set(machineWord.vcpuBase, vcpuBase);
  }

  /** The partition table of the guest's own guests (PTCR, 0 = none), and the LPCR bits that they may have of their own. */
  setPartitionTable(ptcr: bigint, lpcrBits: bigint): void {
    this.#view.setBigUint64(machineWord.partitionTable, ptcr, true);
    this.#view.setBigUint64(machineWord.nestedLpcr, lpcrBits, true);
  }

  /**
   * Records of problem state at a compatibility level (Power ISA Book III, section 2.5, PCR) are asked for: those of another
   * level go with all decoded code. A vCPU's `pcrMask` says which editions its programs lack.
   */
  #followLevel(vcpu: Vcpu): void {
    const mask = vcpu.view.getInt32(state.pcrMask.offset, true);
    this.#view.setBigUint64(machineWord.problemMask, BigInt(mask), true);
    const edition = editionBelow(mask);
    if (edition === this.#problemEdition) return;
    this.#problemEdition = edition;
    this.#problemDecode = decoderOf(this.#edition, edition);
    this.code.dropAll();
  }

  #decoderFor(key: number): Decode {
    return isRestrictedKey(key) ? this.#problemDecode : this.#decode;
  }

  #vcpuAt(address: number): Vcpu {
    const vcpu = this.vcpus[(address - vcpuBase) / vcpuStride];
    if (!vcpu) throw new Error(`no vCPU at ${address}`);
    return vcpu;
  }

  #hostImports(host: EngineHost, words: CodeMemory): Record<string, unknown> {
    return {
      mmioRead: (cpu: number, high: number, low: number, size: number): number => {
        const vcpu = this.#vcpuAt(cpu);
        const value = host.mmioRead(vcpu, high >>> 0, low >>> 0, size);
        if (value === undefined) return 1;
        vcpu.view.setBigUint64(state.mmioValue.offset, value, true);
        return 0;
      },
      mmioWrite: (cpu: number, high: number, low: number, size: number): number => {
        const vcpu = this.#vcpuAt(cpu);
        const value = vcpu.view.getBigUint64(state.mmioValue.offset, true);
        return host.mmioWrite(vcpu, high >>> 0, low >>> 0, size, value) ? 0 : 1;
      },
      codeWritten: (_cpu: number, real: number, size: number) => this.code.written(real >>> 0, size),
      decodeRecord: (record: number) => {
        this.code.decodeAt(record);
        this.translator?.firstSeen(this.code.placeOf(record));
        if (!host.decoded) return;
        const place = this.code.placeOf(record);
        const word = words.wordAt(place);
        // A prefix at the end of a page has no suffix.
        const hasSuffix = isPrefix(word) && place.offset % 64 !== 60;
        const suffix = hasSuffix ? words.wordAt({ ...place, offset: place.offset + 4 }) : undefined;
        host.decoded(realPageOf(place.key) * 4096 + place.offset, word, suffix);
      },
      recordsOf: (cpu: number, key: number) => {
        if (isRestrictedKey(key)) this.#followLevel(this.#vcpuAt(cpu));
        return this.code.recordsOf(key);
      },
      ticks: () => {
        // Guests read the time several times in each system call: no bigint is made for it.
        const now = host.ticks();
        this.#view.setUint32(machineWord.virtualTicks, now, true);
        this.#view.setUint32(machineWord.virtualTicks + 4, now / 2 ** 32, true);
      },
      interrupted: (cpu: number, vector: number) => host.interrupted?.(this.#vcpuAt(cpu), vector),
      timerChanged: (cpu: number) => host.timerChanged(this.#vcpuAt(cpu)),
      abort: () => {
        throw new Error('data plane assertion');
      },
    };
  }

  /** A new table of regions for all that is made from now on; interpreters are made anew. */
  #renewRegions(): WebAssembly.Table {
    const table = new WebAssembly.Table({ element: 'anyfunc', initial: firstRegions });
    this.#imports.regions = table;
    const { exports } = new WebAssembly.Instance(this.#regionSwitch, { env: this.#imports });
    this.#imports.goOn = exports.goOn;
    this.#runs.clear();
    return table;
  }

  #generate(name: keyof typeof interpreterModes): GeneratedInterpreter {
    return generateInterpreter(instructionTable, interpreterModes[name]);
  }

  #runOf(msr: bigint): Run {
    const name = modeName(msr);
    let run = this.#runs.get(name);
    if (!run) {
      let module = this.#modules.get(name);
      if (!module) {
        module = new WebAssembly.Module(this.#images.interpreters?.modules[name] ?? this.#generate(name).bytes);
        this.#modules.set(name, module);
      }
      const instance = new WebAssembly.Instance(module, { env: this.#imports });
      // The generated module exports exactly this function.
      run = instance.exports.run as Run;
      this.#runs.set(name, run);
    }
    return run;
  }

  /**
   * Runs a vCPU for at most `budget` instructions (1…2²⁶, more by the length of a straight run). Returns a
   * `leaveReason` other than `mode`, and how many instructions were executed.
   */
  run(vcpu: Vcpu, budget: number): { reason: number; executed: number } {
    let left = budget;
    for (;;) {
      const slice = this.translator ? Math.min(left, this.#nextSample()) : left;
      const { reason, executed } = this.#joining ? this.#trace(vcpu, this.#joining, slice) : this.#slice(vcpu, slice);
      left -= executed;
      if (reason === leaveReason.mode) continue;
      if (reason === leaveReason.budget) {
        this.#sample(vcpu, slice);
        if (left > 0) continue;
      }
      return { reason, executed: budget - left };
    }
  }

  #slice(vcpu: Vcpu, budget: number): { reason: number; executed: number } {
    vcpu.view.setBigInt64(state.budget.offset, BigInt(budget), true);
    const reason = this.#runOf(vcpu.msr)(vcpu.address);
    return { reason, executed: budget - Number(vcpu.view.getBigInt64(state.budget.offset, true)) };
  }

  /** Interprets for a while to see what control does from a place, and has the regions on its way joined. */
  #trace(vcpu: Vcpu, { place, nip }: JoiningPlace, budget: number): { reason: number; executed: number } {
    this.#joining = undefined;
    if (vcpu.nip !== nip) return this.#slice(vcpu, budget);
    const page = this.#pageFinder(vcpu);
    const here = nip & ~0xfffn;
    const runs: StraightRun[] = [];
    const limit = Math.min(budget, tracedInstructions);
    let executed = 0;
    let reason: number = leaveReason.budget;
    vcpu.view.setUint32(state.interpretOnly.offset, 1, true);
    while (runs.length < tracedRuns && executed < limit && reason === leaveReason.budget) {
      const at = Number(BigInt.asIntN(64, vcpu.nip - here));
      const run = this.#slice(vcpu, 1);
      runs.push({ at, instructions: run.executed });
      executed += run.executed;
      reason = run.reason;
    }
    vcpu.view.setUint32(state.interpretOnly.offset, 0, true);
    const pages = new Map<number, CodePage>();
    for (const { at, instructions } of runs) {
      if (Math.abs(at) >= furthestPlace) continue;
      for (const distance of new Set([at >> 12, (at + 4 * instructions) >> 12])) {
        const found = pages.has(distance) ? undefined : page(distance);
        if (found) pages.set(distance, found);
      }
    }
    this.translator?.join(place, { runs, pages });
    return { reason, executed };
  }

  /** Instructions between two looks at where control is: more when what is found runs translated already. */
  #samplePeriod = shortestPeriod;

  #random = 1;

  /** Where control is to be followed next. */
  #joining: JoiningPlace | undefined;

  /** Instructions to the next look: half to one and a half periods. An even period would find a loop at the same few places. */
  #nextSample(): number {
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    return (this.#samplePeriod >>> 1) + Math.floor((this.#random / 2 ** 32) * this.#samplePeriod);
  }

  /** What was done so far. */
  profile(): EngineProfile {
    return engineProfile(this.vcpus, this.translator?.statistics, this.#samples);
  }

  /** Finds the pages of code around where a vCPU is, as far as its TLB knows them. */
  #pageFinder(vcpu: Vcpu): (distance: number) => CodePage | undefined {
    const table = vcpu.view.getUint32(state.tlbExecute.offset, true);
    const here = vcpu.nip & ~0xfffn;
    return (distance) => {
      const page = BigInt.asUintN(64, here + BigInt(distance) * 4096n);
      const entry = table + tlbIndex(Number(page & 0xffff_ffffn));
      if (this.#view.getBigUint64(entry, true) !== page) return undefined;
      const records = this.#view.getUint32(entry + 8, true);
      return { key: this.code.placeOf(records).key, records };
    };
  }

  /** Looks at where control is after a slice of so many instructions. */
  #sample(vcpu: Vcpu, slice: number): void {
    if (this.#sampling) this.#samples.set(vcpu.nip, (this.#samples.get(vcpu.nip) ?? 0) + 1);
    if (!this.translator) return;
    this.translator.tick();
    // A stepped instruction has its record elsewhere.
    if ((vcpu.view.getUint32(state.msr.offset, true) & traceBits) !== 0) return;
    const record = vcpu.view.getUint32(state.record.offset, true);
    if (record === 0) return;
    if (this.code.startsRegion(record)) {
      const place = this.code.placeOf(record);
      const inside = vcpu.view.getUint32(state.endedInside.offset, true) !== 0;
      vcpu.view.setUint32(state.endedInside.offset, 0, true);
      this.#samplePeriod = Math.min(this.#samplePeriod + (this.#samplePeriod >> 2), longestPeriod);
      if (!inside && this.translator.sampleStart(place, slice)) this.#joining = { place, nip: vcpu.nip };
      return;
    }
    this.#samplePeriod = Math.max(this.#samplePeriod >> 1, shortestPeriod);
    this.translator.sample(this.code.placeOf(record));
  }
}

/** How far control is followed to see what it does: straight runs and instructions. */
const tracedRuns = 600;
const tracedInstructions = 8000;

/** MSR[SE] and MSR[BE]. */
const traceBits = 0x600;
/** Entries of the table of regions at first. */
const firstRegions = 4096;

/** Bounds of the sampling period in guest instructions. */
const shortestPeriod = 4096;
const longestPeriod = 131_072;
