// The NVRAM: 64 KiB that a guest reads and writes through its own buffers. (PAPR, "nvram-fetch")
import { nvramBytes } from '../device-tree/vdevice.ts';
import type { RtasHandlers } from '../hypercalls/types.ts';
import { counted } from './counted.ts';
import { rtasStatus } from './status.ts';

/** Blank NVRAM. */
export function blankNvram(): Uint8Array {
  return new Uint8Array(nvramBytes);
}

/** Lengths in partition headers count these. */
const blockBytes = 16;
const commonBytes = 0x1000;

/** Sum of a header's bytes but the checksum itself, carries added in again. (CHRP, "NVRAM partitions") */
function headerChecksum(header: Uint8Array): number {
  let sum = 0;
  header.forEach((byte, index) => {
    if (index === 1) return;
    sum += byte;
    if (sum > 0xff) sum -= 0xff;
  });
  return sum;
}

function writeHeader(nvram: Uint8Array, offset: number, signature: number, bytes: number, name: Uint8Array): void {
  const header = nvram.subarray(offset, offset + blockBytes);
  header[0] = signature;
  header[2] = (bytes / blockBytes) >> 8;
  header[3] = (bytes / blockBytes) & 0xff;
  header.set(name, 4);
  header[1] = headerChecksum(header);
}

/**
 * NVRAM as firmware leaves it: a partition `common` (signature 0x70) without settings, the rest free space (0x7f), in which
 * an operating system makes partitions of its own. (PAPR, "NVRAM"; CHRP, "NVRAM partitions")
 */
export function formattedNvram(): Uint8Array {
  const nvram = blankNvram();
  writeHeader(
    nvram,
    0,
    0x70,
    commonBytes,
    Uint8Array.from('common', (character) => character.charCodeAt(0)),
  );
  writeHeader(nvram, commonBytes, 0x7f, nvramBytes - commonBytes, new Uint8Array(12).fill(0x77));
  return nvram;
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
