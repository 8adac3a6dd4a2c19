// Dynamic reconfiguration: the connectors of the tree, in none of which anything can be plugged. (PAPR, "DR connectors")
import { connectorBase } from '../device-tree/connectors.ts';
import type { RtasHandlers } from '../hypercalls/types.ts';
import type { PlatformState } from '../platform-state.ts';
import { counted } from './counted.ts';
import { rtasStatus } from './status.ts';

/** Types of sensors and indicators. */
const isolationState = 9001;
const drIndicator = 9002;
const allocationState = 9003;
const entitySense = 9003;
/** Values of the entity sensor. */
const entity = { empty: 0, present: 1 } as const;
/** The only power domain: always on, at full level. */
const livePowerDomain = 0xffff_ffff;
const fullPower = 100;
const pluggableHosts = 31;
const slots = 256;

type Connection = 'in-use' | 'empty';

/** What a connector index stands for, or undefined. */
function connectionOf(index: number, state: PlatformState): Connection | undefined {
  const number = index & 0x0fff_ffff;
  const base = index - number;
  if (base === connectorBase.cpu) return state.indexOfServer(BigInt(number)) === undefined ? undefined : 'in-use';
  if (base === connectorBase.phb && number < pluggableHosts) return number === 0 ? 'in-use' : 'empty';
  if (base === connectorBase.pci && number < slots) return 'empty';
  return undefined;
}

export function connectorCalls(state: PlatformState): RtasHandlers {
  return counted({
    'get-sensor-state': {
      arguments: 2,
      results: 2,
      run: (call) => {
        const connection = connectionOf(call.argument(1), state);
        if (call.argument(0) !== entitySense || connection === undefined) return rtasStatus.NOT_SUPPORTED;
        call.setResult(1, connection === 'in-use' ? entity.present : entity.empty);
        return rtasStatus.SUCCESS;
      },
    },
    'set-indicator': {
      arguments: 3,
      results: 1,
      run: (call) => {
        const type = call.argument(0);
        if (connectionOf(call.argument(1), state) === undefined) return rtasStatus.PARAMETER;
        if (type === drIndicator) return rtasStatus.SUCCESS;
        // Nothing can be taken out or put in.
        return type === isolationState || type === allocationState ? rtasStatus.HARDWARE : rtasStatus.NOT_SUPPORTED;
      },
    },
    'set-power-level': {
      arguments: 2,
      results: 2,
      run: (call) => {
        if (call.argument(0) !== livePowerDomain) return rtasStatus.NOT_SUPPORTED;
        call.setResult(1, fullPower);
        return rtasStatus.SUCCESS;
      },
    },
    'get-power-level': {
      arguments: 1,
      results: 2,
      run: (call) => {
        if (call.argument(0) !== livePowerDomain) return rtasStatus.NOT_SUPPORTED;
        call.setResult(1, fullPower);
        return rtasStatus.SUCCESS;
      },
    },
    'ibm,configure-connector': {
      arguments: 2,
      results: 1,
      run: (call) => {
        const isKnown = connectionOf(call.memory.read32(call.argument(0)), state) !== undefined;
        return isKnown ? rtasStatus.NOT_CONFIGURABLE : rtasStatus.PARAMETER;
      },
    },
  });
}
