// One machine: built from an Environment and a Provision, run to its end. A reset builds it anew.
import { pendingInterrupt, state } from '../cpu/state.ts';
import type { Vcpu } from '../cpu/vcpu.ts';
import { Engine } from '../engine/engine.ts';
import { tuningOf } from '../engine/engine-kind.ts';
import { type Environment, vcpuId } from '../environment/index.ts';
import { SpaprIrq } from '../interrupts/spapr-irq.ts';
import type { BootImage } from '../papr/boot-layout.ts';
import type { CallEffect } from '../papr/hypercalls/types.ts';
import { interruptHypercalls, interruptRtasCalls } from '../papr/interrupt-calls.ts';
import { createPlatform, type Platform } from '../papr/platform.ts';
import { blankNvram, formattedNvram } from '../papr/rtas/nvram.ts';
import type { PlatformServices } from '../papr/services.ts';
import { type Bus, createBus } from './bus.ts';
import { type Clock, hostClock, instructionClock } from './clock.ts';
import { guestLog } from './guest-log.ts';
import { HostModel } from './host-model/host-model.ts';
import { type BootLayout, planBoot } from './loader/boot-layout.ts';
import { checkDeviceTreeFile } from './loader/device-tree-file.ts';
import type {
  CreateMachine,
  MachineConfig,
  MachineHandle,
  MachineHost,
  MachineOutcome,
  MachineStatistics,
} from './machine-api.ts';
import { offeredHashPages, pageTableHypercalls } from './page-table-calls.ts';
import { hptCapacity, resizeHypercalls } from './page-table-resize.ts';
import { type RunWatch, Scheduler, type SchedulerEnd } from './scheduler.ts';
import { invalidateTlb } from './tlb-invalidation.ts';
import { editionOfClass, pcrDisabledBits, resetVcpuState } from './vcpu-reset.ts';

const pcrNumber = 338;
const systemCallVector = 0xc00;
/** Longest sleep at a time, so that a stop request is seen. */
const longestSleepMs = 1000;

/** What the firmware is told of the loaded files. */
function bootImage(config: MachineConfig, layout: BootLayout): BootImage {
  const { boot } = config;
  const commandLine = boot.kind === 'none' ? '' : boot.commandLine;
  const initrd = layout.initrd ? { initrd: layout.initrd } : {};
  if (boot.kind === 'kernel' && layout.kernel) {
    const { entry, littleEndian, range } = layout.kernel;
    return { kind: 'kernel', kernel: range, entry, littleEndian, commandLine, ...initrd };
  }
  const kernel = layout.kernel ? { kernel: layout.kernel.range, littleEndian: layout.kernel.littleEndian } : {};
  return { kind: 'firmware', commandLine, ...kernel, ...initrd };
}

/** What a reset keeps. */
interface Kept {
  /** Nanoseconds by which the guest has set its clock. */
  wallOffset: number;
  readonly nvram: Uint8Array;
  readonly hostModel: HostModel;
}

/** Interrupt sources of the console, the NVRAM and the PCI host bridge, by number. */
function deviceSources({ interruptModes }: Environment): { readonly messages: number[]; readonly lines: number[] } {
  const { vio, pciLsi } = interruptModes.ranges;
  return { messages: [vio, vio + 1], lines: [0, 1, 2, 3].map((line) => pciLsi + line) };
}

/** Everything that a reset replaces. */
class Incarnation {
  readonly engine: Engine;
  readonly scheduler: Scheduler;
  readonly platform: Platform;
  readonly irq: SpaprIrq;
  readonly #bus: Bus;
  readonly #config: MachineConfig;
  readonly #host: MachineHost;
  readonly #clock: Clock;
  readonly #kept: Kept;
  /** The guest was told of console input that it has not read yet. */
  #inputSignalled = false;

