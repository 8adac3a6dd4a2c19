// What the device tree is made from.
import type { BootImage, RealRange } from '../boot-layout.ts';
import type { Negotiated } from '../negotiated.ts';
import type { PlatformEnvironment } from '../platform-environment.ts';

/** Inputs of the tree: the same inputs give the same tree. */
export interface TreeInputs {
  readonly environment: PlatformEnvironment;
  readonly boot: BootImage;
  readonly negotiated: Negotiated;
  /** `/chosen/rng-seed`, 32 bytes. */
  readonly randomSeed: Uint8Array;
  /** `vm,uuid`. */
  readonly uuid: string;
  /** Ranges that are taken: those of the loaded images and the claimed ones. */
  readonly taken: readonly RealRange[];
}

/** Phandle of the interrupt controller, whichever it is: `interrupt-map` of the PCI host refers to it. */
export const interruptControllerPhandle = 0x1111;
/** The other phandles are counted from here. */
export const firstPhandle = 0x1112;
