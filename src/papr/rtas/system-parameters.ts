// System parameters: a 16-bit length, then the value, in a buffer of the caller. (PAPR, "ibm,get-system-parameter")
import { concatenated, utf8 } from '../fdt/property-value.ts';
import type { RtasHandlers } from '../hypercalls/types.ts';
import type { PlatformState } from '../platform-state.ts';
import { counted } from './counted.ts';
import { rtasStatus } from './status.ts';

/** Numbers of the parameters that exist. */
const parameter = { splparCharacteristics: 20, diagnosticsRunMode: 42, uuid: 48 } as const;
const diagnosticsDisabled = 0;

function uuidBytes(uuid: string): Uint8Array {
  const digits = uuid.replaceAll('-', '');
  return Uint8Array.from({ length: 16 }, (_, n) => Number.parseInt(digits.slice(2 * n, 2 * n + 2), 16) || 0);
}

function parameterValue(number: number, { environment, boot }: PlatformState): Uint8Array | undefined {
  if (number === parameter.splparCharacteristics) {
    const { cpus, maxCpus } = environment.smp;
    const megabytes = environment.memoryBytes / 0x10_0000;
    const { hostThreads } = environment.cpu;
    const common = `MaxEntCap=${maxCpus},DesMem=${megabytes},DesProcs=${cpus},MaxPlatProcs=${maxCpus}`;
    const text = hostThreads === 0 ? common : `${common},HostThrs=${hostThreads}`;
    return concatenated(utf8(text), Uint8Array.of(0));
  }
  if (number === parameter.diagnosticsRunMode) return Uint8Array.of(diagnosticsDisabled);
  if (number === parameter.uuid) return uuidBytes(boot.uuid ?? '');
  return undefined;
}

export function systemParameterCalls(state: PlatformState): RtasHandlers {
  return counted({
    'ibm,get-system-parameter': {
      arguments: 3,
      results: 1,
      run: (call) => {
        const value = parameterValue(call.argument(0), state);
        if (value === undefined) return rtasStatus.NOT_SUPPORTED;
        const buffer = call.argument(1);
        const room = call.argument(2);
        if (!call.memory.contains(buffer, room)) return rtasStatus.PARAMETER;
        // The length is the true one, however little fits.
        const whole = concatenated(Uint8Array.of(value.length >> 8, value.length & 255), value);
        call.memory.writeBytes(buffer, whole.subarray(0, room));
        return rtasStatus.SUCCESS;
      },
    },
    'ibm,set-system-parameter': {
      arguments: 2,
      results: 1,
      run: (call) =>
        parameterValue(call.argument(0), state) === undefined ? rtasStatus.NOT_SUPPORTED : rtasStatus.NOT_AUTHORIZED,
    },
  });
}
