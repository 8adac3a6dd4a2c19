// What a guest asks about its processors, and single registers that it has the hypervisor set. (PAPR; specification 3.5)
import type { PlatformState } from '../platform-state.ts';
import { spr } from '../registers.ts';
import { hypercallStatus as status } from './status.ts';
import type { HypercallHandlers } from './types.ts';

/** H_HOME_NODE_ASSOCIATIVITY: the number is that of a vCPU. */
const byVcpu = 1n;
const allOnes = 0xffff_ffff_ffff_ffffn;

export function informationHandlers(state: PlatformState): HypercallHandlers {
  const { environment, services } = state;
  return {
    H_GET_CPU_CHARACTERISTICS: (call) => {
      call.setResult(0, environment.cpuCharacteristics);
      call.setResult(1, environment.cpuBehaviour);
      return status.H_SUCCESS;
    },
    H_HOME_NODE_ASSOCIATIVITY: (call) => {
      if (call.argument(0) !== byVcpu) return status.H_FUNCTION;
      if (state.indexOfServer(call.argument(1)) === undefined) return status.H_P2;
      // Domain 0 on every level, as packed fields; all ones end the list.
      call.setResult(0, 0n);
      for (let n = 1; n < 6; n++) call.setResult(n, allOnes);
      return status.H_SUCCESS;
    },
    H_RANDOM: (call) => {
      const bytes = new Uint8Array(8);
      services.randomBytes(bytes);
      call.setResult(0, new DataView(bytes.buffer).getBigUint64(0));
      return status.H_SUCCESS;
    },
    H_SET_SPRG0: (call) => {
      call.vcpu.setSpr(spr.SPRG0, call.argument(0));
      return status.H_SUCCESS;
    },
    // No CPU of this machine has DABR; watchpoints are set by H_SET_MODE.
    H_SET_DABR: () => status.H_HARDWARE,
    H_SET_XDABR: () => status.H_HARDWARE,
  };
}
