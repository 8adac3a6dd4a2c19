// How sixteen bytes of memory become a vector register, by element size and byte order.

/**
 * Lanes for `i8x16.shuffle`: lane j of the register (j = 0 is the least significant byte) comes from memory byte
 * result[j]; the same list takes a register to memory. Undefined when nothing has to move.
 */
export function memoryLanes(element: 1 | 2 | 4 | 8 | 16, littleEndian: boolean): readonly number[] | undefined {
  if (littleEndian && element === 16) return undefined;
  const lanes: number[] = [];
  for (let lane = 0; lane < 16; lane++) {
    const powerByte = 15 - lane;
    const first = powerByte - (powerByte % element);
    lanes.push(littleEndian ? first + (element - 1 - (powerByte % element)) : powerByte);
  }
  return lanes;
}
