// Client architecture support: what guest and platform agree on. (specification sections 6.2 and 7.3)
import { type CasRequest, readCasRequest } from './cas-request.ts';
import { writeFdt } from './fdt/writer.ts';
import { hypercallStatus as status } from './hypercalls/status.ts';
import type { CallEffect, HypercallHandlers } from './hypercalls/types.ts';
import { hasBit, type Negotiated, vector5Bit, vector5Bytes } from './negotiated.ts';
import type { PlatformEnvironment, PlatformLevel } from './platform-environment.ts';
import type { PlatformState } from './platform-state.ts';
import { ramAddress } from './real-address.ts';

/** The outcome of a negotiation. */
export type CasDecision =
  | { readonly kind: 'agreed'; readonly negotiated: Negotiated }
  /** The call fails with this status and nothing changes. */
  | { readonly kind: 'failed'; readonly status: bigint; readonly reason: string }
  /** The guest asked for what the environment has not: the machine stops. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

/** Byte 3, bit 0 of vector 1: the client knows ISA 3.00. */
const knowsIsa300 = [3, 0x80] as const;

function failed(code: bigint, reason: string): CasDecision {
  return { kind: 'failed', status: code, reason };
}

function refused(code: string, message: string): CasDecision {
  return { kind: 'refused', code, message };
}

/** True when the guest's list has the real CPU, and the guest may run on it without a level. */
function isRawPossible({ pvrs }: CasRequest, { raw, cpu }: PlatformEnvironment): boolean {
  return raw !== undefined && pvrs.some(({ mask, pvr }) => (cpu.pvr & mask) === (pvr & mask));
}

/** The level that both know: the newest logical PVR on the client's list, else the raw CPU, else undefined. */
function chooseLevel(request: CasRequest, environment: PlatformEnvironment): PlatformLevel | undefined {
  const { raw, levels, cpu } = environment;
  let best = -1;
  for (const { mask, pvr } of request.pvrs) {
    if ((cpu.pvr & mask) !== (pvr & mask))
      best = Math.max(
        best,
        levels.findIndex(({ version }) => version === pvr),
      );
  }
  return levels[best] ?? (isRawPossible(request, environment) ? raw : undefined);
}

/** The bits of vector 5 that the platform has. */
function offeredVector5({ interruptModes, mmuModes, optionVector5 }: PlatformEnvironment): Uint8Array {
  const offered = new Uint8Array(vector5Bytes);
  const bits = [
    optionVector5.dynamicMemory && vector5Bit.dynamicMemory,
    optionVector5.form1Affinity && vector5Bit.form1,
    optionVector5.form2Affinity && vector5Bit.form2,
    optionVector5.hotplugEvents && vector5Bit.hotplugEvents,
    optionVector5.hptResize && vector5Bit.hptResize,
    optionVector5.dynamicMemoryV2 && vector5Bit.dynamicMemoryV2,
    optionVector5.radixGtse && vector5Bit.radixGtse,
    interruptModes !== 'xics' && vector5Bit.xive,
    mmuModes !== 'hash' && vector5Bit.radix,
  ].filter((bit) => bit !== false);
  for (const [byte, mask] of bits) offered[byte] = (offered[byte] ?? 0) | mask;
  return offered;
}

/** What is wrong with the modes that vector 5 asks for; undefined when they are on offer. */
function modeRefusal(requested: Uint8Array, environment: PlatformEnvironment): CasDecision | undefined {
  const { interruptModes, mmuModes } = environment;
  const isXive = hasBit(requested, vector5Bit.xive);
  const isRadix = hasBit(requested, vector5Bit.radix);
  if (hasBit(requested, vector5Bit.xiveBoth)) {
    return refused('E_CAS_IC_BOTH', 'the guest asked for both interrupt controllers at once');
  }
  if (hasBit(requested, vector5Bit.mmuBoth)) {
    return refused('E_CAS_MMU', 'the guest asked for both MMU modes at once');
  }
  if (isXive && interruptModes === 'xics') {
    return refused('E_CAS_IC', 'the guest asked for XIVE, which ic-mode=xics does not offer; use ic-mode=dual');
  }
  if (!isXive && interruptModes === 'xive') {
    return refused('E_CAS_IC', 'the guest did not ask for XIVE, which ic-mode=xive needs; use ic-mode=dual');
  }
  if (isRadix && mmuModes === 'hash') {
    return refused('E_CAS_MMU', 'the guest asked for the radix MMU, which is not offered');
  }
  if (!isRadix && mmuModes === 'radix') {
    return refused('E_CAS_MMU', 'the guest asked for the hash MMU, and only radix is offered');
  }
  if (!isRadix && environment.hptResize === 'required' && !hasBit(requested, vector5Bit.hptResize)) {
    return refused('E_CAS_HPT', 'the guest cannot resize its hash page table, which resize-hpt=required demands');
  }
  return undefined;
}

