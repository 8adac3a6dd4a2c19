// Giving up and handing on the processor: H_CEDE, H_PROD, H_CONFER, H_JOIN, H_SIGNAL_SYS_RESET. (PAPR, "Shared
// processor LPAR" and "H_JOIN")
import type { PlatformState } from '../platform-state.ts';
import { msrBit } from '../registers.ts';
import { hypercallStatus as status } from './status.ts';
import type { HypercallEffect, HypercallHandlers } from './types.ts';
import type { VpaTable } from './vpa.ts';

const allThreads = 0xffff_ffff_ffff_ffffn;
const allOtherThreads = 0xffff_ffff_ffff_fffen;

export function vcpuControlHandlers(state: PlatformState, vpas: VpaTable): HypercallHandlers {
  const { services, prodded, joined } = state;
  /** Sleeps until an interrupt is pending or a prod comes; a prod that has come already counts. */
  const sleep = (index: number): bigint | HypercallEffect => {
    if (prodded[index] !== true) return { status: status.H_SUCCESS, effect: { kind: 'cede' } };
    prodded[index] = false;
    return status.H_SUCCESS;
  };
  const resetSystem = (index: number): void => {
    if (services.vcpuState(index) === 'stopped') return;
    joined[index] = false;
    services.systemReset(index);
  };
  return {
    H_CEDE: ({ vcpu }) => {
      vcpu.msr |= msrBit.EE;
      services.contextChanged(vcpu);
      return sleep(vcpu.index);
    },
    H_PROD: (call) => {
      const index = state.indexOfServer(call.argument(0));
      if (index === undefined) return status.H_PARAMETER;
      state.prod(index);
      return status.H_SUCCESS;
    },
    H_CONFER: (call) => {
      const target = call.argument(0);
      if (target !== allThreads) {
        const index = state.indexOfServer(target);
        if (index === undefined) return status.H_PARAMETER;
        // Who confers to itself waits for a prod.
        if (index === call.vcpu.index) return sleep(index);
        // Someone else has run the target since the caller looked: nothing to wait for.
        const count = vpas.yieldCount(index);
        if (count !== undefined && (count & 1) === 1 && BigInt(count) !== (call.argument(1) & 0xffff_ffffn)) {
          return status.H_SUCCESS;
        }
      }
      return { status: status.H_SUCCESS, effect: { kind: 'yield' } };
    },
    H_JOIN: ({ vcpu }) => {
      if ((vcpu.msr & msrBit.EE) !== 0n) return status.H_BAD_MODE;
      if (prodded[vcpu.index] === true) {
        prodded[vcpu.index] = false;
        return status.H_SUCCESS;
      }
      const last = services.vcpus.every(
        ({ index }) => index === vcpu.index || joined[index] === true || services.vcpuState(index) === 'stopped',
      );
      if (last) return status.H_CONTINUE;
      joined[vcpu.index] = true;
      return { status: status.H_SUCCESS, effect: { kind: 'join' } };
    },
    H_SIGNAL_SYS_RESET: (call) => {
      const target = call.argument(0);
      if (target === allThreads || target === allOtherThreads) {
        for (const { index } of services.vcpus) {
          if (target === allThreads || index !== call.vcpu.index) resetSystem(index);
        }
        return status.H_SUCCESS;
      }
      const index = state.indexOfServer(target);
      if (index === undefined) return status.H_PARAMETER;
      resetSystem(index);
      return status.H_SUCCESS;
    },
  };
}