  constructor(config: MachineConfig, host: MachineHost, clock: Clock, layout: BootLayout, kept: Kept) {
    this.#config = config;
    this.#host = host;
    this.#clock = clock;
    this.#kept = kept;
    const { environment } = config;
    const tuning = tuningOf(config.engine ?? 'translator');
    const log = guestLog(config.logItems, (item, line) => host.log(item, line));
    this.engine = new Engine(
      {
        vcpus: environment.smp.cpus,
        ramBytes: environment.memory.size,
        hptBytes: 2 ** environment.memory.hptShift.initial,
        hptCapacity: hptCapacity(environment),
        hashPages: offeredHashPages(environment),
        edition: editionOfClass[environment.cpu.class],
        images: host.engineImages,
        sampling: config.profile === true,
        ...(tuning ? { translator: { ...tuning, exactBudget: config.icountShift !== undefined } } : {}),
        translationThread: tuning?.atFirstSight ? undefined : host.translationThread,
      },
      {
        mmioRead: (vcpu, high, low, size) => this.#bus.read(vcpu.index, high, low, size),
        mmioWrite: (vcpu, high, low, size, value) => this.#bus.write(vcpu.index, high, low, size, value),
        ticks: () => clock.tickCount(),
        timerChanged: () => {},
        ...log,
      },
    );
    const seed = new Uint8Array(16);
    host.randomBytes(seed);
    const seedView = new DataView(seed.buffer);
    this.engine.dataPlane.seedRandom(seedView.getBigInt64(0), seedView.getBigInt64(8));
    const { vcpus, ram } = this.engine;
    const { interruptModes, smp } = environment;
    const byServer = new Map(vcpus.map((vcpu) => [vcpuId(smp, vcpu.index), vcpu]));
    this.irq = new SpaprIrq({
      mode: interruptModes.offered,
      servers: interruptModes.servers,
      memory: ram,
      setExternal: (server, asserted) => {
        const vcpu = byServer.get(server);
        if (vcpu) this.scheduler.setPending(vcpu, pendingInterrupt.external, asserted);
      },
      timebase: () => clock.ticks(),
      hotplugSource: environment.traits.modernHotplugEvents,
    });
    this.irq.attach(vcpus.map((vcpu) => ({ index: vcpu.index, server: vcpuId(smp, vcpu.index) })));
    const { messages, lines } = deviceSources(environment);
    for (const irq of messages) this.irq.claim(irq, 'message');
    for (const irq of lines) this.irq.claim(irq, 'level');
    this.#bus = createBus(this.irq);
    const deviceTree = config.deviceTree ? checkDeviceTreeFile(config.deviceTree) : undefined;
    this.platform = createPlatform(
      environment,
      this.#services(),
      { image: bootImage(config, layout), nvram: kept.nvram, ...(deviceTree ? { deviceTree } : {}) },
      {
        hypercalls: {
          ...interruptHypercalls(this.irq.hypercalls),
          ...pageTableHypercalls(this.engine.dataPlane),
          ...resizeHypercalls(environment, this.engine),
        },
        rtasCalls: interruptRtasCalls(this.irq.rtasCalls),
        setMode: config.provision.setMode,
      },
    );
    this.scheduler = new Scheduler({
      engine: this.engine,
      clock,
      hypercall: (vcpu) => {
        if (vcpu.nestedLpid !== undefined) return this.#nestedHypercall(vcpu);
        if (!log.hypercall) return this.#hypercall(vcpu);
        const before = [3, 4, 5, 6, 7].map((register) => vcpu.gpr(register));
        const effect = this.#hypercall(vcpu);
        log.hypercall(vcpu, before);
        return effect;
      },
      dispatched: (index, running) => this.platform.dispatched(index, running),
    });
    for (const { address, bytes } of layout.pieces) ram.writeBytes(address, bytes);
    this.platform.reset();
    this.scheduler.start(0);
  }

  /** Why the host makes the machine stop, once it does. */
  get refusal(): Extract<CallEffect, { kind: 'refuse' }> | undefined {
    const { refusal } = this.#kept.hostModel.controllers;
    return refusal && { kind: 'refuse', ...refusal };
  }

