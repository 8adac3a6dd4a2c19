// The data plane: what translated code and the interpreter call for work that is too large to put in line.

export * from './fixed';
export * from './state';
export * from './vector/index';
