// Data-plane functions of the decimal floating-point instructions (Power ISA Book I, chapter 5).
import type { FunctionSignature } from '../function-signature.ts';

/** Numbers of the operations, as `assembly/decimal/operations.ts` takes them. */
export const decimalOperations = [
  'add',
  'subtract',
  'multiply',
  'divide',
  'quantise',
  'quantiseImmediate',
  'reround',
  'integralInexact',
  'integral',
  'widen',
  'narrow',
  'fromFixed',
  'toFixed',
  'toPacked',
  'fromPacked',
  'extractExponent',
  'insertExponent',
  'shiftLeft',
  'shiftRight',
  'fromQuadword',
  'toQuadword',
] as const;

/** Numbers of the comparisons and tests. */
export const decimalTests = [
  'compareUnordered',
  'compareOrdered',
  'testClass',
  'testGroup',
  'testExponent',
  'testSignificance',
  'testSignificanceImmediate',
] as const;

/** Signatures by name. */
export const decimalFunctions = {
  /** Operation, 1 for register pairs, target, first and second operand by reference, immediate. */
  decimalOperation: { params: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], byReference: true },
  /** Test, 1 for register pairs, first and second operand by reference, immediate; gives the CR field. */
  decimalTest: { params: ['i32', 'i32', 'i32', 'i32', 'i32'], result: 'i32', byReference: true },
} as const satisfies Record<string, FunctionSignature>;
