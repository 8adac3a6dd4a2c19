// Events and machine checks: there are no events, and a guest may say where it wants machine checks. (PAPR, "event-scan",
// "ibm,nmi-register")
import type { RtasHandlers } from '../hypercalls/types.ts';
import { counted } from './counted.ts';
import { rtasStatus } from './status.ts';

/** Real addresses of the guest's handlers of system reset and machine check, when it has registered them. */
export interface NmiHandlers {
  readonly systemReset: number;
  readonly machineCheck: number;
}

/** Holds what ibm,nmi-register gave. */
export class NmiRegistration {
  handlers: NmiHandlers | undefined;

  reset(): void {
    this.handlers = undefined;
  }
}

export function eventCalls(registration: NmiRegistration, fwnmi: boolean): RtasHandlers {
  return counted({
    'event-scan': { arguments: 4, results: 1, run: () => rtasStatus.NO_EVENTS },
    'check-exception': { arguments: [6, 7], results: 1, run: () => rtasStatus.NO_EVENTS },
    'ibm,nmi-register': {
      arguments: 2,
      results: 1,
      run: (call) => {
        if (!fwnmi) return rtasStatus.NOT_SUPPORTED;
        const [systemReset, machineCheck] = [call.argument(0), call.argument(1)];
        const isUsable = (address: number): boolean => address % 4 === 0 && call.memory.contains(address, 4);
        if (!isUsable(systemReset) || !isUsable(machineCheck)) return rtasStatus.PARAMETER;
        registration.handlers = { systemReset, machineCheck };
        return rtasStatus.SUCCESS;
      },
    },
    'ibm,nmi-interlock': {
      arguments: 0,
      results: 1,
      // No machine check is ever outstanding.
      run: () => (registration.handlers === undefined ? rtasStatus.PARAMETER : rtasStatus.SUCCESS),
    },
  });
}
