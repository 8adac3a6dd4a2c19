// The vector instructions of the data plane.

export { vectorCipher, vectorInverseCipher, vectorSubstituteBytes } from './aes';
export { vectorBitPermuteDoublewords, vectorBitPermuteQuadword, vectorGatherEveryNth, vectorPermuteControl } from './bit';
export {
  decimalAdd,
  decimalCopySign,
  decimalFromNational,
  decimalFromQuadword,
  decimalFromZoned,
  decimalSetSign,
  decimalShift,
  decimalShiftUnsigned,
  decimalToNational,
  decimalToQuadword,
  decimalToZoned,
  decimalTruncate,
  decimalTruncateUnsigned,
} from './decimal';
export { vectorFloatBinary, vectorFloatUnary, vectorMultiplyAdd, vectorNegativeMultiplySubtract } from './float';
export { vectorPolynomialSum, vectorSigmaDoublewords, vectorSigmaWords } from './hash';
export { vectorMultiplySumSigned, vectorMultiplySumUnsigned, vectorSumAcross } from './multiply';
export {
  vectorRotateDoublewordsMask,
  vectorRotateWordsMask,
  vectorShiftVariable,
} from './shift';
export { vectorDivideDoublewords, vectorDivideQuadwords, vectorDivideWords } from './divide';
