// Supervisor functions of the data plane that translated code may call without leaving its region.
import type { FunctionName } from '../isa/functions.ts';

/**
 * They touch no register that a region keeps in locals. What they may change besides (MSR, TLB tables, facilities, waiting
 * interrupts, code) is looked at behind the call.
 */
export const regionCalls: ReadonlySet<FunctionName> = new Set<FunctionName>([
  'moveFromSpr',
  'moveToSpr',
  'moveToMsr',
  'tlbInvalidateEntry',
  'tlbSynchronize',
  // Done in line.
  'dataCacheBlockZero',
  'dataCacheBlockTouch',
  'instructionCacheBlockInvalidate',
]);

/**
 * Functions that end a region: it stores its registers, calls them, and goes on where NIP says then. They see and change
 * what holds the interrupted context, MSR and NIP.
 */
export const endCalls: ReadonlySet<FunctionName> = new Set<FunctionName>([
  'systemCall',
  'systemCallVectored',
  'returnFromInterrupt',
  'returnFromScv',
]);

/** Those of the first kind that may take translations away: no page is kept in locals in a region with one of them. */
export const translationCalls: ReadonlySet<FunctionName> = new Set<FunctionName>([
  'moveToSpr',
  'moveToMsr',
  'tlbInvalidateEntry',
]);

/** Those that write memory or drop code: the code of this region may be gone. */
export const codeCalls: ReadonlySet<FunctionName> = new Set<FunctionName>(['instructionCacheBlockInvalidate']);
