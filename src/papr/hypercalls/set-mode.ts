// H_SET_MODE: interrupt endianness, interrupt location, breakpoints. (specification section 4)
import type { PlatformState } from '../platform-state.ts';
import { ailShift, lpcrBit, setLpcrBits, spr } from '../registers.ts';
import { hypercallStatus as status } from './status.ts';
import type { Hypercall, HypercallHandlers } from './types.ts';

/** DAWRX bit 61: match in hypervisor state. */
const watchpointHypervisor = 4n;
/** CIABR low bits 3: match in hypervisor state. */
const breakpointHypervisor = 3n;

/** H_UNSUPPORTED_FLAG for bit 63, which is what KVM PR says of any mode but 0. */
const unsupportedLastFlag = -319n;

/**
 * Who answers: the machine itself, a kernel's KVM HV (its CIABR checks come in another order), or KVM PR, which answers for
 * the location of interrupts by itself. An older KVM PR leaves all of it to the machine.
 */
export type SetModeAnswerer = 'machine' | 'hv' | 'pr' | 'pr-advisory';

interface Arguments {
  readonly call: Hypercall;
  readonly flags: bigint;
  readonly value1: bigint;
  readonly value2: bigint;
}

/** Sets one LPCR field on all vCPUs. */
function setEverywhere(state: PlatformState, mask: bigint, value: bigint): bigint {
  for (const vcpu of state.services.vcpus) {
    setLpcrBits(vcpu, mask, value);
    state.services.contextChanged(vcpu);
  }
  return status.H_SUCCESS;
}

function setCiabr(state: PlatformState, { call, flags, value1, value2 }: Arguments, answerer: SetModeAnswerer): bigint {
  if (!state.environment.cpu.watchpoints) return status.H_P2;
  if (answerer === 'hv' && value2 !== 0n) return status.H_P4;
  if (flags !== 0n) return status.H_UNSUPPORTED_FLAG;
  if (value2 !== 0n) return status.H_P4;
  if ((value1 & 3n) === breakpointHypervisor) return status.H_P3;
  call.vcpu.setSpr(spr.CIABR, value1);
  state.services.contextChanged(call.vcpu);
  return status.H_SUCCESS;
}

function setWatchpoint(
  state: PlatformState,
  { call, flags, value1, value2 }: Arguments,
  address: number,
  control: number,
): bigint {
  if (flags !== 0n) return status.H_UNSUPPORTED_FLAG;
  if ((value2 & watchpointHypervisor) !== 0n) return status.H_P4;
  call.vcpu.setSpr(address, value1);
  call.vcpu.setSpr(control, value2);
  state.services.contextChanged(call.vcpu);
  return status.H_SUCCESS;
}

function setAddressTranslationMode(state: PlatformState, { flags, value1, value2 }: Arguments): bigint {
  if (value1 !== 0n) return status.H_P3;
  if (value2 !== 0n) return status.H_P4;
  if (!state.environment.ailModes.some((mode) => BigInt(mode) === flags)) return status.H_UNSUPPORTED_FLAG;
  return setEverywhere(state, lpcrBit.AIL, flags << ailShift);
}

function setEndianness(state: PlatformState, { flags, value1, value2 }: Arguments): bigint {
  if (value1 !== 0n) return status.H_P3;
  if (value2 !== 0n) return status.H_P4;
  if (flags > 1n) return status.H_UNSUPPORTED_FLAG;
  return setEverywhere(state, lpcrBit.ILE, flags === 1n ? lpcrBit.ILE : 0n);
}

/** H_SET_MODE. */
export function setModeHandlers(state: PlatformState, answerer: SetModeAnswerer = 'machine'): HypercallHandlers {
  return {
    H_SET_MODE: (call) => {
      const given: Arguments = {
        call,
        flags: call.argument(0),
        value1: call.argument(2),
        value2: call.argument(3),
      };
      const { watchpoints, secondWatchpoint } = state.environment.cpu;
      switch (call.argument(1)) {
        case 1n:
          return setCiabr(state, given, answerer);
        case 2n:
          return watchpoints ? setWatchpoint(state, given, spr.DAWR0, spr.DAWRX0) : status.H_P2;
        case 3n:
          if (answerer === 'pr') return given.flags === 0n ? status.H_SUCCESS : unsupportedLastFlag;
          return setAddressTranslationMode(state, given);
        case 4n:
          return setEndianness(state, given);
        case 5n:
          if (!secondWatchpoint) return status.H_P2;
          if (!state.environment.dawr1) return status.H_FUNCTION;
          return setWatchpoint(state, given, spr.DAWR1, spr.DAWRX1);
        default:
          return status.H_P2;
      }
    },
  };
}
