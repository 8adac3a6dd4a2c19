// The state that the parts of the platform share; each part keeps what only it needs.
import type { BootImage, RealRange } from './boot-layout.ts';
import { clientInterfaceAddress, clientInterfaceBytes, firmwareStackBase, firmwareStackTop } from './boot-layout.ts';
import { applyChanges } from './device-tree/apply-changes.ts';
import { buildDeviceTree } from './device-tree/build.ts';
import { availableMemory } from './device-tree/memory.ts';
import { firstPhandle } from './device-tree/tree-inputs.ts';
import type { PropertyValue } from './fdt/property-value.ts';
import { readFdt } from './fdt/reader.ts';
import type { DeviceTree } from './fdt/tree.ts';
import { hasBit, type Negotiated, negotiatedAtReset, type vector5Bit } from './negotiated.ts';
import { indexOfServer, type PlatformEnvironment, type PlatformLevel, serverOf } from './platform-environment.ts';
import { spr } from './registers.ts';
import type { PlatformServices } from './services.ts';

/** How a guest starts, beyond its environment. */
export interface PlatformBoot {
  readonly image: BootImage;
  /** `vm,uuid`. */
  readonly uuid?: string;
  /**
   * Contents of the NVRAM, 64 KiB, which the guest changes in place; absent: as firmware leaves it for a kernel, blank for
   * firmware. A reset keeps them.
   */
  readonly nvram?: Uint8Array;
  /** A flattened tree that a user gave; it is shown instead of the machine's own. */
  readonly deviceTree?: Uint8Array;
}

const nilUuid = '00000000-0000-0000-0000-000000000000';

/** Ranges that the loaded images and the built-in firmware take. */
function loadedRanges({ kind, kernel, initrd }: BootImage): RealRange[] {
  const own: RealRange[] =
    kind === 'kernel'
      ? [
          { address: 0, size: clientInterfaceAddress + clientInterfaceBytes },
          { address: firmwareStackBase, size: firmwareStackTop - firmwareStackBase },
        ]
      : [];
  return [...own, ...[kernel, initrd].filter((range) => range !== undefined)];
}

/** Properties of /chosen that come from loading. */
const loadedProperties = [
  'bootargs',
  'stdout',
  'linux,initrd-start',
  'linux,initrd-end',
  'qemu,boot-kernel',
  'qemu,boot-kernel-le',
];

/** Shared by hypercalls, RTAS and the client interface. */
export class PlatformState {
  readonly environment: PlatformEnvironment;
  readonly services: PlatformServices;
  readonly boot: PlatformBoot;
  negotiated: Negotiated;
  /** The live tree; writable by the guest through the client interface. */
  tree: DeviceTree;
  /** Ranges of real memory that are taken: what was loaded, then what the guest claimed. */
  taken: RealRange[];
  /** Properties of /chosen that the guest has set; they survive a negotiation. */
  readonly guestChosen = new Map<string, PropertyValue>();
  /** Bytes of names and values that the guest has set since reset, replaced ones included: a bound on its memory. */
  guestPropertyBytes = 0;
  /** By vCPU index: prodded since it last ceded. */
  readonly prodded: boolean[];
  /** By vCPU index: waits in H_JOIN. */
  readonly joined: boolean[];
  #seed = new Uint8Array(32);

  constructor(environment: PlatformEnvironment, services: PlatformServices, boot: PlatformBoot) {
    this.environment = environment;
    this.services = services;
    this.boot = boot;
    this.prodded = services.vcpus.map(() => false);
    this.joined = services.vcpus.map(() => false);
    this.negotiated = negotiatedAtReset(environment);
    this.taken = loadedRanges(boot.image);
    services.randomBytes(this.#seed);
    this.tree = this.#first();
  }

  /** The tree at reset. Throws FdtError for a given tree that is not one. */
  #first(): DeviceTree {
    const { deviceTree } = this.boot;
    if (deviceTree === undefined) return this.#build();
    const tree = readFdt(deviceTree);
    this.#addLoaded(tree);
    return tree.number(firstPhandle);
  }

