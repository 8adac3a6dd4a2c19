// The operator panel, which is the console here. (PAPR, "display-character")
import type { RtasHandlers } from '../hypercalls/types.ts';
import type { PlatformServices } from '../services.ts';
import { counted } from './counted.ts';
import { rtasStatus } from './status.ts';

export function consoleCalls(services: PlatformServices): RtasHandlers {
  return counted({
    'display-character': {
      arguments: 1,
      results: 1,
      run: (call) => {
        services.writeConsole(Uint8Array.of(call.argument(0) & 255));
        return rtasStatus.SUCCESS;
      },
    },
  });
}
