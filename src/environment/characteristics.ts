// The two words of H_GET_CPU_CHARACTERISTICS: section 3.5 of the specification.
import type { CapabilityValues } from './capabilities.ts';
import { bit64, type Hex, hex } from './text.ts';

/** The result of H_GET_CPU_CHARACTERISTICS. */
export interface Characteristics {
  /** R4. */
  readonly character: Hex;
  /** R5. */
  readonly behaviour: Hex;
}

type Words = readonly [character: bigint, behaviour: bigint];

/** Honours branch hints; favours security over speed. */
const base: Words = [bit64(5), bit64(0)];

/** By value of cap-cfpc. */
const cfpc: readonly Words[] = [
  [0n, bit64(1)],
  [bit64(2) | bit64(3) | bit64(4), bit64(1)],
  [0n, bit64(7) | bit64(8)],
];
/** By value of cap-sbbc. */
const sbbc: readonly Words[] = [
  [0n, bit64(2)],
  [bit64(0), bit64(2)],
  [0n, 0n],
];
/** By value of cap-ibs, without the flush assist of the work-around. */
const ibs: readonly Words[] = [
  [0n, 0n],
  [0n, bit64(5)],
  [bit64(1), 0n],
  [bit64(7), 0n],
  [0n, 0n],
];
/** The count cache is flushed with hardware help; shown only with the work-around. */
const flushAssist = bit64(9);

/** @returns both words for the capability values. */
export function cpuCharacteristics(capabilities: CapabilityValues): Characteristics {
  const parts = [base, cfpc[capabilities.cfpc], sbbc[capabilities.sbbc], ibs[capabilities.ibs]];
  let character = 0n;
  let behaviour = 0n;
  for (const part of parts) {
    character |= part?.[0] ?? 0n;
    behaviour |= part?.[1] ?? 0n;
  }
  if (capabilities.ibs === 1 && capabilities['ccf-assist'] !== 0) character |= flushAssist;
  return { character: hex(character, 16), behaviour: hex(behaviour, 16) };
}
