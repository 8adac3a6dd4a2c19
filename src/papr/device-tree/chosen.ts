// /chosen: what the platform offers for negotiation, what was negotiated, and what was loaded. (PAPR, "/chosen node")
import { cells, cells64, empty, type PropertyValue, strings } from '../fdt/property-value.ts';
import { DeviceNode } from '../fdt/tree.ts';
import type { Negotiated } from '../negotiated.ts';
import type { TreeInputs } from './tree-inputs.ts';
import { consolePath } from './vdevice.ts';

/** Instance handle of the console, open from the start. */
export const consoleInstance = 1;

/** `ibm,arch-vec-5-platform-support`: pairs of byte number of vector 5 and offer. */
export function platformSupport({ level }: Negotiated): PropertyValue {
  const bytes = [23, 24, 25, 26] as const;
  return Uint8Array.from(bytes.flatMap((byte) => [byte, level.platformSupport[byte]]));
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
    ...(environment.traits.pciProbeOnly ? { 'linux,pci-probe-only': cells(0) } : {}),
    'qemu,graphic-width': cells(800),
    'qemu,graphic-height': cells(600),
    'qemu,graphic-depth': cells(32),
    'stdout-path': strings(consolePath),
    'linux,stdout-path': strings(consolePath),
    'ibm,arch-vec-5-platform-support': platformSupport(negotiated),
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