  /** A given tree cannot know what was loaded, nor the console's handle: /chosen and the free memory say it. */
  #addLoaded(tree: DeviceTree): void {
    const built = this.#build();
    const [from, to] = [built.find('/chosen'), tree.find('/chosen')];
    for (const name of loadedProperties) {
      const value = from?.properties.get(name);
      const keep = name === 'bootargs' && this.boot.image.commandLine === '';
      if (value !== undefined && !keep) to?.properties.set(name, value);
    }
    const available = built.find('/memory@0')?.properties.get('available');
    if (available !== undefined) tree.find('/memory@0')?.properties.set('available', available);
  }

  #build(earlier?: ReadonlyMap<string, number>): DeviceTree {
    return buildDeviceTree(
      {
        environment: this.environment,
        boot: this.boot.image,
        negotiated: this.negotiated,
        randomSeed: this.#seed,
        uuid: this.boot.uuid ?? nilUuid,
        taken: this.taken,
      },
      earlier,
    );
  }

  /** Back to the state of a machine that has just been switched on. */
  reset(): void {
    this.negotiated = negotiatedAtReset(this.environment);
    this.taken = loadedRanges(this.boot.image);
    this.guestChosen.clear();
    this.guestPropertyBytes = 0;
    this.prodded.fill(false);
    this.joined.fill(false);
    this.#seed = new Uint8Array(32);
    this.services.randomBytes(this.#seed);
    this.tree = this.#first();
  }

  /** Puts all vCPUs into a level, or none: the PCR follows where the host lets it. */
  setLevel(level: PlatformLevel): 'set' | 'ignored' | 'refused' {
    const outcome = this.services.setLevel(level.logicalPvr);
    if (outcome === 'set') {
      for (const vcpu of this.services.vcpus) {
        vcpu.setSpr(spr.PCR, level.pcr);
        this.services.contextChanged(vcpu);
      }
    }
    return outcome;
  }

  /** Takes over the result of a negotiation whose level is set: interrupt controller, tree. */
  apply(negotiated: Negotiated): void {
    const before = this.boot.deviceTree === undefined ? undefined : this.#build();
    this.negotiated = negotiated;
    this.services.activateInterruptController(negotiated.interruptMode);
    if (before === undefined) this.tree = this.#build(this.tree.phandles());
    else {
      // A given tree keeps what is its own.
      applyChanges(this.tree, before, this.#build());
      this.tree.number(firstPhandle);
    }
    const chosen = this.tree.find('/chosen');
    for (const [name, value] of this.guestChosen) chosen?.properties.set(name, value);
  }

  /** The taken ranges have changed: updates the memory node's `available`. */
  memoryChanged(): void {
    const memory = this.tree.find('/memory@0');
    if (memory?.properties.has('available') === true) {
      memory.properties.set('available', availableMemory(this.environment.memoryBytes, this.taken));
    }
  }

  /** True when a bit of option vector 5 was negotiated. */
  agreed(bit: (typeof vector5Bit)[keyof typeof vector5Bit]): boolean {
    return hasBit(this.negotiated.vector5, bit);
  }

  /** Index of the vCPU with a server number given as a register value, or undefined. */
  indexOfServer(server: bigint): number | undefined {
    return server < 0x1_0000_0000n ? indexOfServer(this.environment, Number(server)) : undefined;
  }

  serverOf(index: number): number {
    return serverOf(this.environment, index);
  }

  /** Wakes a vCPU that sleeps, or lets the next call by which it would sleep return at once. */
  prod(index: number): void {
    this.prodded[index] = this.services.vcpuState(index) !== 'sleeping';
    this.joined[index] = false;
    this.services.wakeVcpu(index);
  }
}
