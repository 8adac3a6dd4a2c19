// Functions of the data plane that meanings may call: name, parameters after the CPU state's address, result.
// The AssemblyScript export of the same name has the signature (cpu: usize, …params).
import type { FunctionSignature } from './function-signature.ts';
import { decimalFunctions } from './functions/decimal.ts';
import { fixedPointFunctions } from './functions/fixed-point.ts';
import { floatingPointFunctions } from './functions/floating-point.ts';
import { matrixFunctions } from './functions/matrix.ts';
import { supervisorFunctions } from './functions/supervisor.ts';
import { vectorFunctions } from './functions/vector.ts';

const tables = {
  ...decimalFunctions,
  ...fixedPointFunctions,
  ...floatingPointFunctions,
  ...vectorFunctions,
  ...matrixFunctions,
  ...supervisorFunctions,
};

/** Name of a data-plane function. */
export type FunctionName = keyof typeof tables;

/** All data-plane functions. */
export const functions: Readonly<Record<FunctionName, FunctionSignature>> = tables;
