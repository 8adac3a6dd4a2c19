// Which interrupt controllers a machine offers and when each is active: section 6 of the specification.
import { type LevelLimit, levelReached } from './capabilities.ts';
import type { MachineType } from './machine-types.ts';
import type { Reason } from './reasons.ts';
import type { SmpShape } from './smp.ts';
import { nearest } from './text.ts';

/** What a machine offers: `dual` means that both really are there and that the guest picks. */
export type InterruptOffer = 'xics' | 'xive' | 'dual';

/** The interrupt side of an environment. */
export interface InterruptModes {
  readonly offered: InterruptOffer;
  /** Active from power-on and from every reset until the guest negotiates. */
  readonly beforeCas: 'xics' | 'xive';
  /** Old allocation of interrupt numbers (machine types up to 3.0). */
  readonly legacy: boolean;
  /** Interrupt numbers from the external base on. */
  readonly nrXirqs: number;
  /** Number of MSIs shown in `ibm,pe-total-#msi`. */
  readonly msiCount: number;
  /** Interrupt servers, for `ibm,interrupt-server-ranges` and `ibm,xive-lisn-ranges`. */
  readonly servers: number;
  /** First interrupt number of each range; hotplug events without a source of their own come by the EPOW one. */
  readonly ranges: {
    readonly ipi: number;
    readonly epow: number;
    readonly hotplug: number;
    readonly vio: number;
    readonly pciLsi: number;
    readonly msi: number;
  };
}

type Ranges = InterruptModes['ranges'];

/** The map of modern machine types. */
const modernRanges: Ranges = { ipi: 0, epow: 0x1000, hotplug: 0x1001, vio: 0x1100, pciLsi: 0x1200, msi: 0x1300 };

/** Legacy allocation: numbers are handed out one after the other, to events, console and NVRAM, then the PCI host's four lines. */
function legacyRanges(ownHotplugSource: boolean): Ranges {
  const epow = 0x1000;
  const hotplug = ownHotplugSource ? epow + 1 : epow;
  const vio = hotplug + 1;
  const pciLsi = vio + 2;
  return { ipi: 0, epow, hotplug, vio, pciLsi, msi: pciLsi + 4 };
}

/** @returns the offer for ic-mode as given (undefined: not given), a possible one even where it is refused, and why it is. */
export function interruptOffer(
  given: string | undefined,
  type: MachineType,
  limit: LevelLimit,
): { offered: InterruptOffer; reasons: Reason[] } {
  const xiveLevel = levelReached(limit, 'power9');
  const standard = type.traits.icMode === 'dual' && xiveLevel ? 'dual' : 'xics';
  if (given === undefined) return { offered: standard, reasons: [] };
  const option = 'ic-mode';
  const reasons: Reason[] = [];
  const known = given === 'xics' || given === 'xive' || given === 'dual';
  if (!known) {
    const near = nearest(given, ['xics', 'xive', 'dual']);
    reasons.push({
      code: 'E_IC_MODE_VALUE',
      option,
      message: `ic-mode=${given.slice(0, 40)} is none of xics, xive, dual${near === undefined ? '' : ` (did you mean ${near}?)`}`,
    });
  }
  if (type.traits.legacyIrq) {
    reasons.push({
      code: 'E_IC_MODE_LEGACY',
      option,
      message: `${type.name} has the interrupt controller of its time (XICS, legacy allocation); ic-mode cannot be given`,
    });
  } else if ((given === 'xive' || given === 'dual') && !xiveLevel) {
    const because =
      limit.maximum === undefined
        ? `a ${limit.cpu.name} CPU has none`
        : `max-cpu-compat=${limit.maximum} holds the guest below it`;
    reasons.push({
      code: 'E_IC_MODE_LEVEL',
      option,
      message: `ic-mode=${given} offers XIVE, which exists from level power9 on; ${because}`,
    });
  }
  return { offered: reasons.length === 0 && known ? given : standard, reasons };
}

/** @returns the interrupt side of the environment for an offer. */
export function interruptModes(offered: InterruptOffer, type: MachineType, shape: SmpShape): InterruptModes {
  const { legacyIrq, nrXirqs, modernHotplugEvents } = type.traits;
  return {
    offered,
    beforeCas: offered === 'xive' ? 'xive' : 'xics',
    legacy: legacyIrq,
    nrXirqs,
    // The legacy allocation advertises all numbers and searches for free blocks; the modern one keeps a range for MSIs.
    msiCount: legacyIrq ? nrXirqs : 0x1000 + nrXirqs - modernRanges.msi,
    servers: shape.servers,
    ranges: legacyIrq ? legacyRanges(modernHotplugEvents) : modernRanges,
  };
}