/** Decides a request; changes nothing. */
export function decideCas(request: CasRequest, environment: PlatformEnvironment): CasDecision {
  const level = chooseLevel(request, environment);
  if (level === undefined) {
    return failed(status.H_HARDWARE, 'the guest knows neither this CPU nor a level that it supports (E_CAS_PVR)');
  }
  const vector1 = request.vectors.get(1);
  const requested = request.vectors.get(5);
  if (vector1 === undefined || requested === undefined) {
    return failed(status.H_PARAMETER, 'option vector 1 or 5 is missing');
  }
  const refusal = modeRefusal(requested, environment);
  if (refusal !== undefined) return refusal;
  const vector5 = offeredVector5(environment).map((byte, n) => byte & (requested[n] ?? 0));
  return {
    kind: 'agreed',
    negotiated: {
      level,
      interruptMode: hasBit(vector5, vector5Bit.xive) ? 'xive' : 'xics',
      vector5,
      knowsIsa300: hasBit(vector1, knowsIsa300),
    },
  };
}

/** What a negotiation gives its caller: a status, and an effect when the machine must stop. */
export interface CasResult {
  readonly status: bigint;
  readonly effect?: CallEffect;
}

/** Sets the level and takes over the rest. A host that cannot set it leaves the raw CPU, where the guest knows that. */
function takeOver(state: PlatformState, request: CasRequest, negotiated: Negotiated): CasResult {
  const { services, environment } = state;
  const { raw } = environment;
  const outcome = state.setLevel(negotiated.level);
  const { name } = negotiated.level;
  if (outcome === 'refused') {
    if (raw === undefined || !isRawPossible(request, environment)) {
      services.log('guest_errors', `ibm,client-architecture-support: the host cannot set level ${name} (E_CAS_PVR)`);
      return { status: status.H_HARDWARE };
    }
    services.warn('W_PR_APPROX', `the host cannot set level ${name}, so the guest goes on without one`);
    state.apply({ ...negotiated, level: raw });
  } else {
    if (outcome === 'ignored') {
      services.warn('W_PR_APPROX', `level ${name}: problem state keeps the instructions of the real CPU`);
    }
    state.apply(negotiated);
  }
  return { status: status.H_SUCCESS };
}

/** Reads, decides and takes over the request at a real address, on behalf of the vCPU `caller`. */
export function negotiate(state: PlatformState, address: number, caller: number): CasResult {
  const { services } = state;
  const others = services.vcpus.some(({ index }) => index !== caller && services.vcpuState(index) === 'running');
  if (others) return { status: status.H_MULTI_THREADS_ACTIVE };
  const request = readCasRequest(services.memory, address);
  if (request === undefined) {
    services.log('guest_errors', 'ibm,client-architecture-support: the list of PVRs has no end');
    return { status: status.H_PARAMETER };
  }
  const decision = decideCas(request, state.environment);
  if (decision.kind === 'agreed') return takeOver(state, request, decision.negotiated);
  if (decision.kind === 'failed') {
    services.log('guest_errors', `ibm,client-architecture-support: ${decision.reason}`);
    return { status: decision.status };
  }
  const { code, message } = decision;
  return { status: status.H_PARAMETER, effect: { kind: 'refuse', code, message } };
}

/** Bytes in front of the tree that firmware gets back: one word, the version of the form. */
const headerBytes = 4;
const headerVersion = 1;

/** The private calls by which firmware negotiates and hands back the tree that it made. */
export function casHandlers(state: PlatformState): HypercallHandlers {
  return {
    H_CAS: (call) => {
      const buffer = call.argument(1);
      const size = call.argument(2);
      if (size < BigInt(headerBytes)) {
        const message = `the buffer of ${size} bytes is smaller than its header`;
        return { status: status.H_PARAMETER, effect: { kind: 'refuse', code: 'E_CAS_BUFFER', message } };
      }
      const request = ramAddress(call.memory, call.argument(0), 1);
      const target = ramAddress(call.memory, buffer, size);
      if (request === undefined || target === undefined) return status.H_PARAMETER;
      const result = negotiate(state, request, call.vcpu.index);
      if (result.effect !== undefined) return { status: result.status, effect: result.effect };
      if (result.status !== status.H_SUCCESS) return result.status;
      const flat = writeFdt(state.tree, state.serverOf(0));
      if (BigInt(flat.length + headerBytes) > size) {
        const message = `the tree has ${flat.length} bytes, the buffer ${size}`;
        return { status: status.H_PARAMETER, effect: { kind: 'refuse', code: 'E_CAS_BUFFER', message } };
      }
      call.memory.write32(target, headerVersion);
      call.memory.writeBytes(target + headerBytes, flat);
      return status.H_SUCCESS;
    },
  };
}
