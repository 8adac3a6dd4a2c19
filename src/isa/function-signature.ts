// Signature of a data-plane function as meanings see it.
import type { ValueType } from './value-type.ts';

/** Signature of a data-plane function. */
export interface FunctionSignature {
  readonly params: readonly ValueType[];
  readonly result?: ValueType;
  /**
   * The function may raise an interrupt: it then stores the vector into the state's `exception` word and the engine
   * abandons the instruction (SRR0 = this instruction) unless the function has set it to be taken after it.
   */
  readonly raises?: boolean;
  /** It may read or write VSRs through references. */
  readonly byReference?: boolean;
}
