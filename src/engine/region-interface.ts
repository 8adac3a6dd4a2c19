// How the function of a translated region is named and called, by the interpreter and by other regions.

/**
 * Parameter types: address of the CPU state, effective address of the entry, number of the entry; the effective address that the
 * region which has called this one waits for, `noReturn` where there is none, and how many wait. The result: `regionResult`, or
 * `returned` when control has come to where the caller waits.
 */
export const regionParameters = ['i32', 'i64', 'i32', 'i64', 'i32'] as const;

/** No address of an instruction. */
export const noReturn = 1;

/** Bits that hold a region's index in the table where records and the jump cache have it: the number of the entry is above them. */
export const regionIndexBits = 22;
