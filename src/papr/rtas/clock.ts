// The real-time clock: UTC, as year, month, day, hour, minute, second, nanosecond. (PAPR, "get-time-of-day")
import type { RtasHandlers } from '../hypercalls/types.ts';
import type { PlatformServices } from '../services.ts';
import { counted } from './counted.ts';
import { rtasStatus } from './status.ts';

const second = 1_000_000_000n;

export function clockCalls(services: PlatformServices): RtasHandlers {
  return counted({
    'get-time-of-day': {
      arguments: 0,
      results: 8,
      run: (call) => {
        const now = services.wallClock();
        const date = new Date(Number(now / second) * 1000);
        call.setResult(1, date.getUTCFullYear());
        call.setResult(2, date.getUTCMonth() + 1);
        call.setResult(3, date.getUTCDate());
        call.setResult(4, date.getUTCHours());
        call.setResult(5, date.getUTCMinutes());
        call.setResult(6, date.getUTCSeconds());
        call.setResult(7, Number(now % second));
        return rtasStatus.SUCCESS;
      },
    },
    'set-time-of-day': {
      arguments: 7,
      results: 1,
      run: (call) => {
        const [year = 0, month = 0, day = 0, hour = 0, minute = 0, seconds = 0, nanoseconds = 0] = Array.from(
          { length: 7 },
          (_, n) => call.argument(n),
        );
        // The clock counts from 1970; Date turns a 31 February into March, which the comparison finds.
        const date = new Date(Date.UTC(year, month - 1, day, hour, minute, seconds));
        const isReal =
          year >= 1970 &&
          year <= 9999 &&
          date.getUTCMonth() === month - 1 &&
          date.getUTCDate() === day &&
          date.getUTCHours() === hour &&
          date.getUTCMinutes() === minute &&
          date.getUTCSeconds() === seconds &&
          nanoseconds < Number(second);
        if (!isReal) return rtasStatus.PARAMETER;
        services.setWallClock(BigInt(date.getTime() / 1000) * second + BigInt(nanoseconds));
        return rtasStatus.SUCCESS;
      },
    },
  });
}
