// The platform of one machine: everything that the hypervisor offers, behind a few functions.
//
// 1. The machine loads kernel, initial RAM disk or firmware into RAM, builds vCPUs, and calls `createPlatform`.
// 2. `reset()` puts every vCPU, the tree and all negotiated state into the state of a machine that has just been
//    switched on, writes the client-interface stub (or, for firmware, the flattened tree) into RAM, and sets the
//    registers of vCPU 0 as `bootState()` gives them; all others are to be stopped. RAM itself must have been loaded again.
// 3. When the engine leaves because of `sc 1` (nip is already the next instruction), the machine calls
//    `hypercall(vcpu)` and does what the returned effect says. r3 and the result registers are written by then.
// 4. `dispatched(index, running)` tells when a vCPU's slice begins and ends or it sleeps: it keeps the guest's yield
//    counts. It may be left out between two slices of the same vCPU.
// 5. At the timebase value that `deadline()` gives, the machine calls `deadlineReached()` and does what its effect says.
//
// Calls of other layers (interrupt controllers, hash page table) come in through `createPlatform`'s `hypercalls` and
// `rtasCalls`, by name. What exists at all is in the environment.

import type { Vcpu } from '../cpu/vcpu.ts';
import type { Environment } from '../environment/index.ts';
import { clientInterfaceAddress, initialStackPointer } from './boot-layout.ts';
import { casHandlers } from './cas.ts';
import { ClientInterface } from './client-interface/client-interface.ts';
import { hypercallStub } from './client-interface/code.ts';
import { writeFdt } from './fdt/writer.ts';
import { firmwareTreeAddress, updateTreeHandlers } from './firmware-tree.ts';
import { HypercallDispatcher } from './hypercalls/dispatcher.ts';
import { informationHandlers } from './hypercalls/information.ts';
import { logicalAccessHandlers } from './hypercalls/logical-access.ts';
import { NestedGuests } from './hypercalls/nested.ts';
import { processTableHandlers } from './hypercalls/process-table.ts';
import { type SetModeAnswerer, setModeHandlers } from './hypercalls/set-mode.ts';
import { DmaWindows, tceHandlers } from './hypercalls/tce.ts';
import { terminalHandlers } from './hypercalls/terminal.ts';
import { invalidateForNested, translationHandlers } from './hypercalls/translation.ts';
import type { CallEffect, HypercallHandlers, RtasHandlers } from './hypercalls/types.ts';
import { vcpuControlHandlers } from './hypercalls/vcpu-control.ts';
import { VirtualIoSignals, virtualIoHandlers } from './hypercalls/virtual-io.ts';
import { VpaTable, vpaHandlers } from './hypercalls/vpa.ts';
import { Watchdogs, watchdogHandlers } from './hypercalls/watchdog.ts';
import { withoutHashTableHandlers } from './hypercalls/without-hash-table.ts';
import { platformEnvironment } from './platform-environment.ts';
import { type PlatformBoot, PlatformState } from './platform-state.ts';
import { msrBit, spr } from './registers.ts';
import { resetLpcr, stoppedLpcr } from './reset-state.ts';
import { clockCalls } from './rtas/clock.ts';
import { connectorCalls } from './rtas/connectors.ts';
import { consoleCalls } from './rtas/console.ts';
import { cpuCalls } from './rtas/cpu-calls.ts';
import { rtasDispatcher } from './rtas/dispatcher.ts';
import { eventCalls, type NmiHandlers, NmiRegistration } from './rtas/events.ts';
import { blankNvram, formattedNvram, nvramCalls } from './rtas/nvram.ts';
import { pciCalls } from './rtas/pci.ts';
import { powerCalls } from './rtas/power.ts';
import { systemParameterCalls } from './rtas/system-parameters.ts';
import type { PlatformServices } from './services.ts';

/** Private hypercall of the client-interface stub. */
const clientInterfaceHypercall = 0xf005;
/** System reset vector: where firmware is entered. */
const firmwareEntry = 0x100;
/** ME is the hypervisor's to set: a guest that finds it off could never turn it on (Power ISA 3.1 Book III, section 4.3.1). */
const entryMsr = msrBit.ME;

/** Registers of vCPU 0 when the guest starts; all others are in the CPU model's reset state. */
export interface BootState {
  readonly nip: bigint;
  readonly msr: bigint;
  /** By number. */
  readonly gprs: ReadonlyMap<number, bigint>;
}

/** What comes from outside: calls of other layers, by name, and how a host answers. */
export interface PlatformExtensions {
  readonly hypercalls?: HypercallHandlers;
  readonly rtasCalls?: RtasHandlers;
  /** Who answers H_SET_MODE; the machine itself where absent. */
  readonly setMode?: SetModeAnswerer;
}

/** The platform of one machine; see the top of this file. */
export interface Platform {
  readonly hypercall: (vcpu: Vcpu) => CallEffect;
  /**
   * A hypercall of a guest of the guest: true when it was carried out, r3 written; false when it is for its hypervisor, which
   * the machine goes back to.
   */
  readonly nestedHypercall: (vcpu: Vcpu) => boolean;
  readonly reset: () => void;
  readonly bootState: () => BootState;
  readonly dispatched: (index: number, running: boolean) => void;
  /** Timebase value at which `deadlineReached` is to be called (a watchdog runs out); undefined: never. */
  readonly deadline: () => bigint | undefined;
  readonly deadlineReached: () => CallEffect;
  /** The tree as it is now, flattened. */
  readonly flattenedDeviceTree: () => Uint8Array;
  /** Calls by name with their counts, unknown ones included. */
  readonly counts: ReadonlyMap<string, number>;
  /** Where the guest wants system resets and machine checks, when it has said so. */
  readonly nmiHandlers: () => NmiHandlers | undefined;
  /** The 64 KiB of NVRAM; they survive a reset. */
  readonly nvram: Uint8Array;
}

