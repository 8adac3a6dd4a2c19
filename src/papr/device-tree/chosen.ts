// /chosen: what the platform offers for negotiation, what was negotiated, and what was loaded. (PAPR, "/chosen node")
import { cells, cells64, empty, type PropertyValue, strings } from '../fdt/property-value.ts';
import { DeviceNode } from '../fdt/tree.ts';
import type { Negotiated } from '../negotiated.ts';
import type { PlatformEnvironment } from '../platform-environment.ts';
import type { TreeInputs } from './tree-inputs.ts';
import { consolePath } from './vdevice.ts';

/** Instance handle of the console, open from the start. */
export const consoleInstance = 1;

const interruptModeOffer = { xics: 0x00, xive: 0x40, dual: 0x80 } as const;
const mmuModeOffer = { hash: 0x00, radix: 0x40, either: 0x80 } as const;

/** `ibm,arch-vec-5-platform-support`: pairs of byte number of vector 5 and offer. */
export function platformSupport(environment: PlatformEnvironment, negotiated: Negotiated): PropertyValue {
  const { isa300 } = negotiated.level;
  const interrupts = isa300 ? interruptModeOffer[environment.interruptModes] : 0;
  const mmu = isa300 ? mmuModeOffer[environment.mmuModes] : 0;
  return Uint8Array.of(23, interrupts, 24, mmu, 25, 0x00, 26, 0x40);
}

/** `ibm,architecture-vec-5`: one byte with the number of bytes after byte 1, then the bytes up to the last one not 0. */
export function architectureVector5({ vector5 }: Negotiated): PropertyValue {
  const last = Math.max(
    1,
    vector5.findLastIndex((byte) => byte !== 0),
  );
  return Uint8Array.of(last - 1, ...vector5.subarray(1, last + 1));
}

export function chosenNode(inputs: TreeInputs): DeviceNode {
  const { boot, environment, negotiated } = inputs;
  const node = new DeviceNode('chosen', {
    bootargs: strings(boot.commandLine),
    'rng-seed': inputs.randomSeed,
    'linux,pci-probe-only': cells(0),
    'qemu,graphic-width': cells(800),
    'qemu,graphic-height': cells(600),
    'qemu,graphic-depth': cells(32),
    'stdout-path': strings(consolePath),
    'linux,stdout-path': strings(consolePath),
    'ibm,arch-vec-5-platform-support': platformSupport(environment, negotiated),
    'ibm,architecture-vec-5': architectureVector5(negotiated),
  });
  const set = (name: string, value: PropertyValue): void => {
    node.properties.set(name, value);
  };
  if (boot.initrd !== undefined) {
    set('linux,initrd-start', cells(boot.initrd.address));
    set('linux,initrd-end', cells(boot.initrd.address + boot.initrd.size));
  }
  if (boot.kernel !== undefined) {
    set('qemu,boot-kernel', cells(...cells64(boot.kernel.address), ...cells64(boot.kernel.size)));
    if (boot.littleEndian === true) set('qemu,boot-kernel-le', empty);
  }
  // Firmware opens its own console; the built-in client interface has it open from the start.
  if (boot.kind === 'kernel') set('stdout', cells(consoleInstance));
  return node;
}
