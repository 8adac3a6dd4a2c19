// Memory size, what can be plugged, and the hash page table's size that follows: sections 2 and 7.3 of the specification.
import type { MachineType } from './machine-types.ts';
import { hptShift } from './page-sizes.ts';
import type { Reason } from './reasons.ts';
import type { Request } from './request.ts';
import { parseCount, parseSize, sizeText } from './text.ts';
import type { Environment } from './types.ts';

/** Bytes of one logical memory block (LMB): memory that can be plugged comes in these. */
const blockSize = 256 * 2 ** 20;
const mebibyte = 2 ** 20;
/** Sizes are numbers here, and exact up to this. */
const largest = 2n ** 50n;

/** @returns the memory of a request, a possible one even where it is refused, and every reason. */
export function memoryShape(request: Request, type: MachineType): { shape: Environment['memory']; reasons: Reason[] } {
  const reasons: Reason[] = [];
  const refuse = (option: string, message: string) => reasons.push({ code: 'E_MEMORY', option, message });
  const size = (name: 'memory' | 'maxmem'): bigint | undefined => {
    const text = request[name];
    if (text === undefined) return undefined;
    const bytes = parseSize(text, mebibyte);
    if (bytes === undefined || bytes === 0n) {
      refuse(name, `${name}=${text.slice(0, 40)} is no memory size, such as 1024 (MiB), 512M or 4G`);
      return undefined;
    }
    if (bytes > largest) {
      refuse(name, `${name}=${text.slice(0, 40)} is more than ${sizeText(largest)}, the most of this machine`);
      return undefined;
    }
    if (type.traits.memoryHotplug && bytes % BigInt(blockSize) !== 0n) {
      refuse(name, `${sizeText(bytes)} is not a multiple of 256 MiB, the memory block of ${type.name}`);
      return undefined;
    }
    return bytes;
  };
  const memory = size('memory') ?? 512n * BigInt(mebibyte);
  const maximum = size('maxmem') ?? memory;
  if (maximum < memory) refuse('maxmem', `maxmem of ${sizeText(maximum)} is less than the ${sizeText(memory)} of -m`);
  const slots = request.slots === undefined ? 0 : parseCount(request.slots);
  if (slots === undefined || slots > 256)
    refuse('slots', `slots=${(request.slots ?? '').slice(0, 40)} is no number up to 256`);
  const whole = maximum < memory ? memory : maximum;
  const shape: Environment['memory'] = {
    size: Number(memory),
    maximum: Number(whole),
    slots: slots ?? 0,
    blockSize,
    rmaLimit: type.traits.rmaLimit,
    hptShift: { initial: hptShift(memory), maximum: hptShift(whole) },
  };
  return { shape, reasons };
}
