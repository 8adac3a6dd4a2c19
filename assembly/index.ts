// The data plane: what translated code and the interpreter call for work that is too large to put in line.
export * from './fixed';
export * from './interrupts/deliver';
export * from './interrupts/raise';
export * from './interrupts/system-call';
export * from './mmu/access';
export * from './mmu/context';
export * from './mmu/fetch';
export * from './mmu/hpt-calls';
export * from './mmu/invalidate';
export * from './mmu/slb';
export * from './mmu/tlb';
export * from './fp/index';
export * from './state';
export * from './vector/index';
export * from './supervisor/message';
export * from './supervisor/spr';
export * from './supervisor/time';
