// The end of a guest, and what it says about it. (PAPR, "power-off", "system-reboot", "ibm,os-term")
import type { CallEffect, RtasEffect, RtasHandlers } from '../hypercalls/types.ts';
import { counted } from './counted.ts';
import { rtasStatus } from './status.ts';

/** Longest text of ibm,os-term that is kept. */
const panicText = 1024;

function ends(effect: CallEffect): RtasEffect {
  return { status: rtasStatus.SUCCESS, effect };
}

/** Printable ASCII of a guest's text; the rest could command the terminal. */
function printable(text: string): string {
  return text.replace(/[^ -~]+/g, ' ').trim();
}

export function powerCalls(): RtasHandlers {
  return counted({
    'power-off': { arguments: 2, results: 1, run: () => ends({ kind: 'power-off' }) },
    'system-reboot': { arguments: 0, results: 1, run: () => ends({ kind: 'reset' }) },
    'ibm,os-term': {
      arguments: 1,
      results: 1,
      run: (call) => {
        const message = printable(call.memory.readString(call.argument(0), panicText) ?? '');
        return ends({ kind: 'guest-panic', message });
      },
    },
    // A partition is suspended for its migration, by whoever moves it.
    'ibm,suspend-me': { arguments: [0, 1], results: 1, run: () => rtasStatus.NOT_SUSPENDABLE },
    quiesce: { arguments: 0, results: 1, run: () => rtasStatus.SUCCESS },
  });
}
