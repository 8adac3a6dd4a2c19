// Data-plane functions of the fixed-point instructions.
export { bitPermute, centrifugeBits, depositBits, extractBits } from './bits';
export { bcdToDeclets, decletsToBcd } from './decimal';
export { divideExtended, divideExtendedOverflows, divideExtendedUnsigned } from './divide';
export { deliverRandomNumber, seedRandom } from './random';
export { aspectEnforced, hashDigest } from './hash';