  #hypercall(vcpu: Vcpu): CallEffect {
    const effect = this.platform.hypercall(vcpu);
    return this.refusal ?? effect;
  }

  /** What a guest of the guest asks of its hypervisor, but for the little that is done for it here. */
  #nestedHypercall(vcpu: Vcpu): CallEffect {
    if (!this.platform.nestedHypercall(vcpu)) {
      this.engine.dataPlane.nestedLeave(vcpu.address, systemCallVector, 0n);
    }
    return { kind: 'continue' };
  }

  #contextChanged(vcpu: Vcpu): void {
    vcpu.view.setInt32(state.pcrMask.offset, pcrDisabledBits(vcpu.spr(pcrNumber)), true);
    this.engine.dataPlane.watchpointsChanged(vcpu.address);
    this.engine.dataPlane.updateContext(vcpu.address);
  }

  #services(): PlatformServices {
    const { engine } = this;
    const host = this.#host;
    const clock = this.#clock;
    const { rtcBaseSeconds, environment, provision } = this.#config;
    const { controllers, levels } = this.#kept.hostModel;
    const wall = () => rtcBaseSeconds * 1e9 + clock.nanoseconds() + this.#kept.wallOffset;
    const at = (index: number): Vcpu => {
      const vcpu = engine.vcpus[index];
      if (!vcpu) throw new RangeError(`there is no vCPU ${index}`);
      return vcpu;
    };
    return {
      memory: engine.ram,
      vcpus: engine.vcpus,
      resetVcpu: (index) => {
        const vcpu = at(index);
        resetVcpuState(vcpu, environment, provision, clock.ticks());
        // The presenter is no part of the vCPU: what it signals stays signalled.
        if (this.irq.isExternalAsserted(vcpuId(environment.smp, index))) vcpu.pending |= pendingInterrupt.external;
        engine.dataPlane.tlbInit(vcpu.address);
        this.#contextChanged(vcpu);
      },
      contextChanged: (vcpu) => this.#contextChanged(vcpu),
      vcpuState: (index) => this.scheduler.stateOf(index),
      startVcpu: (index) => this.scheduler.start(index),
      wakeVcpu: (index) => this.scheduler.wake(index),
      systemReset: (index) => {
        this.scheduler.setPending(at(index), pendingInterrupt.systemReset, true);
        this.scheduler.wake(index);
      },
      activateInterruptController: (mode) => {
        if (controllers.activate(mode)) this.irq.activate(mode);
      },
      resetInterruptControllers: () => {
        this.irq.reset();
        controllers.activate(this.irq.active);
      },
      setLevel: (logicalPvr) => levels.set(logicalPvr),
      warn: (code, message) => this.#kept.hostModel.warn({ code, message }),
      invalidateTlb: (request) => invalidateTlb(engine.dataPlane, engine.vcpus, request),
      nested: {
        setPartitionTable: (ptcr, lpcrBits) => engine.setPartitionTable(ptcr, lpcrBits),
        enter: (index) => BigInt(engine.dataPlane.nestedEnter(at(index).address)),
        copy: (index) => BigInt(engine.dataPlane.nestedCopy(at(index).address)),
        invalidate: (lpid) => engine.dataPlane.nestedInvalidate(lpid === 'all' ? 0 : lpid, lpid === 'all' ? 1 : 0),
      },
      writeConsole: (bytes) => host.console.write(bytes),
      readConsole: (into) => {
        const count = host.console.read(into);
        if (!host.console.hasInput()) this.#inputSignalled = false;
        return count;
      },
      wallClock: () => BigInt(Math.floor(wall())),
      setWallClock: (nanoseconds) => {
        this.#kept.wallOffset += Number(nanoseconds) - wall();
      },
      timebase: () => clock.ticks(),
      randomBytes: (into) => host.randomBytes(into),
      deviceLoad: (address, size) => this.#bus.read(0, Number(address >> 32n), Number(address & 0xffff_ffffn), size),
      deviceStore: (address, size, value) =>
        this.#bus.write(0, Number(address >> 32n), Number(address & 0xffff_ffffn), size, value),
      log: (item, line) => {
        if (this.#config.logItems.includes(item)) host.log(item, line);
      },
    };
  }

  /** What a watchdog that has run out asks for. */
  watchdog(): SchedulerEnd | undefined {
    const deadline = this.platform.deadline();
    if (deadline === undefined || this.#clock.ticks() < deadline) return undefined;
    const effect = this.platform.deadlineReached();
    return effect.kind === 'reset' || effect.kind === 'power-off' ? effect : undefined;
  }

  /** Tells the guest of console input that has come. */
  pollConsole(): void {
    if (this.#inputSignalled || !this.#host.console.hasInput()) return;
    this.#inputSignalled = true;
    this.irq.pulse(this.#config.environment.interruptModes.ranges.vio);
  }
}

/** The earlier of two times, either of which may be never. */
function earlier(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}

class Machine implements SteppableMachine {
  readonly #config: MachineConfig;
  readonly #host: MachineHost;
  readonly #clock: Clock;
  readonly #layout: BootLayout;
  readonly #kept: Kept;
  #now: Incarnation;
  #earlierInstructions = 0;
  #idles = 0;

  constructor(config: MachineConfig, host: MachineHost) {
    this.#config = config;
    this.#host = host;
    this.#clock =
      config.icountShift === undefined
        ? hostClock(() => host.monotonicNanoseconds())
        : instructionClock(config.icountShift);
    const { boot, environment, provision } = config;
    const { messages, lines } = deviceSources(environment);
    const hostModel = new HostModel(
      environment,
      provision,
      [...messages, ...lines],
      ({ code, message }) => host.warn?.(code, message),
      (step) => host.hostFault?.(step) ?? false,
    );
    this.#layout = planBoot(boot.kind === 'none' ? {} : boot, config.environment.memory.size);
    // Firmware formats it by itself.
    this.#kept = { wallOffset: 0, nvram: boot.kind === 'firmware' ? blankNvram() : formattedNvram(), hostModel };
    this.#now = this.#incarnate();
  }

  #incarnate(): Incarnation {
    return new Incarnation(this.#config, this.#host, this.#clock, this.#layout, this.#kept);
  }

  flattenedDeviceTree(): Uint8Array {
    return this.#now.platform.flattenedDeviceTree();
  }

  statistics(): MachineStatistics {
    return {
      instructions: this.#earlierInstructions + this.#now.scheduler.instructions,
      idles: this.#idles,
      host: this.#kept.hostModel.statistics,
      calls: this.#now.platform.counts,
      profile: this.#now.engine.profile(),
    };
  }

  /** Gives the thread to timers and messages of the host once in a while is not needed: the host's Worker blocks. */
  async run(): Promise<MachineOutcome> {
    for (;;) {
      const outcome = this.step();
      if (outcome) return outcome;
    }
  }

  get engine(): Engine {
    return this.#now.engine;
  }

  get irq(): SpaprIrq {
    return this.#now.irq;
  }

  watchRuns(watch: RunWatch | undefined): void {
    this.#now.scheduler.watch = watch;
  }

  step(): MachineOutcome | undefined {
    if (this.#host.stopRequested()) return { kind: 'stopped' };
    this.#now.pollConsole();
    const end = this.#now.refusal ?? this.#now.watchdog() ?? this.#now.scheduler.round();
    switch (end.kind) {
      case 'round':
        return undefined;
      case 'idle': {
        const wakeAt = earlier(end.wakeAt, this.#now.platform.deadline());
        if (wakeAt === undefined) return { kind: 'guest-hang', message: 'every CPU is stopped' };
        this.#sleep(wakeAt);
        return undefined;
      }
      case 'reset':
        if (this.#config.noReboot) return { kind: 'reset' };
        this.#earlierInstructions += this.#now.scheduler.instructions;
        this.#now = this.#incarnate();
        return undefined;
      case 'power-off':
        return { kind: 'power-off' };
      case 'refuse':
        return { kind: 'guest-panic', message: `${end.code}: ${end.message}` };
      case 'guest-panic':
        return end;
    }
  }

  #sleep(wakeAt: bigint): void {
    const nanoseconds = Number(wakeAt - this.#clock.ticks()) / 0.512;
    if (nanoseconds <= 0) return;
    this.#idles++;
    this.#host.idle(Math.min(nanoseconds / 1e6, longestSleepMs));
    this.#clock.slept(nanoseconds);
  }
}

/** Builds a machine; see {@link CreateMachine}. */
export const createMachine: CreateMachine = (config, host) => new Machine(config, host);

/** A machine that is run round by round and looked into, for tests. */
export interface SteppableMachine extends MachineHandle {
  /** The engine of the present incarnation; a reset of the guest replaces it. */
  readonly engine: Engine;
  /** Its interrupt controllers, likewise. */
  readonly irq: SpaprIrq;
  /** Runs one slice of each vCPU, or sleeps; the outcome when that was the end. */
  step(): MachineOutcome | undefined;
  /** Watches what happens inside slices, until the guest resets the machine. */
  watchRuns(watch: RunWatch | undefined): void;
}

/** Builds a machine that is run round by round; throws as {@link createMachine}. */
export function createSteppableMachine(config: MachineConfig, host: MachineHost): SteppableMachine {
  return new Machine(config, host);
}
