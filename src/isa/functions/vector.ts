// Data-plane functions of the vector instructions.
import type { FunctionSignature } from '../function-signature.ts';

/** Signatures by name. */
export const vectorFunctions = {} as const satisfies Record<string, FunctionSignature>;
