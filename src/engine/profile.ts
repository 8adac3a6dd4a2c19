// What an engine has done, for a person who asks where the time goes.
import { state } from '../cpu/state.ts';
import type { Vcpu } from '../cpu/vcpu.ts';
import { regionResult } from './leave-reason.ts';
import type { TranslatorStatistics } from './translator/translator.ts';

/** Names of the ways in which translated code leaves to the interpreter. */
export const regionLeaveNames = {
  go: 'to code that is not translated, or not known to the jump cache',
  interpret: 'an access that missed the TLB, or a facility that is off',
  raised: 'an interrupt of the instruction itself',
  fallThrough: 'at the end of a region',
  resume: 'after a change of context',
} as const satisfies Record<keyof typeof regionResult, string>;

/** Counts of an engine since its machine started or was reset. */
export interface EngineProfile {
  /** Guest instructions that translated code executed; the rest was interpreted. */
  readonly translated: number;
  /** How often translated code left, by reason. */
  readonly leaves: Readonly<Record<keyof typeof regionResult, number>>;
  /** TLB entries filled: misses that the data plane served. */
  readonly tlbFills: { readonly read: number; readonly write: number; readonly execute: number };
  readonly translator: Readonly<TranslatorStatistics> | undefined;
  /** Where slices ended: address and count, most often first. Slices are of uneven length, so that this is a fair sample. */
  readonly samples: readonly (readonly [bigint, number])[];
}

/** Sums the counters that the vCPUs keep. */
export function engineProfile(
  vcpus: readonly Vcpu[],
  translator: Readonly<TranslatorStatistics> | undefined,
  samples: ReadonlyMap<bigint, number>,
): EngineProfile {
  const sum = (read: (vcpu: Vcpu) => number) => vcpus.reduce((total, vcpu) => total + read(vcpu), 0);
  const leavesBy = (result: number) => sum(({ view }) => view.getUint32(state.regionLeaves.offset + 4 * result, true));
  const fills = (kind: number) => sum(({ view }) => Number(view.getBigUint64(state.tlbFills.offset + 8 * kind, true)));
  return {
    translated: sum(({ view }) => Number(view.getBigUint64(state.translated.offset, true))),
    leaves: {
      go: leavesBy(regionResult.go),
      interpret: leavesBy(regionResult.interpret),
      raised: leavesBy(regionResult.raised),
      fallThrough: leavesBy(regionResult.fallThrough),
      resume: leavesBy(regionResult.resume),
    },
    tlbFills: { read: fills(0), write: fills(1), execute: fills(2) },
    translator,
    samples: [...samples].sort((a, b) => b[1] - a[1]),
  };
}
