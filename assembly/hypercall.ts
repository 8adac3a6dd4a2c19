// Statuses that hypercalls of the data plane return (PAPR, section 14.5.3).

export const H_SUCCESS: i32 = 0;
export const H_NOT_AVAILABLE: i32 = 3;
export const H_PARAMETER: i32 = -4;
export const H_BAD_MODE: i32 = -5;
export const H_PTEG_FULL: i32 = -6;
export const H_NOT_FOUND: i32 = -7;
export const H_NO_MEM: i32 = -9;
