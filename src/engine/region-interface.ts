// How the function of a translated region is named and called, by the interpreter and by other regions.

/** Parameter types: address of the CPU state, effective address of the entry, number of the entry. The result: `regionResult`. */
export const regionParameters = ['i32', 'i64', 'i32'] as const;

/** Bits that hold a region's index in the table where records and the jump cache have it: the number of the entry is above them. */
export const regionIndexBits = 22;
