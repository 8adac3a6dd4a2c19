// The NVRAM: 64 KiB that a guest reads and writes through its own buffers. (PAPR, "nvram-fetch")
import { nvramBytes } from '../device-tree/vdevice.ts';
import type { RtasHandlers } from '../hypercalls/types.ts';
import { counted } from './counted.ts';
import { rtasStatus } from './status.ts';

/** Blank NVRAM. */
export function blankNvram(): Uint8Array {
  return new Uint8Array(nvramBytes);
}

/** The calls on `nvram`, which they change in place. */
export function nvramCalls(nvram: Uint8Array): RtasHandlers {
  const isInside = (offset: number, length: number): boolean => offset + length <= nvram.length;
  return counted({
    'nvram-fetch': {
      arguments: 3,
      results: 2,
      run: (call) => {
        const [offset, buffer, length] = [call.argument(0), call.argument(1), call.argument(2)];
        call.setResult(1, 0);
        if (!isInside(offset, length) || !call.memory.contains(buffer, length)) return rtasStatus.PARAMETER;
        call.memory.writeBytes(buffer, nvram.subarray(offset, offset + length));
        call.setResult(1, length);
        return rtasStatus.SUCCESS;
      },
    },
    'nvram-store': {
      arguments: 3,
      results: 2,
      run: (call) => {
        const [offset, buffer, length] = [call.argument(0), call.argument(1), call.argument(2)];
        call.setResult(1, 0);
        if (!isInside(offset, length) || !call.memory.contains(buffer, length)) return rtasStatus.PARAMETER;
        nvram.set(call.memory.readBytes(buffer, length), offset);
        call.setResult(1, length);
        return rtasStatus.SUCCESS;
      },
    },
  });
}
