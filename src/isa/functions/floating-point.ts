// Data-plane functions of the floating-point instructions.
import type { FunctionSignature } from '../function-signature.ts';

/** Signatures by name. */
export const floatingPointFunctions = {} as const satisfies Record<string, FunctionSignature>;
