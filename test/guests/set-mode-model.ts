// What H_SET_MODE answers and changes, for each resource in the order of its checks (guest-environment specification,
// sections 4.1 and 4.2), as a pure function. Independent of the platform's code.
import type { Edition, Partition } from './model.ts';

/** Arguments as the guest gives them. */
export interface SetModeCall {
  readonly flags: bigint;
  readonly resource: bigint;
  readonly value1: bigint;
  readonly value2: bigint;
}

/** What decides. */
export interface SetModeRules {
  readonly edition: Edition;
  readonly ailMode2: boolean;
  readonly ailMode3: boolean;
  readonly dawr1: boolean;
}

const [success, functionUnknown, p2, p3, p4, unsupportedFlag] = [0n, -2n, -55n, -56n, -57n, -256n];

function breakpoint({ flags, value1, value2 }: SetModeCall): bigint {
  if (flags !== 0n) return unsupportedFlag;
  if (value2 !== 0n) return p4;
  return (value1 & 3n) === 3n ? p3 : success;
}

function watchpoint({ flags, value2 }: SetModeCall): bigint {
  if (flags !== 0n) return unsupportedFlag;
  return value2 & 4n ? p4 : success;
}

function location({ flags, value1, value2 }: SetModeCall, rules: SetModeRules): bigint {
  if (value1 !== 0n) return p3;
  if (value2 !== 0n) return p4;
  if (flags === 0n) return success;
  if (flags === 2n && rules.ailMode2) return success;
  return flags === 3n && rules.ailMode3 ? success : unsupportedFlag;
}

function byteOrder({ flags, value1, value2 }: SetModeCall): bigint {
  if (value1 !== 0n) return p3;
  if (value2 !== 0n) return p4;
  return flags <= 1n ? success : unsupportedFlag;
}

/** The answer, as r3 shows it (a signed number). */
export function setModeAnswer(call: SetModeCall, rules: SetModeRules): bigint {
  switch (call.resource) {
    case 1n:
      return rules.edition < 207 ? p2 : breakpoint(call);
    case 2n:
      return rules.edition < 207 ? p2 : watchpoint(call);
    case 3n:
      return location(call, rules);
    case 4n:
      return byteOrder(call);
    case 5n:
      if (rules.edition < 310) return p2;
      return rules.dawr1 ? watchpoint(call) : functionUnknown;
    default:
      return p2;
  }
}

/** The partition after the call. */
export function afterSetMode(partition: Partition, call: SetModeCall, rules: SetModeRules): Partition {
  if (setModeAnswer(call, rules) !== success) return partition;
  if (call.resource === 3n) return { ...partition, ail: call.flags };
  return call.resource === 4n ? { ...partition, ile: call.flags === 1n } : partition;
}
