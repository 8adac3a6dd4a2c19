// The vector instructions of the data plane.
export { vectorBitPermuteDoublewords, vectorBitPermuteQuadword } from './bit';
export { vectorMultiplySumSigned, vectorMultiplySumUnsigned, vectorSumAcross } from './multiply';
export {
  vectorRotateDoublewordsMask,
  vectorRotateWordsMask,
  vectorShiftBytes,
  vectorShiftHalfwords,
  vectorShiftVariable,
} from './shift';
