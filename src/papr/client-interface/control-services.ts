// What a client asks of the firmware as a whole. (IEEE 1275, section 6.3.2.6 "control transfer" and 6.3.2.7)
import { maximumText, noValue, type Services } from './service.ts';

/** Timebase ticks of a millisecond. */
const ticksPerMillisecond = 512_000n;

/** The services of this part; `isService` tells which names exist. */
export function controlServices(isService: (name: string) => boolean): Services {
  return {
    test: {
      arguments: 1,
      run: ({ memory }, [name = 0]) => {
        const text = memory.readString(name, maximumText);
        return [text !== undefined && isService(text) ? 0 : noValue];
      },
    },
    milliseconds: {
      arguments: 0,
      run: ({ state }) => [Number(BigInt.asUintN(32, state.services.timebase() / ticksPerMillisecond))],
    },
    // There is no firmware that could get in the way; the interface goes on working.
    quiesce: { arguments: 0, run: () => [] },
    exit: {
      arguments: 0,
      run: () => ({
        returns: [],
        effect: { kind: 'guest-panic', message: 'the guest went back to the firmware (exit)' },
      }),
    },
    boot: { arguments: 0, run: () => ({ returns: [], effect: { kind: 'reset' } }) },
  };
}
