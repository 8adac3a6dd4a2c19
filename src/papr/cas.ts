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

/** The level that both know: the newest logical PVR on the client's list, else the raw CPU, else undefined. */
function chooseLevel({ pvrs }: CasRequest, environment: PlatformEnvironment): PlatformLevel | undefined {
  const { raw, levels, cpu } = environment;
  let isRawPossible = false;
  let best = -1;
  for (const { mask, pvr } of pvrs) {
    if ((cpu.pvr & mask) === (pvr & mask)) isRawPossible = true;
    else
      best = Math.max(
        best,
        levels.findIndex(({ version }) => version === pvr),
      );
  }
  return levels[best] ?? (isRawPossible ? raw : undefined);
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

/** Reads, decides and takes over the request at a real address, on behalf of the vCPU `caller`. */
export function negotiate(state: PlatformState, address: number, caller: number): CasResult {
  const { services } = state;
  const others = services.vcpus.some(({ index }) => index !== caller && services.vcpuState(index) === 'running');
  if (others) return { status: status.H_MULTI_THREADS_ACTIVE };
  const request = readCasRequest(services.memory, address);
  const decision: CasDecision =
    request === undefined
      ? failed(status.H_PARAMETER, 'the list of PVRs has no end')
      : decideCas(request, state.environment);
  if (decision.kind === 'agreed') {
    state.apply(decision.negotiated);
    return { status: status.H_SUCCESS };
  }
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
