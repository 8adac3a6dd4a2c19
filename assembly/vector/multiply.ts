// Multiply-sum and sum-across with saturation (Power ISA Book I, sections 6.9.1.4 and 6.9.1.5).
import { saturateSigned32, saturateUnsigned32 } from './element';

/** vmsumshs. */
export function vectorMultiplySumSigned(cpu: usize, t: usize, x: usize, y: usize, z: usize): void {
  for (let i: usize = 0; i < 16; i += 4) {
    const left = <i64>load<i16>(x + i, 2) * <i64>load<i16>(y + i, 2);
    const right = <i64>load<i16>(x + i) * <i64>load<i16>(y + i);
    store<i32>(t + i, saturateSigned32(cpu, left + right + <i64>load<i32>(z + i)));
  }
}

/** vmsumuhs. */
export function vectorMultiplySumUnsigned(cpu: usize, t: usize, x: usize, y: usize, z: usize): void {
  for (let i: usize = 0; i < 16; i += 4) {
    const left = <u64>load<u16>(x + i, 2) * <u64>load<u16>(y + i, 2);
    const right = <u64>load<u16>(x + i) * <u64>load<u16>(y + i);
    store<u32>(t + i, saturateUnsigned32(cpu, left + right + <u64>load<u32>(z + i)));
  }
}

/** vsumsws (groups of 4 words), vsum2sws (2): the sum stands in the last word of its group, the others become 0. */
export function vectorSumAcross(cpu: usize, t: usize, x: usize, y: usize, group: i32): void {
  const bytes = (<usize>group) << 2;
  for (let start: usize = 0; start < 16; start += bytes) {
    let sum = <i64>load<i32>(y + start);
    for (let i: usize = 0; i < bytes; i += 4) sum += <i64>load<i32>(x + start + i);
    const result = saturateSigned32(cpu, sum);
    for (let i: usize = 4; i < bytes; i += 4) store<i32>(t + start + i, 0);
    store<i32>(t + start, result);
  }
}
