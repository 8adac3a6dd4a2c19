export * from './copy';
export * from './enter';
export * from './invalidate';
export * from './leave';