function bootState({ boot, environment }: PlatformState): BootState {
  const { image } = boot;
  const initrd = image.initrd;
  if (image.kind === 'firmware') {
    const gprs = new Map([[3, BigInt(firmwareTreeAddress(environment.memoryBytes))]]);
    return { nip: BigInt(firmwareEntry), msr: entryMsr, gprs };
  }
  // Open Firmware PowerPC binding, section 8.2: 32-bit, big-endian, real mode; the client interface in r5.
  const gprs = new Map([
    [1, BigInt(initialStackPointer)],
    [3, BigInt(initrd?.address ?? 0)],
    [4, BigInt(initrd?.size ?? 0)],
    [5, BigInt(clientInterfaceAddress)],
  ]);
  return { nip: BigInt(image.entry), msr: entryMsr, gprs };
}

/** Writes what the guest finds in RAM besides the loaded files. */
function placeFirmware(state: PlatformState): void {
  const { boot, services, tree, environment } = state;
  if (boot.image.kind === 'kernel') {
    services.memory.writeBytes(clientInterfaceAddress, hypercallStub(clientInterfaceHypercall));
    // The back chain of the first stack frame ends there.
    services.memory.fill(initialStackPointer, 16, 0);
  } else {
    const flat = writeFdt(tree, state.serverOf(0));
    services.memory.writeBytes(firmwareTreeAddress(environment.memoryBytes), flat);
  }
}

/**
 * Builds the platform; nothing is written to vCPUs or RAM before {@link Platform.reset}. Throws FdtError when
 * `boot.deviceTree` is not a flattened device tree.
 */
export function createPlatform(
  promised: Environment,
  services: PlatformServices,
  boot: PlatformBoot,
  extensions: PlatformExtensions = {},
): Platform {
  const environment = platformEnvironment(promised);
  const counts = new Map<string, number>();
  const state = new PlatformState(environment, services, boot);
  const vpas = new VpaTable(services.memory, services.vcpus.length);
  const windows = new DmaWindows();
  const signals = new VirtualIoSignals();
  const nmi = new NmiRegistration();
  const watchdogs = new Watchdogs();
  const nested = new NestedGuests(state);
  const nvram = boot.nvram ?? (boot.image.kind === 'kernel' ? formattedNvram() : blankNvram());
  const client = new ClientInterface(state, counts);
  const rtasCalls: RtasHandlers = {
    ...clockCalls(services),
    ...powerCalls(),
    ...cpuCalls(state, vpas),
    ...systemParameterCalls(state),
    ...nvramCalls(nvram),
    ...consoleCalls(services),
    ...eventCalls(nmi, environment.fwnmi),
    ...connectorCalls(state),
    ...pciCalls(),
    ...extensions.rtasCalls,
  };
  const hypercalls: HypercallHandlers = {
    ...setModeHandlers(state, extensions.setMode),
    ...processTableHandlers(state),
    ...vcpuControlHandlers(state, vpas),
    ...vpaHandlers(state, vpas),
    ...watchdogHandlers(services, watchdogs),
    ...withoutHashTableHandlers(state),
    ...terminalHandlers(state),
    ...logicalAccessHandlers(state),
    ...informationHandlers(state),
    ...tceHandlers(windows),
    ...virtualIoHandlers(signals),
    ...translationHandlers(state, nested),
    ...nested.handlers(),
    ...casHandlers(state),
    ...updateTreeHandlers(state),
    ...rtasDispatcher(services, environment.rtasCalls, rtasCalls, counts),
    ...client.handlers(),
    ...extensions.hypercalls,
  };
  const dispatcher = new HypercallDispatcher(services, environment.hypercalls, hypercalls, counts);

  return {
    hypercall: (vcpu) => dispatcher.call(vcpu),
    nestedHypercall: (vcpu) => {
      const result = invalidateForNested(state, vcpu);
      if (result !== undefined) vcpu.setGpr(3, BigInt.asUintN(64, result));
      return result !== undefined;
    },
    reset: () => {
      state.reset();
      for (const table of [vpas, windows, signals, nmi, watchdogs, client, nested]) table.reset();
      services.resetInterruptControllers();
      for (const vcpu of services.vcpus) {
        services.resetVcpu(vcpu.index);
        vcpu.setSpr(spr.LPCR, vcpu.index === 0 ? resetLpcr(environment) : stoppedLpcr(environment));
        services.contextChanged(vcpu);
      }
      state.setLevel(state.negotiated.level);
      placeFirmware(state);
      const first = services.vcpus[0];
      if (first === undefined) return;
      const { nip, msr, gprs } = bootState(state);
      first.nip = nip;
      first.msr = msr;
      for (const [number, value] of gprs) first.setGpr(number, value);
      services.contextChanged(first);
    },
    bootState: () => bootState(state),
    dispatched: (index, running) => vpas.dispatched(index, running),
    deadline: () => watchdogs.deadline(),
    deadlineReached: () => watchdogs.expire(services.timebase()),
    flattenedDeviceTree: () => writeFdt(state.tree, state.serverOf(0)),
    counts,
    nmiHandlers: () => nmi.handlers,
    nvram,
  };
}
