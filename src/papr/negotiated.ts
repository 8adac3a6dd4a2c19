// What client-architecture-support decides and a reset takes back: the part of the platform's state the tree shows.
import type { PlatformEnvironment, PlatformLevel } from './platform-environment.ts';

/** The result of the last negotiation, or the state at reset. */
export interface Negotiated {
  readonly level: PlatformLevel;
  readonly interruptMode: 'xics' | 'xive';
  /** Bytes 1… of option vector 5, at index 1…; index 0 is not used. */
  readonly vector5: Uint8Array;
  /** False when the guest has said that it predates ISA 3.00: it must not see the radix feature bit. */
  readonly knowsIsa300: boolean;
}

/** Bytes of option vector 5 that this platform knows, byte 0 included. */
export const vector5Bytes = 27;

/** Bits of option vector 5 as [byte from 1, mask]. (PAPR, "ibm,architecture-vec"; specification section 6.2) */
export const vector5Bit = {
  dynamicMemory: [2, 0x20],
  form1: [5, 0x80],
  form2: [5, 0x20],
  hotplugEvents: [6, 0x04],
  hptResize: [6, 0x01],
  dynamicMemoryV2: [22, 0x80],
  xiveBoth: [23, 0x80],
  xive: [23, 0x40],
  mmuBoth: [24, 0x80],
  radix: [24, 0x40],
  radixGtse: [26, 0x40],
} as const satisfies Record<string, readonly [byte: number, mask: number]>;

/** True when a bit of option vector 5 is set. */
export function hasBit(vector: Uint8Array, [byte, mask]: readonly [number, number]): boolean {
  return ((vector[byte] ?? 0) & mask) !== 0;
}

/** The state of a machine that was just reset. */
export function negotiatedAtReset(environment: PlatformEnvironment): Negotiated {
  return {
    level: environment.resetLevel,
    interruptMode: environment.interruptModes === 'xive' ? 'xive' : 'xics',
    vector5: new Uint8Array(vector5Bytes),
    knowsIsa300: true,
  };
}
